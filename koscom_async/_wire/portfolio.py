"""Reads one page of a portfolio, and decides what its numbers are: shares, quantities, or unknown."""

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import TypeVar

from attrs import evolve, frozen

from koscom_async._cooperative import Cooperative, CooperativeReader
from koscom_async._decimals import exactly, known_total
from koscom_async._wire.envelope import (
    Page,
    Question,
    open_container,
    open_envelope,
    refuse_other_classes,
    refuse_other_echo,
)
from koscom_async._wire.records.converter import Unread, unread_notes
from koscom_async._wire.records.fast import read_row, read_row_list
from koscom_async._wire.shapes import refuse_misspelt_blocks
from koscom_async._wire.values import Block, read_blocks, read_field, read_object, read_text
from koscom_async.errors import MalformedResponseError
from koscom_async.models.codes import AssetClass, Measure
from koscom_async.models.portfolio import (
    PortfolioCash,
    PortfolioEquity,
    PortfolioFund,
    PortfolioOther,
    PortfolioRow,
)

AnyRow = TypeVar("AnyRow", bound=PortfolioRow)
WHOLE = Decimal(100)
ROUNDINGS = (Decimal("0.005"), Decimal("0.5"))
"""How far a share may be off: the documents give two decimals, and their example none."""

_LISTS: dict[str, type[PortfolioRow]] = {
    "equityList": PortfolioEquity,
    "fundList": PortfolioFund,
    "etcList": PortfolioOther,
}
_BLOCKS = dict.fromkeys(("cash", *_LISTS)).keys()
_CLASSES = {name: kind.asset_class for name, kind in _LISTS.items()}
_EXPECTED: dict[AssetClass, Collection[str]] = {
    AssetClass.CASH: ("cash",),
    **{asset_class: (name,) for name, asset_class in _CLASSES.items()},
}


@frozen(kw_only=True, eq=False, repr=False)
class PortfolioPage(Page[PortfolioRow]):
    """One page. The rows carry the measure that the broker echoed, or else the one that was asked for."""

    cash: PortfolioCash | None


@frozen(kw_only=True, eq=False, repr=False)
class PortfolioReader(CooperativeReader[PortfolioPage]):
    """Reads the answer to one question about one account, and refuses the answer to any other."""

    question: Question
    asset_class: AssetClass
    measure: Measure

    def steps(self, document: object) -> Cooperative[PortfolioPage]:
        """Return the page in steps, or raise a `KoscomError`."""
        envelope = open_envelope(document, self.question, bodies=("portfolioResponseBody",))
        refuse_other_echo(envelope.echo, asked=self.asset_class)
        container = open_container(envelope.document, "portfolioList", "portfolio")
        if not envelope.body and not container:
            raise MalformedResponseError("neither portfolioResponseBody nor portfolioList is there")
        sent = container.get("portfolio")
        blocks = read_blocks(sent, "portfolioList.portfolio", objects=("cash",), lists=_LISTS)
        if not isinstance(sent, dict) or not sent.keys() <= _BLOCKS:  # which is rare
            expected = _EXPECTED.get(self.asset_class, _BLOCKS)
            refuse_misspelt_blocks(sent, expected, "portfolioList.portfolio", _BLOCKS)
        refuse_other_classes(blocks, _CLASSES, asked=self.asset_class)
        measure, notes = self._measure(envelope.echo)
        rows: list[PortfolioRow] = []
        unread: Unread = {}
        for name, kind in _LISTS.items():
            if name in blocks:
                rows += yield from read_row_list(kind, blocks[name], name, unread, measure=measure)
        return PortfolioPage(
            cash=_cash(blocks, measure),
            rows=tuple(rows),
            total=envelope.total,
            next_page=envelope.next_page,
            notes=(*envelope.notes, *notes, *(unread_notes(unread) if unread else ())),
        )

    def _measure(self, echo: Block) -> tuple[Measure, list[str]]:
        """Return what the broker says that its numbers are, which need not be what was asked for."""
        echoed = read_field(echo, "rspType", read_text, "queryType")
        if echoed is None or echoed == self.measure:
            return self.measure, []
        return Measure(echoed), [
            f"asked for {self.measure}, the broker says that it answers {Measure(echoed)}"
        ]


def _cash(blocks: Block, measure: Measure) -> PortfolioCash | None:
    block = read_object(blocks.get("cash"), "cash")
    if not block:
        return None
    cash = read_row(PortfolioCash, block, "cash")
    return evolve(cash, measure=_cash_measure(cash.number, measure))


def _cash_measure(number: Decimal | None, measure: Measure) -> Measure | None:
    """Tell an amount from a share: brokers send either where shares are asked for, and so does the example."""
    if number is None:
        return None
    if measure is Measure.QUANTITY or number < 0 or number > WHOLE:
        return Measure.QUANTITY
    # There are no fractions of a won; a whole number up to 100 may be either.
    return Measure.SHARE if number != int(number) else None


def _tolerance(shares: Sequence[Decimal]) -> Decimal:
    return ROUNDINGS[all(share == int(share) for share in shares)] * len(shares)


def measured(rows: Sequence[AnyRow]) -> tuple[tuple[AnyRow, ...], str | None]:
    """Return one asset class's rows without a measure where they cannot be shares, and a note that says so."""
    shares = [row.number for row in rows if row.measure is Measure.SHARE and row.number is not None]
    with exactly():
        whole = known_total(shares)
        if whole is None or (
            whole <= WHOLE + _tolerance(shares) and min(shares) >= 0 and max(shares) <= WHOLE
        ):
            return tuple(rows), None
    kind = rows[0].asset_class
    note = f"{kind}: the numbers exceed 100 %, so they are not the shares that the broker says they are"
    return tuple(evolve(row, measure=None) for row in rows), note
