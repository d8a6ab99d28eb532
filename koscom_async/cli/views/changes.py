"""What changed between two answers, in words: a line for each change. Does not draw tables."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from attrs import frozen

from koscom_async.export import amounts
from koscom_async.export.texts import account_name, clean
from koscom_async.models.difference import AccountChange, CashChange, HoldingsDiff, PositionChange

ACCOUNT_WORDS: Mapping[str, str] = {
    "appeared": "newly linked",
    "vanished": "no longer linked: what it held is not counted as sold",
    "unreadable": "could not be read: what it held is not counted as sold",
    "readable": "can be read again: what changed meanwhile is not known",
}
ARROW = "→"


@frozen
class ChangeLine:
    """One change: its kind, what changed, and how."""

    kind: str
    what: str
    how: str
    gain: Decimal | None = None
    """What the price alone moved, which gives the line its colour."""

    def __str__(self) -> str:
        return f"{self.kind} {self.what}: {self.how}"


def change_lines(diff: HoldingsDiff) -> Iterator[ChangeLine]:
    """Yield a line for each change: accounts first, as they limit what the rest covers."""
    for account in diff.accounts:
        yield ChangeLine(account.kind, account_name(account.account), account_words(account))
    for position in diff.positions:
        label = clean(position.instrument.label)
        yield ChangeLine(position.kind, label, _of_position(position), gain(position))
    for cash in diff.cash:
        yield ChangeLine("cash", account_name(cash.account), _of_cash(cash))


def account_words(account: AccountChange) -> str:
    """Return what became of an account, and what was or is known of it."""
    words = ACCOUNT_WORDS[account.kind]
    if account.value is None:
        return words
    was = "" if account.kind in {"appeared", "readable"} else "last seen "
    return f"{words} ({was}with securities of {amounts.money(account.value)})"


def gain(position: PositionChange) -> Decimal | None:
    """Return what the price alone moved: what was bought or sold is no gain and no loss."""
    return position.value_change if position.kind == "repriced" else None


def value_change(position: PositionChange) -> Decimal | None:
    """Return by how much the value differs; what is new or closed differs by all of it."""
    return _of_all(position.kind, position.value_change, position.value_before, position.value_after)


def quantity_change(position: PositionChange) -> Decimal | None:
    """Return by how much the quantity differs; what is new or closed differs by all of it."""
    return _of_all(position.kind, position.quantity_change, position.quantity_before, position.quantity_after)


def _of_all(
    kind: str, change: Decimal | None, before: Decimal | None, after: Decimal | None
) -> Decimal | None:
    if kind == "new":
        return after
    return before.copy_negate() if kind == "closed" and before is not None else change


def _of_position(position: PositionChange) -> str:
    currency = position.instrument.currency
    match position.kind:
        case "new":
            return _held(position.quantity_after, position.value_after, currency)
        case "closed":
            return "was " + _held(position.quantity_before, position.value_before, currency)
        case _:
            return ", ".join(_moves(position, currency)) or "its rows differ"


def _held(quantity: Decimal | None, value: Decimal | None, currency: str) -> str:
    worth = "of unknown value" if value is None else f"worth {amounts.money(value, currency)}"
    return worth if quantity is None else f"{amounts.quantity(quantity)}, {worth}"


def _moves(position: PositionChange, currency: str) -> Iterator[str]:
    if position.quantity_before != position.quantity_after:
        before, after = map(amounts.quantity, (position.quantity_before, position.quantity_after))
        yield f"quantity {before} {ARROW} {after}{_signed(amounts.quantity_change(position.quantity_change))}"
    if position.kind == "changed" and position.cost_before != position.cost_after:
        yield f"cost {_from_to(position.cost_before, position.cost_after, currency)}"
    if position.value_before != position.value_after:
        moved = _from_to(position.value_before, position.value_after, currency)
        yield f"value {moved}{_signed(amounts.money_change(position.value_change, currency))}"


def _of_cash(cash: CashChange) -> str:
    moved = _from_to(cash.before, cash.after, cash.currency)
    return f"{moved}{_signed(amounts.money_change(cash.change, cash.currency))}"


def _from_to(before: Decimal | None, after: Decimal | None, currency: str) -> str:
    return f"{amounts.money(before, currency)} {ARROW} {amounts.money(after, currency)}"


def _signed(change: str) -> str:
    return "" if change == amounts.UNKNOWN else f" ({change})"
