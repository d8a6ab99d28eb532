"""What changed between two answers: positions, cash, and which accounts can be compared at all.

Only accounts that were read both times are compared. One that could not be read now is `unreadable`, one that is no
longer linked `vanished`, a new one `appeared`: their holdings are named apart and never read as sold or bought.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Literal

from attrs import field, frozen

from koscom_async._decimals import ZERO, difference, exactly, total
from koscom_async._lazy import lists
from koscom_async._record import Record, counted
from koscom_async.errors import UsageError
from koscom_async.models.holdings import CashLot, Holdings
from koscom_async.models.member import VirtualAccount
from koscom_async.models.positions import Instrument, Lot

__all__ = ["AccountChange", "CashChange", "HoldingsDiff", "PositionChange", "compared"]

PositionChangeKind = Literal["new", "closed", "more", "less", "repriced", "changed"]
AccountChangeKind = Literal["appeared", "vanished", "unreadable", "readable"]
Key = tuple[str, str]


@frozen(kw_only=True, eq=False, repr=False)
class PositionChange(Record):
    """One instrument's change, over the accounts that were read both times; amounts in its currency.

    `new` and `closed` are there only once; `more` and `less` tell by quantity; `repriced` has the same quantity and
    another value; `changed` is any other change (of cost, or where no quantity is known). Differences are later
    less earlier, and `None` where one of the two is not known.
    """

    kind: PositionChangeKind
    instrument: Instrument
    quantity_before: Decimal | None = None
    quantity_after: Decimal | None = None
    quantity_change: Decimal | None = None
    cost_before: Decimal | None = None
    cost_after: Decimal | None = None
    value_before: Decimal | None = None
    value_after: Decimal | None = None
    value_change: Decimal | None = None


@frozen(kw_only=True, eq=False, repr=False)
class CashChange(Record):
    """One account's cash in one currency, before and after, with what is executed and not settled yet.

    So a purchase lowers the cash on the day of the trade, as the position grows, and not once more when it is settled.
    """

    account: VirtualAccount
    currency: str
    before: Decimal | None = None
    after: Decimal | None = None
    change: Decimal | None = None


@frozen(kw_only=True, eq=False, repr=False)
class AccountChange(Record):
    """One account that was not read both times.

    `appeared`: newly linked. `vanished`: no longer linked. `unreadable`: read before, and not now. `readable`: read
    now, and not before. `value` is what its securities in KRW were worth when it was read.
    """

    kind: AccountChangeKind
    account: VirtualAccount
    value: Decimal | None = None


@frozen(kw_only=True, eq=False, repr=False)
class HoldingsDiff(Record):
    """Everything that changed; empty tuples where nothing did. `compared_accounts` were read both times."""

    positions: tuple[PositionChange, ...] = ()
    cash: tuple[CashChange, ...] = ()
    accounts: tuple[AccountChange, ...] = ()
    compared_accounts: tuple[VirtualAccount, ...] = field(default=())

    def __repr__(self) -> str:
        changed = f"{counted(len(self.positions), 'position')}, {counted(len(self.cash), 'cash account')}"
        compared = f"{counted(len(self.compared_accounts), 'account')} compared, {len(self.accounts)} not"
        return f"<{type(self).__name__}: {changed}, {compared}>"

    def _repr_html_(self) -> str:
        return lists.changes_view(self)

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed and every account could be compared."""
        return not (self.positions or self.cash or self.accounts)


def compared(earlier: Holdings, later: Holdings) -> HoldingsDiff:
    """Return what changed from one answer to the next."""
    if not isinstance(earlier, Holdings):
        raise UsageError(
            f"earlier must be Holdings, got {type(earlier).__name__}", advice="pass an earlier answer"
        )
    before, after = _read(earlier), _read(later)
    both = before.keys() & after.keys()
    with exactly():
        return HoldingsDiff(
            positions=tuple(sorted(_position_changes(earlier, later, both), key=_rank)),
            cash=tuple(_cash_changes(earlier, later, both)),
            accounts=tuple(_account_changes(earlier, later)),
            compared_accounts=tuple(after[key] for key in sorted(both)),
        )


def _read(holdings: Holdings) -> dict[Key, VirtualAccount]:
    return {outcome.account.key: outcome.account for outcome in holdings.outcomes if outcome.ok}


def _linked(holdings: Holdings) -> dict[Key, VirtualAccount]:
    return {outcome.account.key: outcome.account for outcome in holdings.outcomes}


@frozen(eq=False, repr=False)
class _HeldInstrument(Record):
    """What the compared accounts hold of one instrument."""

    instrument: Instrument
    lots: tuple[Lot, ...]

    @property
    def numbers(self) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
        return (
            total(lot.quantity for lot in self.lots),
            total(lot.cost for lot in self.lots),
            total(lot.value for lot in self.lots),
        )


def _held(holdings: Holdings, accounts: Iterable[Key]) -> dict[tuple[object, ...], list[_HeldInstrument]]:
    wanted = set(accounts)
    held: dict[tuple[object, ...], list[_HeldInstrument]] = {}
    for position in holdings.positions:
        lots = tuple(lot for lot in position.lots if lot.account.key in wanted)
        if lots:
            held.setdefault(_identity(position.instrument), []).append(
                _HeldInstrument(position.instrument, lots)
            )
    return held


def _identity(instrument: Instrument) -> tuple[object, ...]:
    if instrument.code is not None:
        return (instrument.asset_class, instrument.currency, instrument.code)
    return (instrument.asset_class, instrument.currency, instrument.product, instrument.name)


def _position_changes(
    earlier: Holdings, later: Holdings, accounts: Iterable[Key]
) -> Iterator[PositionChange]:
    before, after = _held(earlier, accounts), _held(later, accounts)
    for identity in dict.fromkeys((*after, *before)):
        change = _change(_joined(before.get(identity)), _joined(after.get(identity)))
        if change is not None:
            yield change


def _joined(held: list[_HeldInstrument] | None) -> _HeldInstrument | None:
    """Join rows with neither code nor name: from one answer to the next, one cannot be known from another."""
    if not held:
        return None
    return _HeldInstrument(held[0].instrument, tuple(lot for each in held for lot in each.lots))


def _change(before: _HeldInstrument | None, after: _HeldInstrument | None) -> PositionChange | None:
    held = after or before
    nothing = (None, None, None)
    old, new = before.numbers if before else nothing, after.numbers if after else nothing
    if held is None or (before and after and old == new):
        return None
    return PositionChange(
        kind="new" if before is None else "closed" if after is None else _kind(old, new),
        instrument=held.instrument,
        quantity_before=old[0],
        quantity_after=new[0],
        quantity_change=difference(new[0], old[0]),
        cost_before=old[1],
        cost_after=new[1],
        value_before=old[2],
        value_after=new[2],
        value_change=difference(new[2], old[2]),
    )


def _kind(
    old: tuple[Decimal | None, ...], new: tuple[Decimal | None, ...]
) -> Literal["more", "less", "repriced", "changed"]:
    moved = difference(new[0], old[0])
    if moved is not None and moved != 0:
        return "more" if moved > 0 else "less"
    is_same_quantity = old[0] == new[0]
    return "repriced" if is_same_quantity and old[1] == new[1] and old[2] != new[2] else "changed"


def _rank(change: PositionChange) -> tuple[object, ...]:
    kinds = ("new", "closed", "more", "less", "changed", "repriced")
    return (
        kinds.index(change.kind),
        -abs(change.value_change or change.value_after or change.value_before or ZERO),
        change.instrument.label,
        change.instrument.code or "",
    )


def _cash_lots(holdings: Holdings) -> dict[tuple[Key, str], CashLot]:
    return {(lot.account.key, cash.currency): lot for cash in holdings.cash for lot in cash.lots}


def _cash_changes(earlier: Holdings, later: Holdings, accounts: Iterable[Key]) -> Iterator[CashChange]:
    wanted = set(accounts)
    before, after = _cash_lots(earlier), _cash_lots(later)
    for identity in sorted(before.keys() | after.keys()):
        if identity[0] not in wanted:
            continue
        old, new = before.get(identity), after.get(identity)
        was, became = _counted(old), _counted(new)
        lot = new or old
        if lot is not None and was != became:
            yield CashChange(
                account=lot.account,
                currency=identity[1],
                before=was,
                after=became,
                change=difference(became, was),
            )


def _counted(lot: CashLot | None) -> Decimal | None:
    # A document of before tells only what was settled.
    return None if lot is None else lot.balance if lot.counted is None else lot.counted


def _account_changes(earlier: Holdings, later: Holdings) -> Iterator[AccountChange]:
    before, after = _linked(earlier), _linked(later)
    read_before, read_after = _read(earlier), _read(later)
    values_before = {each.account.key: each.rows_value for each in earlier.reconciliation}
    values_after = {each.account.key: each.rows_value for each in later.reconciliation}
    for key in sorted(before.keys() | after.keys()):
        if key not in before:
            yield AccountChange(kind="appeared", account=after[key], value=values_after.get(key))
        elif key not in after:
            yield AccountChange(kind="vanished", account=before[key], value=values_before.get(key))
        elif key in read_before and key not in read_after:
            yield AccountChange(kind="unreadable", account=after[key], value=values_before.get(key))
        elif key not in read_before and key in read_after:
            yield AccountChange(kind="readable", account=after[key], value=values_after.get(key))
