"""Positions, lots or groups as CSV that a spreadsheet opens safely: exact decimals, and no text that is a formula."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from koscom_async.cli.csv_cells import csv_lines
from koscom_async.export.texts import clean
from koscom_async.models.breakdown import Group
from koscom_async.models.holdings import Holdings
from koscom_async.models.lots import Lot
from koscom_async.models.positions import Instrument, Position

POSITION_COLUMNS = (
    *("asset_class", "product", "code", "isin", "name", "currency"),
    *("quantity", "cost", "value", "profit_loss", "return_pct", "weight", "matched_by", "brokers"),
)
LOT_COLUMNS = (
    *("asset_class", "product", "code", "isin", "name", "currency"),
    *("broker", "account", "alias", "trade_type"),
    *("quantity", "cost", "value", "profit_loss", "return_rate"),
)
GROUP_COLUMNS = tuple(attribute.name for attribute in attrs.fields(Group))


def csv_text(holdings: Holdings, *, with_lots: bool = False) -> str:
    """Return one row a position, or a lot, below a row of names; what is not known is empty."""
    columns, rows = (LOT_COLUMNS, _lots(holdings)) if with_lots else (POSITION_COLUMNS, _positions(holdings))
    return csv_table(columns, rows)


def csv_of_groups(groups: Iterable[Group]) -> str:
    """Return one row a group below a row of names; what is not known, or has no place there, is empty."""
    rows = ({name: getattr(group, name) for name in GROUP_COLUMNS} for group in groups)
    return csv_table(GROUP_COLUMNS, rows)


def csv_table(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Return rows below a row of names, each cell fit for a spreadsheet."""
    return "".join(f"{line}\n" for line in csv_lines(columns, rows))


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
