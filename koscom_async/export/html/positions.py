"""Positions of one currency as a table, whose lots unfold under their position."""

from collections.abc import Iterator, Sequence

from koscom_async.export import amounts
from koscom_async.export.html.cells import (
    Child,
    Markup,
    change,
    change_kind,
    element,
    header,
    joined,
    korean,
    named,
    number,
    second_line,
    table,
    text_cell,
)
from koscom_async.export.texts import (
    broker_name,
    brokers_of,
    clean,
    counted,
    kind,
    trade_type_word,
)
from koscom_async.models.account import WON
from koscom_async.models.doubts import has_any
from koscom_async.models.holdings import Totals
from koscom_async.models.positions import Instrument, Lot, Position

MANY = 25
"""From so many positions on, the table scrolls in its own frame."""

_HEAD = header(
    ("Name", "kind, code", "kv-text"),
    ("Brokers", "", "kv-text kv-wide"),
    ("Quantity", "", "kv-wider"),
    ("Value", "cost", ""),
    ("Profit/loss", "return", ""),
    ("Weight", "", "kv-weight"),
)
_MATCHED = {
    "name": "It has no code: matched by product and full name.",
    "nothing": "It has neither code nor name: it stands alone.",
}


def positions_table(
    positions: Sequence[Position], totals: Totals | None, *, marks: frozenset[str], scrolls: bool = True
) -> Markup:
    """Return the table, with the sums below where they are given; `marks` are those of doubtful rows."""
    return table(
        _HEAD,
        (_body(position, marks) for position in positions),
        _total(totals, positions) if totals else None,
        is_long=scrolls and len(positions) > MANY,
    )


def lots_table(position: Position) -> Markup:
    """Return the lots of one position as a table of their own."""
    head = header(
        ("Account", "as its broker reports", "kv-text"),
        ("Quantity", "", ""),
        ("Value", "cost", ""),
        ("Profit/loss", "return", ""),
    )
    currency = position.instrument.currency
    return table(head, [element("tbody", element("tr", _lot_cells(lot, currency))) for lot in position.lots])


def facts(instrument: Instrument) -> str:
    """Return kind and code in one line."""
    return f"{kind(instrument)} · {clean(instrument.code) if instrument.code else 'no code'}"


def _body(position: Position, marks: frozenset[str]) -> Markup:
    return element("tbody", element("tr", _cells(position, marks)), _lots(position, marks))


def _doubtful(lots: Sequence[Lot], marks: frozenset[str]) -> Markup | None:
    """Return the word beside what may be counted twice."""
    return joined(" ", element("span", "⚠ doubtful", kind="kv-chip kv-bad")) if has_any(lots, marks) else None


def _cells(position: Position, marks: frozenset[str]) -> Iterator[Markup]:
    currency = position.instrument.currency
    brokers = [broker_name(account) for account in brokers_of(position)]
    yield text_cell(_name(position, brokers, _doubtful(position.lots, marks)), kind="kv-main")
    yield text_cell(
        [element("span", korean(name), element("br")) for name in brokers], kind="kv-tight kv-wide"
    )
    yield number(amounts.quantity(position.quantity), kind="kv-wider")
    yield number(amounts.amount(position.value, currency), amounts.cost(position))
    yield number(
        change(position.profit_loss, currency),
        amounts.percent(position.return_pct),
        kind=change_kind(position.profit_loss),
    )
    yield _weight(position)


def _name(position: Position, brokers: Sequence[str], doubtful: Markup | None) -> Markup:
    instrument = position.instrument
    where = element("span", f" · {', '.join(brokers)}", kind="kv-only", lang="ko")
    quantity = f" · {amounts.quantity(position.quantity)} held" if position.quantity is not None else ""
    lots = f" · {counted(len(position.lots), 'lot')}" if len(position.lots) > 1 else ""
    name = joined(
        element("span", instrument.name or instrument.code or amounts.UNKNOWN, kind="kv-name", lang="ko"),
        doubtful,
        second_line((facts(instrument), element("span", quantity, kind="kv-slim"), lots, where)),
    )
    if not position.lots:
        return name
    matched = _MATCHED.get(position.matched_by)
    return element("details", element("summary", name), element("p", matched) if matched else None)


def _weight(position: Position) -> Markup:
    if position.weight is None:
        remark = "not in totals" if position.is_derivative else None
        in_won = position.value_in_won if position.instrument.currency != WON else None
        return number(amounts.UNKNOWN, remark if in_won is None else f"≈ {amounts.money(in_won)}")
    width = max(0.0, min(1.0, float(position.weight)))
    bar = element("i", style=f"--w:{width:.2%}") if width else None
    return element("td", amounts.weight(position.weight), bar, kind="kv-weight")


def _lots(position: Position, marks: frozenset[str]) -> Iterator[Markup]:
    for lot in position.lots:
        doubtful = _doubtful((lot,), marks)
        name, quantity, value, profit_loss = _lot_cells(
            lot, position.instrument.currency, doubtful, is_nested=True
        )
        yield element(
            "tr", name, text_cell(kind="kv-wide"), quantity, value, profit_loss, element("td"), kind="kv-lot"
        )


def _lot_cells(
    lot: Lot, currency: str, doubtful: Markup | None = None, *, is_nested: bool = False
) -> tuple[Markup, Markup, Markup, Markup]:
    owed = f"loan {amounts.amount(lot.loan, currency)}" if lot.loan else ""
    remarks = [clean(lot.account.alias or ""), trade_type_word(lot.trade_type), owed]
    below = " · ".join(filter(None, remarks))
    return (
        text_cell("↳ " if is_nested else None, named(lot.account), doubtful, second_line(below)),
        number(amounts.quantity(lot.quantity), kind="kv-wider" if is_nested else ""),
        number(amounts.amount(lot.value, currency), amounts.amount(lot.cost or None, currency)),
        number(change(lot.profit_loss, currency), _rate(lot), kind=change_kind(lot.profit_loss)),
    )


def _rate(lot: Lot) -> str | None:
    # Without a percent sign: some brokers mean percent, others a fraction.
    return None if lot.return_rate is None else f"rate {amounts.quantity(lot.return_rate)}"


def _total(totals: Totals, positions: Sequence[Position]) -> Child:
    currency = totals.currency
    return element(
        "tr",
        text_cell(f"Total {currency}", tag="th", kind="kv-tight"),
        text_cell(kind="kv-tight kv-wide"),
        element("td", kind="kv-wider"),
        number(amounts.amount(totals.value, currency), amounts.total_cost(totals.cost, positions, currency)),
        number(
            change(totals.profit_loss, currency),
            amounts.percent(totals.return_pct),
            kind=change_kind(totals.profit_loss),
        ),
        element("td"),
    )
