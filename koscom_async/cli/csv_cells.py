"""Cells and rows of CSV that a spreadsheet opens safely: exact decimals, and no text that is a formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from koscom_async.export.texts import clean

# What makes a spreadsheet take a cell for a formula, in both widths.
_FORMULA_MARKS = tuple("=+-@＝＋－＠")


def cell(value: object) -> str:
    """Return a value as a cell; what is not known is empty."""
    match value:
        case None:
            return ""
        case Decimal():
            return f"{value:f}"
        case _:
            text = clean(str(value))
            return f"'{text}" if text.startswith(_FORMULA_MARKS) else text


def csv_lines(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """Yield the row of names, and then each row, without the line's end."""
    page = io.StringIO()
    writer = csv.DictWriter(page, columns, lineterminator="")
    writer.writeheader()
    yield page.getvalue()
    for row in rows:
        page.seek(0)
        page.truncate()
        writer.writerow({name: cell(value) for name, value in row.items()})
        yield page.getvalue()
