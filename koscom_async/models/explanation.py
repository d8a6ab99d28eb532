"""Why a position's numbers are what they are: each lot, its row, and the sums; and which position a text names."""

import json
import unicodedata
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from attrs import frozen

from koscom_async._lazy import lists, texts
from koscom_async._record import Record
from koscom_async.errors import UsageError
from koscom_async.models.account import WON
from koscom_async.models.doubts import Doubt, has_any, marks_of
from koscom_async.models.positions import Lot, Position

__all__ = ["Explanation", "explained", "matching", "no_match"]

CANDIDATES = 8
"""So many positions are named where a text fits several."""

_MATCHES = {
    "code": "the rows carry the same code",
    "name": "the rows carry no code; product and full name are equal",
    "nothing": "the row carries no code or name that tells which, so it stays alone",
}


@frozen(kw_only=True, eq=False, repr=False)
class Explanation(Record):
    """The lines of an explanation; `str()` joins them. Account numbers are masked."""

    position: Position
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.lines)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.lines[0]}>"

    def _repr_html_(self) -> str:
        return lists.explanation_view(self)


def explained(positions: Sequence[Position], wanted: object, doubts: Sequence[Doubt] = ()) -> Explanation:
    """Explain a position, or the one of the positions that has this code or name."""
    found = [wanted] if isinstance(wanted, Position) else matching(positions, wanted)
    if len(found) == 1:
        return Explanation(position=found[0], lines=(*_lines(found[0]), *_doubt_lines(found[0], doubts)))
    raise _ambiguous(wanted, found) if found else UsageError(no_match(wanted))


def matching(positions: Sequence[Position], text: object) -> list[Position]:
    """Return the positions that have a code or a name; part of a name will do where only one has it.

    Raises `UsageError` where several do.
    """
    wanted = _folded(text) if isinstance(text, str) else ""
    for fits in (_by_code, _by_short_code, _by_name, _in_name):
        found = [position for position in positions if wanted and fits(position, wanted)]
        if len(found) > 1 and fits is _in_name:
            raise _ambiguous(text, found)
        if found:
            return found
    return []


def no_match(text: object) -> str:
    """Return the message of a code or name that no position has."""
    return f"no position has the code or name {text!r}"


def _by_code(position: Position, wanted: str) -> bool:
    instrument = position.instrument
    return wanted in {_folded(code) for code in (instrument.code, *instrument.other_codes) if code}


def _by_short_code(position: Position, wanted: str) -> bool:
    """Whether it is the code of the exchange (단축코드), such as 005930, which is a part of a Korean ISIN."""
    isin = position.instrument.isin or ""
    return isin.startswith("KR") and isin[3:9].casefold() == wanted


def _by_name(position: Position, wanted: str) -> bool:
    instrument = position.instrument
    return wanted in {_folded(name) for name in (instrument.label, *instrument.other_names)}


def _in_name(position: Position, wanted: str) -> bool:
    return wanted in _folded(position.instrument.label)


def _folded(text: str) -> str:
    """Return a text such that two spellings of one name are equal; macOS takes Korean syllables apart."""
    return unicodedata.normalize("NFKC", texts.clean(text)).casefold()


def _ambiguous(text: object, positions: Sequence[Position]) -> UsageError:
    instruments = [position.instrument for position in positions[:CANDIDATES]]
    names = [f"{each.label} ({each.code})" if each.code else each.label for each in instruments]
    more = len(positions) - len(names)
    named = ", ".join(names) + (f" and {more} more" if more else "")
    return UsageError(f"{text!r} fits {len(positions)} positions: {named}. Give a code or the whole name")


def _lines(position: Position) -> Iterator[str]:
    instrument, lots = position.instrument, position.lots
    yield f"{instrument.label}, {len(lots)} {'lot' if len(lots) == 1 else 'lots'}, in {instrument.currency}"
    yield f"one instrument because {_MATCHES[position.matched_by]}"
    if instrument.other_names:
        yield f"also called {', '.join(instrument.other_names)}: no broker says which name is newer"
    for lot in lots:
        held = f" ({lot.trade_type})" if lot.trade_type else ""
        yield f"- {lot.account}{held}: {_row(lot)}"
    yield f"quantity: {_sum(lot.quantity for lot in lots)} = {_shown(position.quantity)}"
    for name in ("cost", "value"):
        amount = _money(getattr(position, name), instrument.currency)
        yield f"{name}: {_sum(getattr(lot, name) for lot in lots)} = {amount}"
    yield _profit(position)
    if instrument.currency != WON and any(lot.rate for lot in lots):
        parts = " + ".join(_in_won(lot, instrument.currency) for lot in lots)
        yield f"value in KRW: {parts} = {_shown(position.value_in_won)}"
    if position.weight is not None:
        yield f"weight: value / (securities + cash in KRW) = {position.weight:%}".replace("%", " %")


def _doubt_lines(position: Position, doubts: Sequence[Doubt]) -> Iterator[str]:
    marks = marks_of(position.lots) if doubts else frozenset()
    for doubt in doubts:
        if has_any(doubt.rows, marks):
            yield f"DOUBTFUL: {doubt.account}: {doubt.why}; {_money(doubt.amount, doubt.currency)} may count twice"


def _shown(amount: Decimal | None) -> str:
    return "not known" if amount is None else f"{amount:,f}"


def _money(amount: Decimal | None, currency: str) -> str:
    """Return an amount, with its currency where that is not won."""
    return _shown(amount) + ("" if currency == WON or amount is None else f" {currency}")


def _sum(amounts: Iterator[Decimal | None]) -> str:
    return " + ".join(_shown(amount) for amount in amounts)


def _in_won(lot: Lot, currency: str) -> str:
    if not lot.rate:
        return f"{_shown(lot.value)} * no rate"
    for_units = {1: "", None: f" (not proven for how many {currency})"}.get(
        lot.rate_units, f" / {lot.rate_units}"
    )
    return f"{_shown(lot.value)} * {_shown(lot.rate)}{for_units}"


def _row(lot: Lot) -> str:
    return texts.escaped_halves(json.dumps(lot.raw, ensure_ascii=False, default=_number))


def _number(value: Any) -> str:
    # The wire's own numbers, digit for digit; JSON has no exact ones to write.
    return str(value)


def _profit(position: Position) -> str:
    if position.profit_loss is not None:
        amount = _money(position.profit_loss, position.instrument.currency)
        rate = "" if position.return_pct is None else f", {position.return_pct} % of the cost"
        return f"profit and loss: value - cost = {amount}{rate}"
    without = [str(lot.account) for lot in position.lots if not lot.cost and not lot.is_empty]
    if without:
        return f"profit and loss: not known, as no cost is reported by {', '.join(without)}"
    return "profit and loss: not known, as a value is missing"
