"""Exact sums of money, in which a sum with an unknown part is unknown.

The functions compute in the current context: callers enter `exactly()` first.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from decimal import Context, Decimal, localcontext

# The thread's own context may round. Amounts have at most 34 digits on each side of the point, and sums of them few
# more, so that this one never rounds.
EXACT = Context(prec=150)

_LONGEST = 2 * EXACT.prec
"""Characters of an amount, or of a sum or product of some, as text."""


def read_amount(text: str) -> Decimal:
    """Return the amount in a text of this library's own; raise `ValueError` for what is none, or out of range."""
    amount = Decimal(text) if len(text) <= _LONGEST else None
    if amount is None or not amount.is_finite() or abs(amount.adjusted()) > EXACT.prec:
        raise ValueError("expected an amount of money or units, got something else")
    return amount


PERCENT_DECIMALS = 2
"""The platform states its rates to two decimals, and cuts."""

_WHOLE = 100 * Decimal(10) ** PERCENT_DECIMALS

ZERO = Decimal(0)


def exactly() -> AbstractContextManager[Context]:
    """Enter a context in which adding and multiplying amounts is exact."""
    return localcontext(EXACT)


def total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Return the sum, or `None` if any part is unknown."""
    if not isinstance(amounts, list | tuple):
        amounts = list(amounts)
    try:
        return sum(amounts, ZERO)
    except TypeError:
        # Asked only here, since comparing with each amount costs more than adding it.
        if any(amount is None for amount in amounts):
            return None
        raise


def owed(*debts: Decimal | None) -> Decimal | None:
    """Return the sum of debts by their size, or `None` if any is unknown; some brokers send a debt below zero."""
    return total(None if debt is None else abs(debt) for debt in debts)


def known_total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Return the sum of the known parts, or `None` if there are none."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, ZERO) if known else None


def difference(first: Decimal | None, second: Decimal | None) -> Decimal | None:
    """Return first less second, where both are known."""
    return None if first is None or second is None else first - second


def percent(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """Return a part in percent of a whole, cut after two decimals; of a debt, in percent of its size."""
    if part is None or not whole:
        return None
    # `//` cuts, and has so few digits that it costs a third of a division and rounding.
    size = -whole if whole.is_signed() else whole
    return (part * _WHOLE // size).scaleb(-PERCENT_DECIMALS)
