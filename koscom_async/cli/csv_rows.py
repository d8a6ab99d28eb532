"""Positions, or their lots, as CSV that a spreadsheet opens safely: exact decimals, and no text that is a formula."""

import csv
import io
from collections.abc import Iterator, Mapping
from decimal import Decimal

from koscom_async.export.texts import clean
from koscom_async.models.holdings import Holdings
from koscom_async.models.positions import Instrument, Lot, Position

POSITION_COLUMNS = (
    *("asset_class", "product", "code", "isin", "name", "currency"),
    *("quantity", "cost", "value", "profit_loss", "return_pct", "weight", "matched_by", "brokers"),
)
LOT_COLUMNS = (
    *("asset_class", "product", "code", "isin", "name", "currency"),
    *("broker", "account", "alias", "trade_type"),
    *("quantity", "cost", "value", "profit_loss", "return_rate"),
)

# What makes a spreadsheet take a cell for a formula, in both widths.
_FORMULA_MARKS = tuple("=+-@＝＋－＠")


def csv_text(holdings: Holdings, *, with_lots: bool = False) -> str:
    """Return one row a position, or a lot, below a row of names; what is not known is empty."""
    columns, rows = (LOT_COLUMNS, _lots(holdings)) if with_lots else (POSITION_COLUMNS, _positions(holdings))
    page = io.StringIO()
    writer = csv.DictWriter(page, columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return page.getvalue()


def _positions(holdings: Holdings) -> Iterator[Mapping[str, object]]:
    for position in holdings.positions:
        yield _instrument(position.instrument) | _position(position)


def _position(position: Position) -> dict[str, object]:
    names = ("quantity", "cost", "value", "profit_loss", "return_pct", "weight", "matched_by")
    brokers = dict.fromkeys(clean(lot.account.broker.short_name) for lot in position.lots)
    return {name: getattr(position, name) for name in names} | {"brokers": " ".join(brokers)}


def _lots(holdings: Holdings) -> Iterator[Mapping[str, object]]:
    for position in holdings.positions:
        for lot in position.lots:
            yield _instrument(position.instrument) | _lot(lot)


def _lot(lot: Lot) -> dict[str, object]:
    names = ("trade_type", "quantity", "cost", "value", "profit_loss", "return_rate")
    account = lot.account
    return {
        "broker": account.broker.short_name,
        "account": account.masked_number,
        "alias": account.alias,
    } | {name: getattr(lot, name) for name in names}


def _instrument(instrument: Instrument) -> dict[str, object]:
    names = ("asset_class", "product", "code", "isin", "name", "currency")
    return {name: getattr(instrument, name) for name in names}


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case Decimal():
            return f"{value:f}"
        case _:
            text = clean(str(value))
            return f"'{text}" if text.startswith(_FORMULA_MARKS) else text
