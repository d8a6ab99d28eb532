"""Lots: the rows of accounts, each with the account that it is in; and how rows become lots. Records only."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from attrs import field, frozen

from koscom_async._constructors import constructor
from koscom_async._exact import ZERO
from koscom_async.models.account import BalanceRow
from koscom_async.models.codes import TradeType
from koscom_async.models.member import VirtualAccount

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
