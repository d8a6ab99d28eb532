"""What is held: instruments, and positions across all brokers. Records only.

Two fields cost more than all others together, and are not always read: a merge leaves an instrument's `isin` and a
position's `lots` empty, and they are made when they are first read. Nothing else tells them from fields that were
given: records are equal, hashed, copied, pickled and written by what they come to.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, Protocol

from attrs import field, frozen

from koscom_async._decimals import ZERO
from koscom_async.models._exports import pages
from koscom_async.models._fast import constructor
from koscom_async.models.account import BalanceRow
from koscom_async.models.codes import AssetClass, Product, TradeType
from koscom_async.models.member import VirtualAccount

# Whether a code is an ISIN; the library that knows is only asked when somebody wants to know.


@lru_cache(maxsize=65536)
def is_isin(code: str) -> bool:
    """Whether a code is an ISIN, its check digit included."""
    # Imported at the first need: it is a quarter of what importing this package takes.
    from stdnum import isin  # noqa: PLC0415

    return bool(isin.is_valid(code))


# Lots: the rows of accounts, each with the account that it is in; and how rows become lots. Records only.

__all__ = ["Lot", "lot_rank", "lots_of"]


@frozen(kw_only=True)
class Lot:
    """One row of one account, with the row's own numbers, as the broker sent them.

    `profit_loss` and `return_rate` are the broker's; `rate` is won for one unit of a foreign currency, `loan` what
    is owed for this row. `None` is what it did not send.
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
    raw: Mapping[str, object] = field(factory=dict, repr=False, eq=False, metadata={"omitted": True})


_of_the_row = ("trade_type", "quantity", "cost", "value", "profit_loss", "return_rate", "rate", "loan", "raw")
_made = constructor(Lot, ("account", *_of_the_row))


def lots_of(rows: Sequence[BalanceRow], accounts: Sequence[VirtualAccount]) -> tuple[Lot, ...]:
    """Return rows as lots, account by account; those of one account in an order that is always the same.

    The accounts come in the order of their keys.
    """
    if len(rows) > 1 and len({account.key for account in accounts}) < len(rows):
        pairs = sorted(zip(accounts, rows, strict=True), key=lambda pair: lot_rank(*pair))
        accounts, rows = zip(*pairs, strict=True)
    return tuple(map(_lot, accounts, rows))


def _lot(account: VirtualAccount, row: BalanceRow) -> Lot:
    return _made(
        account,
        row.trade_type,
        row.quantity,
        row.cost,
        row.value,
        row.profit_loss,
        row.return_rate,
        row.rate,
        row.loan,
        row.raw,
    )


def lot_rank(account: VirtualAccount, row: BalanceRow | Lot) -> tuple[object, ...]:
    """Return what puts a row's lot in order among others."""
    # `copy_negate`, as a minus would round in a context that rounds.
    numbers = (row.value, row.quantity, row.cost, row.profit_loss, row.return_rate)
    return (
        account.key,
        row.trade_type or "",
        *[(number is None, (number or ZERO).copy_negate()) for number in numbers],
    )


__all__ = ["Instrument", "MatchedBy", "Position"]


@frozen(kw_only=True)
class Instrument:
    """What is held. `code` is the ISIN, or the fund code; `None` where no broker said.

    `isin` is a code whose check digit holds; `other_codes` are further codes that rows gave for the same instrument.
    """

    asset_class: AssetClass
    product: Product | None = None
    code: str | None = None
    isin: str | None = None
    other_codes: tuple[str, ...] = ()
    name: str | None = None
    currency: str = "KRW"

    @property
    def label(self) -> str:
        """The best word for it that there is: name, code, or product."""
        return self.name or self.code or str(self.product or self.asset_class)

    if not TYPE_CHECKING:  # a checker would take any name for an attribute

        def __getattr__(self, name: str) -> Any:
            # Python asks here for what it does not find, such as an empty slot.
            if name != "isin":
                raise _no_attribute(self, name)
            isin = isin_of(self.asset_class, self.code)
            _set_isin(self, isin)
            return isin


def isin_of(asset_class: AssetClass, code: str | None) -> str | None:
    """Return a code if it is an ISIN: a fund's never is, even if it looks like one."""
    return code if code is not None and asset_class is not AssetClass.FUND and is_isin(code) else None


# Filled as the record's own constructor does; in two threads at once, twice with the same.
_set_isin: Callable[[Instrument, str | None], None] = vars(Instrument)["isin"].__set__


def _no_attribute(record: object, name: str) -> AttributeError:
    return AttributeError(f"{type(record).__name__!r} object has no attribute {name!r}")


MatchedBy = Literal["code", "name", "nothing"]


class LotSource(Protocol):
    """What a position's lots can be made of."""

    def lots(self) -> tuple[Lot, ...]:
        """Return the lots, in order."""


class _HasSource:
    """A place for what the lots are made of, beside the fields."""

    __slots__ = ("_source",)

    _source: LotSource


@frozen(kw_only=True)
class Position(_HasSource):
    """One instrument, across all brokers; amounts in the instrument's currency.

    Quantity, cost and value are the sums over the lots, `None` where one lot's is not known. `profit_loss` is
    value less cost, `None` where a lot has no cost (a cost of 0 is none). `return_pct` is that in percent of the
    cost, cut after two decimals as the platform does. `weight` is the share, from 0 to 1, of securities and cash
    in KRW; `None` for foreign currencies and derivatives. `value_in_won` is the value at the brokers' own exchange
    rates, `None` where one is missing. `credit_value` is the value of the lots on margin or loan (신용, 대출), `loan`
    what is owed for the lots, where a broker tells. `matched_by` says how sure it is that the lots are one
    instrument: the same `"code"`, the same product and full `"name"`, or `"nothing"` (such a row stays alone).
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
    lots: tuple[Lot, ...] = ()

    @property
    def is_derivative(self) -> bool:
        """Whether it is a future or an option, whose value is not money put in."""
        product = self.instrument.product
        return product is not None and product.is_derivative

    def counts_in(self, currency: str) -> bool:
        """Whether its value is part of the totals in that currency."""
        return self.instrument.currency == currency and not self.is_derivative

    def _repr_html_(self) -> str:
        return pages.position_view(self)

    if not TYPE_CHECKING:  # as above

        def __getattr__(self, name: str) -> Any:
            if name != "lots":
                raise _no_attribute(self, name)
            lots = self._source.lots()
            _set_lots(self, lots)
            return lots


_set_lots: Callable[[Position, tuple[Lot, ...]], None] = vars(Position)["lots"].__set__
