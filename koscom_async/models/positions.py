"""What is held: instruments, positions across all brokers, and their lots. Records only; `_merge` makes them.

What costs more than all the rest, and is not always read, is made when it is first read: whether a code is an ISIN,
and the lots of a merged position. Nothing else tells such a record from one that was given all of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar, Literal, Protocol, overload

from attrs import frozen

from koscom_async._decimals import ZERO
from koscom_async._identifiers import is_isin
from koscom_async._lazy import pages
from koscom_async._masking import clean
from koscom_async._record import Record, amount
from koscom_async.models._fields import constructor, raw_field
from koscom_async.models.account import BalanceRow
from koscom_async.models.codes import AssetClass, Product, TradeType
from koscom_async.models.currencies import units_of
from koscom_async.models.member import VirtualAccount

__all__ = ["Instrument", "Lot", "Lots", "MatchedBy", "Position", "isin_of", "lot_rank", "lots_of"]

MatchedBy = Literal["code", "name", "nothing"]


@frozen(kw_only=True, eq=False, repr=False)
class Instrument(Record):
    """What is held. `code` is the ISIN, or the fund code; `None` where no broker sent one.

    `other_codes` are further codes that rows gave for the same instrument. `name` is the one that most rows give;
    `other_names` are those of another wording, as after a company was renamed: no broker says which is newer.
    """

    _plain_properties: ClassVar = ("isin",)

    asset_class: AssetClass
    product: Product | None = None
    code: str | None = None
    other_codes: tuple[str, ...] = ()
    name: str | None = None
    other_names: tuple[str, ...] = ()
    currency: str = "KRW"

    @cached_property
    def isin(self) -> str | None:
        """The code, if it is an ISIN whose check digit holds."""
        return isin_of(self.asset_class, self.code)

    @property
    def label(self) -> str:
        """The best word for it that there is: name, code, or product."""
        return self.name or self.code or str(self.product or self.asset_class)


def isin_of(asset_class: AssetClass, code: str | None) -> str | None:
    """Return a code if it is an ISIN: a fund's never is, even if it looks like one."""
    return code if code is not None and asset_class is not AssetClass.FUND and is_isin(code) else None


@frozen(kw_only=True, eq=False, repr=False)
class Lot(Record):
    """One row of one account, with the row's own numbers, as the broker sent them.

    `profit_loss` and `return_rate` are the broker's; `rate` is its exchange rate, in won for `rate_units` units of a
    foreign currency (1 or 100; `None` where nothing proves it), `loan` what is owed for this row. `None` is what it did
    not send.
    """

    account: VirtualAccount
    trade_type: TradeType | None = None
    quantity: Decimal | None = None
    cost: Decimal | None = None
    value: Decimal | None = None
    profit_loss: Decimal | None = None
    return_rate: Decimal | None = None
    rate: Decimal | None = None
    loan: Decimal | None = None
    rate_units: int | None = None
    raw: Mapping[str, object] = raw_field()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in it: quantity, cost and value are all zero. An unknown amount is not zero."""
        return self.quantity == 0 and self.cost == 0 and self.value == 0


_make_lot = constructor(Lot)


def lots_of(rows: Sequence[BalanceRow], accounts: Sequence[VirtualAccount]) -> tuple[Lot, ...]:
    """Return rows as lots, account by account; those of one account in an order that is always the same.

    Nearly always there is one row of each account, and the accounts come in the order of their keys.
    """
    keys = [account.key for account in accounts]
    if any(former >= latter for former, latter in pairwise(keys)):
        pairs = sorted(zip(accounts, rows, strict=True), key=lambda pair: lot_rank(*pair))
        accounts, rows = zip(*pairs, strict=True)
    return tuple(map(_lot, accounts, rows))


def _lot(account: VirtualAccount, row: BalanceRow) -> Lot:
    return _make_lot(
        account,
        row.trade_type,
        row.quantity,
        row.cost,
        row.value,
        row.profit_loss,
        row.return_rate,
        row.rate,
        row.loan,
        units_of(row.currency, row.rate, row.rate_units) if row.rate else None,
        row.raw,
    )


def lot_rank(account: VirtualAccount, row: BalanceRow | Lot) -> tuple[object, ...]:
    """Return what puts a row's lot in order among others."""
    # `copy_negate`, as a minus would round in a context that rounds.
    numbers = (row.value, row.quantity, row.cost, row.profit_loss, row.return_rate, row.rate, row.loan)
    return (
        account.key,
        row.trade_type or "",
        *[(number is None, (number or ZERO).copy_negate()) for number in numbers],
        row.rate_units or 0,
    )


class LotMaker(Protocol):
    """What makes lots."""

    def lots(self) -> tuple[Lot, ...]:
        """Return the lots."""


class Lots(Sequence[Lot]):
    """Lots that are made when they are first read: equal to the tuple of them, and pickled as that."""

    __slots__ = ("_lots", "_maker")

    def __init__(self, maker: LotMaker) -> None:
        self._maker = maker
        self._lots: tuple[Lot, ...] | None = None

    def _made(self) -> tuple[Lot, ...]:
        if self._lots is None:
            self._lots = self._maker.lots()
        return self._lots

    @overload
    def __getitem__(self, place: int) -> Lot: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Lot, ...]: ...
    def __getitem__(self, place: int | slice) -> Lot | tuple[Lot, ...]:
        return self._made()[place]

    def __len__(self) -> int:
        return len(self._made())

    def __iter__(self) -> Iterator[Lot]:
        return iter(self._made())

    def __eq__(self, other: object) -> bool:
        return self._made() == tuple(other) if isinstance(other, tuple | Lots) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._made())

    def __repr__(self) -> str:
        return repr(self._made())

    def __reduce__(self) -> tuple[Any, ...]:
        return (tuple, (self._made(),))


@frozen(kw_only=True, eq=False, repr=False)
class Position(Record):
    """One instrument, across all brokers; amounts in the instrument's currency.

    Quantity, cost and value are the sums over the lots, `None` where one lot's is not known. `profit_loss` is
    value less cost, `None` where a lot has no cost (a cost of 0 is none, unless quantity and value are 0 too: such a
    lot has nothing in it, and hides nothing). `return_pct` is that in percent of the cost, cut after two decimals as
    the platform does; `None` where a lot's cost is negative, as of a short position. `weight` is the share, from 0 to
    1, of securities and cash in KRW; `None` for foreign currencies and derivatives, and for every position where the
    cash or the value of one is negative, since such a whole has no shares. `value_in_won` is the value at the brokers'
    own exchange rates, `None` where one is missing, or nothing proves whether it is for one unit or for 100.
    `credit_value` is the value of the lots on margin or loan (신용, 대출), `loan` what is owed for the lots, whatever
    its sign, where a broker reports it. `matched_by` is what makes the lots one instrument: the same `"code"`, the same
    product and full `"name"`, or `"nothing"` (the row is alone).
    """

    instrument: Instrument
    quantity: Decimal | None = None
    cost: Decimal | None = None
    value: Decimal | None = None
    profit_loss: Decimal | None = None
    return_pct: Decimal | None = None
    weight: Decimal | None = None
    value_in_won: Decimal | None = None
    credit_value: Decimal | None = None
    loan: Decimal | None = None
    matched_by: MatchedBy = "code"
    lots: Sequence[Lot] = ()

    @property
    def is_derivative(self) -> bool:
        """Whether it is a future or an option, whose value is not money put in."""
        product = self.instrument.product
        return product is not None and product.is_derivative

    def counts_in(self, currency: str) -> bool:
        """Whether its value is part of the totals in that currency."""
        return self.instrument.currency == currency and not self.is_derivative

    def __repr__(self) -> str:
        held, unit = self.instrument, self.instrument.currency
        named = " ".join(dict.fromkeys(filter(None, (clean(held.label), held.code))))
        quantity = "unknown" if self.quantity is None else f"{self.quantity:,f}"
        return f"<Position: {named}, quantity {quantity}, value {amount(self.value, unit)}>"

    def _repr_html_(self) -> str:
        return pages.position_view(self)
