"""How numbers are shown: thousands apart, signs before them, no digit lost except fractions of a won."""

from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Decimal

from koscom_async._decimals import EXACT
from koscom_async.models.account import WON
from koscom_async.models.positions import Position

UNKNOWN = "—"
AT_LEAST = "≥"
"""Before a cost of which a broker reports only a part."""
MINUS = "−"

_DECIMALS = {WON: 0, "JPY": 0, "VND": 0, "IDR": 0}
_USUAL_DECIMALS = 2


def amount(value: Decimal | None, currency: str = WON) -> str:
    """Return an amount for a column: whole won without a sign, other money with its currency and decimals."""
    if value is None:
        return UNKNOWN
    return _minus(_visible(value, currency)) + _unit(currency) + _digits(value, currency)


def change(value: Decimal | None, currency: str = WON) -> str:
    """Return a gain or a loss for a column, as `amount` does, with its sign."""
    if value is None:
        return UNKNOWN
    return _sign(_visible(value, currency)) + _unit(currency) + _digits(value, currency)


def money(value: Decimal | None, currency: str = WON) -> str:
    """Return an amount with its currency, won too."""
    if value is None:
        return UNKNOWN
    return _minus(_visible(value, currency)) + _symbol(currency) + _digits(value, currency)


def money_change(value: Decimal | None, currency: str = WON) -> str:
    """Return a gain or a loss with its currency."""
    if value is None:
        return UNKNOWN
    return _sign(_visible(value, currency)) + _symbol(currency) + _digits(value, currency)


def quantity(value: Decimal | None) -> str:
    """Return a number of shares, or a face amount, with the decimals that it has."""
    return UNKNOWN if value is None else _minus(value) + _grouped(value, decimals=0)


def quantity_change(value: Decimal | None) -> str:
    """Return by how much a quantity differs, with its sign."""
    return UNKNOWN if value is None else f"{_sign(value)}{_grouped(value, decimals=0)}"


def as_it_came(value: Decimal | int) -> str:
    """Return a number with the decimals that came, zeros too."""
    shown = f"{value:,}" if isinstance(value, int) else f"{value:,f}"
    return shown.replace("-", MINUS)


def percent(value: Decimal | None) -> str:
    """Return a return in percent, with its sign."""
    return UNKNOWN if value is None else f"{_sign(value)}{_grouped(value, decimals=2)}%"


def weight(share: Decimal | None) -> str:
    """Return a share of the whole, from 0 to 1, in percent; what is small is not shown as nothing."""
    if share is None:
        return UNKNOWN
    if 0 < share < Decimal("0.0005"):
        return "<0.1%"
    shown = (share * 100).quantize(Decimal("0.1"), ROUND_HALF_UP, EXACT)
    return f"{_minus(shown)}{_grouped(shown, decimals=1)}%"


def share(part: float) -> str:
    """Return a part of the whole, from 0 to 1, as `weight` does; what is not all is not shown as all."""
    if 0.9995 <= part < 1:
        return ">99.9%"
    return weight(Decimal(str(part)))


def _unit(currency: str) -> str:
    return "" if currency == WON else f"{currency} "


def _symbol(currency: str) -> str:
    return "₩" if currency == WON else _unit(currency)


def _visible(value: Decimal, currency: str) -> Decimal:
    """Round to whole won; money of another currency keeps every digit."""
    return value.quantize(Decimal(1), ROUND_HALF_UP, EXACT) if currency == WON else value


def _digits(value: Decimal, currency: str) -> str:
    return _grouped(_visible(value, currency), decimals=_DECIMALS.get(currency, _USUAL_DECIMALS))


def _grouped(value: Decimal, *, decimals: int) -> str:
    whole, _, fraction = f"{value.copy_abs():,f}".partition(".")
    fraction = fraction.rstrip("0").ljust(decimals, "0")
    return f"{whole}.{fraction}" if fraction else whole


def _sign(value: Decimal) -> str:
    return "+" if value > 0 else _minus(value)


def _minus(value: Decimal) -> str:
    return MINUS if value < 0 else ""


def has_cost(position: Position) -> bool:
    """Whether every lot has a cost; one of 0 is how a broker spells that it reports none."""
    return all(lot.cost for lot in position.lots)


def cost(position: Position) -> str:
    """Return the cost, marked where it is only a part, and unknown where no broker reports one."""
    shown = amount(position.cost, position.instrument.currency)
    if has_cost(position) or position.cost is None:
        return shown
    return AT_LEAST + shown if position.cost else UNKNOWN


def total_cost(
    total: Decimal | None,
    positions: Iterable[Position],
    currency: str = WON,
    *,
    spelled: Callable[[Decimal | None, str], str] = amount,
) -> str:
    """Return a sum of costs, marked and unknown as one position's is."""
    shown = spelled(total, currency)
    if total is None or all(map(has_cost, positions)):
        return shown
    return AT_LEAST + shown if total else UNKNOWN
