"""Holdings as an Excel workbook: a sheet a table, numbers as numbers, no text a formula."""

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from koscom_async._hints import needed
from koscom_async.export.tables import INEXACT, TABLES, Column, Exact, columns_of
from koscom_async.export.texts import clean
from koscom_async.models.holdings import Holdings

LONGEST_TEXT = 32_767
"""Characters that a cell holds."""
WIDEST_COLUMN = 40


def workbook(holdings: Holdings, *, key: str | None = None) -> bytes:
    """Return the tables of holdings as an .xlsx file, as `book` makes it."""
    return book({table: columns_of(holdings, table, key=key) for table in TABLES})


def book(tables: Mapping[str, Iterable[tuple[Column, Sequence[object]]]]) -> bytes:
    """Return tables as an .xlsx file (extra `excel`). Excel keeps 15 digits; every other format has them all.

    Times are Korean, since a cell has no zone.
    """
    openpyxl = needed("openpyxl", extra="excel")
    made = openpyxl.Workbook(write_only=True)
    for table, of_table in tables.items():
        sheet = made.create_sheet(table)
        sheet.freeze_panes = "A2"
        # What does not fit into a column of a data frame has room here.
        columns = [each for each in of_table if each[0] is not INEXACT]
        for number, (column, values) in enumerate(columns, 1):
            width = max(map(len, map(str, (column.name, *values))))
            letter = openpyxl.utils.get_column_letter(number)
            sheet.column_dimensions[letter].width = min(width + 2, WIDEST_COLUMN)
        sheet.append([_cell(openpyxl, sheet, column.name, "@") for column, _ in columns])
        formats = [_number_format(column.type) for column, _ in columns]
        for row in zip(*(values for _, values in columns), strict=True):
            sheet.append(
                [_cell(openpyxl, sheet, value, each) for value, each in zip(row, formats, strict=True)]
            )
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def _number_format(kind: object) -> str:
    if isinstance(kind, Exact):
        return "#,##0.######" if kind.places else "#,##0"
    return "yyyy-mm-dd hh:mm:ss" if kind == "moment" else "General"


def _cell(openpyxl: Any, sheet: Any, value: object, number_format: str) -> Any:
    match value:
        case datetime():
            value = value.replace(tzinfo=None)
        case list():
            value = ", ".join(map(str, value))
        case Decimal() if not value.is_finite():
            value = None
    if isinstance(value, str):
        value = clean(value)[:LONGEST_TEXT]
    cell = openpyxl.cell.WriteOnlyCell(sheet, value=value)
    if isinstance(value, str):
        cell.data_type = "s"  # a text that begins with "=" would be a formula
    elif value is not None:
        cell.number_format = number_format
    return cell
