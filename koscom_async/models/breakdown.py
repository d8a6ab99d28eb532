"""Holdings broken down by what a user asks for: asset class, product, broker, account or currency; sums only.

Each currency stands by itself in every breakdown, so that the groups of one currency add up to its totals.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal

from attrs import define, field, frozen

from koscom_async._decimals import ZERO, difference, exactly, percent, total
from koscom_async._record import Record
from koscom_async.errors import UsageError
from koscom_async.models.holdings import Cash, CashLot, Totals
from koscom_async.models.positions import Lot, Position

__all__ = ["Group", "GroupBy", "broken_down"]

GroupBy = Literal["class", "product", "broker", "account", "currency"]

WEIGHT_STEP = Decimal("0.000001")
UNKNOWN = "unknown"


@frozen(kw_only=True, eq=False, repr=False)
class Group(Record):
    """One group of a breakdown, in one currency; sums are `None` where an addend is not known.

    `key` is a code (asset class, product, broker's short name, masked account, currency), `label` the words for it.
    `cash`, settled today, and `unsettled`, what trades that are not settled yet add to it, are there where cash belongs
    to the group: by broker, account and currency. `profit_loss` and `return_pct`
    count the positions whose profit is known; the value of the others is `value_without_cost`. Futures and options
    are in `derivatives_value` alone. `weight` is the share, from 0 to 1, of all securities and cash in the currency;
    `None` for every group of a currency in which a group, or the cash beside them, is negative.
    """

    key: str
    label: str
    currency: str
    positions: int = 0
    cash: Decimal | None = None
    unsettled: Decimal | None = None
    cost: Decimal | None = None
    value: Decimal | None = None
    profit_loss: Decimal | None = None
    return_pct: Decimal | None = None
    value_without_cost: Decimal | None = None
    derivatives_value: Decimal | None = None
    weight: Decimal | None = None


@define(eq=False)
class _GroupDraft:
    """The lots and the cash of one group."""

    key: str
    label: str
    currency: str
    parts: list[tuple[Position, Lot]] = field(factory=list)
    cash: list[CashLot] = field(factory=list)


Named = tuple[Hashable, str, str]
_OfLot = Callable[[Position, Lot], Named]
_OfCash = Callable[[Cash, CashLot], Named]


def _by_class(position: Position, _: Lot) -> Named:
    asset_class = position.instrument.asset_class
    return asset_class, asset_class.value, asset_class.name.capitalize()


def _by_product(position: Position, _: Lot) -> Named:
    product = position.instrument.product
    return product, product.value if product else UNKNOWN, product.name if product else UNKNOWN


def _by_broker(_: object, lot: Lot | CashLot) -> Named:
    broker = lot.account.broker
    return broker.code, broker.short_name, broker.name_ko


def _by_account(_: object, lot: Lot | CashLot) -> Named:
    return lot.account.key, str(lot.account), f"{lot.account.broker.name_ko} {lot.account.masked_number}"


def _by_currency(position: Position, _: Lot) -> Named:
    currency = position.instrument.currency
    return currency, currency, currency


def _cash_by_currency(cash: Cash, _: CashLot) -> Named:
    return cash.currency, cash.currency, cash.currency


# What groups lots and, where a group has cash, what groups cash.
_KEYS: dict[str, tuple[_OfLot, _OfCash | None]] = {
    "class": (_by_class, None),
    "product": (_by_product, None),
    "broker": (_by_broker, _by_broker),
    "account": (_by_account, _by_account),
    "currency": (_by_currency, _cash_by_currency),
}


def broken_down(
    positions: Iterable[Position], cash: Sequence[Cash], totals: Iterable[Totals], *, by: str
) -> tuple[Group, ...]:
    """Return the groups: won first, the largest value first."""
    if by not in _KEYS:
        raise UsageError(f"holdings have no groups by {by!r}", advice=f"one of {', '.join(_KEYS)}")
    with exactly():
        drafts = list(_drafts(positions, cash, by))
        executed = {each.currency: each.counted for each in cash}
        beside = {} if _KEYS[by][1] is not None else executed
        wholes = {
            each.currency: _whole(
                total((each.value, executed.get(each.currency, ZERO))),
                [
                    *(_share(draft) for draft in drafts if draft.currency == each.currency),
                    beside.get(each.currency),
                ],
            )
            for each in totals
        }
        groups = [_group(draft, wholes.get(draft.currency)) for draft in drafts]
    return tuple(sorted(groups, key=_rank))


def _whole(whole: Decimal | None, parts: Iterable[Decimal | None]) -> Decimal | None:
    """Return what weights are a part of, or `None` where a part of it is negative."""
    return None if any(part is not None and part < 0 for part in parts) else whole


def _share(draft: _GroupDraft) -> Decimal | None:
    """Return the group's securities and cash together."""
    return total(
        [
            *(lot.value for position, lot in draft.parts if not position.is_derivative),
            *(lot.counted for lot in draft.cash),
        ]
    )


def _drafts(positions: Iterable[Position], cash: Iterable[Cash], by: str) -> Iterable[_GroupDraft]:
    of_lot, of_cash = _KEYS[by]
    drafts: dict[Hashable, _GroupDraft] = {}

    def draft(named: Named, currency: str) -> _GroupDraft:
        identity, key, label = named
        return drafts.setdefault((identity, currency), _GroupDraft(key, label, currency))

    for position in positions:
        for lot in position.lots:
            draft(of_lot(position, lot), position.instrument.currency).parts.append((position, lot))
    if of_cash is not None:
        for each in cash:
            for cash_lot in each.lots:
                draft(of_cash(each, cash_lot), each.currency).cash.append(cash_lot)
    return drafts.values()


def _group(draft: _GroupDraft, whole: Decimal | None) -> Group:
    counted = [
        (position, lot) for position, lot in draft.parts if not position.is_derivative and not lot.is_empty
    ]
    with_profit = [lot for position, lot in counted if position.profit_loss is not None]
    is_short = any(lot.cost is not None and lot.cost < 0 for _, lot in counted)
    profit_loss = total(_profit(lot) for lot in with_profit) if with_profit or not counted else None
    share = _share(draft)
    cash = total(lot.balance for lot in draft.cash) if draft.cash else None
    return Group(
        key=draft.key,
        label=draft.label,
        currency=draft.currency,
        positions=len({id(position) for position, _ in draft.parts}),
        cash=cash,
        unsettled=difference(total(lot.counted for lot in draft.cash), cash),
        cost=total(lot.cost for _, lot in counted),
        value=total(lot.value for _, lot in counted),
        profit_loss=profit_loss,
        return_pct=None if is_short else percent(profit_loss, total(lot.cost for lot in with_profit)),
        value_without_cost=total(lot.value for position, lot in counted if position.profit_loss is None),
        derivatives_value=total(lot.value for position, lot in draft.parts if position.is_derivative),
        weight=(share / whole).quantize(WEIGHT_STEP, ROUND_HALF_EVEN)
        if share is not None and whole
        else None,
    )


def _profit(lot: Lot) -> Decimal | None:
    return None if lot.value is None or lot.cost is None else lot.value - lot.cost


def _rank(group: Group) -> tuple[object, ...]:
    value = group.value or ZERO
    return (group.currency != "KRW", group.currency, -(value + (group.cash or ZERO)), group.key, group.label)
