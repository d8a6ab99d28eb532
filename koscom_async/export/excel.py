"""Holdings as an Excel workbook: a sheet a table, numbers as numbers, no text a formula."""

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from unicodedata import east_asian_width

from koscom_async._hints import needed
from koscom_async.export.tables import INEXACT, TABLES, Column, columns_of
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
            width = max(map(_width, map(str, (column.name, *values))))
            letter = openpyxl.utils.get_column_letter(number)
            sheet.column_dimensions[letter].width = min(width + 2, WIDEST_COLUMN)
        sheet.append([_cell(openpyxl, sheet, column.name) for column, _ in columns])
        for row in zip(*(values for _, values in columns), strict=True):
            sheet.append([_cell(openpyxl, sheet, value) for value in row])
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def _width(text: str) -> int:
    """Return the room that a text takes; Korean letters are twice as wide as Latin ones."""
    return len(text) + sum(east_asian_width(letter) in "WF" for letter in text)


def _cell(openpyxl: Any, sheet: Any, value: object) -> Any:
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
        cell.number_format = _number_format(value)
    return cell


def _number_format(value: object) -> str:
    match value:
        case datetime():
            return "yyyy-mm-dd hh:mm:ss"
        case date():
            return "yyyy-mm-dd"
        case Decimal() if value != value.to_integral_value():
            return "#,##0.######"
        case Decimal():  # in the format above, a whole number ends with a point
            return "#,##0"
        case _:
            return "General"
