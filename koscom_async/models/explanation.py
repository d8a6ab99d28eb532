"""Why a position's numbers are what they are: each lot, the row it came from, and how the sums came about."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from attrs import frozen

from koscom_async.models.positions import Lot, Position

__all__ = ["Explanation", "explained"]

_MATCHES = {
    "code": "the rows carry the same code",
    "name": "the rows carry no code; product and full name are equal",
    "nothing": "the row carries neither code nor name, so it stays alone",
}


@frozen(kw_only=True)
class Explanation:
    """The lines of an explanation; `str()` joins them. Account numbers are masked."""

    position: Position
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.lines)


def explained(position: Position) -> Explanation:
    """Explain a position."""
    return Explanation(position=position, lines=tuple(_lines(position)))


def _lines(position: Position) -> Iterator[str]:
    instrument, lots = position.instrument, position.lots
    yield f"{instrument.label}, {len(lots)} {'lot' if len(lots) == 1 else 'lots'}, in {instrument.currency}"
    yield f"one instrument because {_MATCHES[position.matched_by]}"
    for lot in lots:
        held = f" ({lot.trade_type})" if lot.trade_type else ""
        yield f"- {lot.account}{held}: {_row(lot)}"
    for name in ("quantity", "cost", "value"):
        yield f"{name}: {_sum(getattr(lot, name) for lot in lots)} = {_shown(getattr(position, name))}"
    yield _profit(position)
    if position.weight is not None:
        yield f"weight: value / (securities + cash in KRW) = {position.weight:%}".replace("%", " %")


def _shown(amount: Decimal | None) -> str:
    return "not known" if amount is None else f"{amount:,f}"


def _sum(amounts: Iterator[Decimal | None]) -> str:
    return " + ".join(_shown(amount) for amount in amounts)


def _row(lot: Lot) -> str:
    return json.dumps(lot.raw, ensure_ascii=False, default=_number)


def _number(value: Any) -> str:
    # The wire's own numbers, digit for digit; JSON has no exact ones to write.
    return str(value)


def _profit(position: Position) -> str:
    if position.profit_loss is not None:
        rate = "" if position.return_pct is None else f", {position.return_pct} % of the cost"
        return f"profit and loss: value - cost = {_shown(position.profit_loss)}{rate}"
    without = [str(lot.account) for lot in position.lots if not lot.cost]
    if without:
        return f"profit and loss: not known, as no cost is reported by {', '.join(without)}"
    return "profit and loss: not known, as a value is missing"
