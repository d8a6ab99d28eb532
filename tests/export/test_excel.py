"""Holdings as a workbook: every table a sheet, numbers as numbers, and no text a formula."""

import io
from datetime import date
from decimal import Decimal

import openpyxl

from koscom_async.export.excel import book, workbook
from koscom_async.export.tables import MONEY, TABLES, Column
from tests.merge.accounts import CYBER, NOW, account, fund, held, merged, read, share


def sheets(holdings, **options):
    book = openpyxl.load_workbook(io.BytesIO(workbook(holdings, **options)))
    return {sheet.title: list(sheet.iter_rows()) for sheet in book}


def test_every_table_is_a_sheet_with_its_columns_and_rows():
    holdings = merged(read(account(CYBER), share(value="120.5", cost=None), fund("KRZ1", "삼성", 7)))
    tables = sheets(holdings)
    assert list(tables) == list(TABLES)
    for name, (heading, *rows) in tables.items():
        arrow = holdings.to_arrow(name).drop_columns("inexact")
        assert [cell.value for cell in heading] == arrow.column_names
        assert len(rows) == len(arrow)
    heading, *rows = tables["positions"]
    at = {cell.value: column for column, cell in enumerate(heading)}
    by_code = {row[at["code"]].value: row for row in rows}
    value, cost = (by_code["KR7005930003"][at[name]] for name in ("value", "cost"))
    assert (value.value, value.data_type, cost.value) == (120.5, "n", None)
    assert by_code["KRZ1"][at["name"]].value == "삼성"
    assert rows[0][at["asked_at"]].value == NOW.replace(tzinfo=None)


def test_no_text_is_a_formula_and_none_breaks_the_file():
    holdings = held(fund("KRZ1", '=HYPERLINK("https://elsewhere.example")\x00\x0b\x1b[31m', 7))
    heading, row = sheets(holdings)["positions"]
    name = row[[cell.value for cell in heading].index("name")]
    assert name.data_type == "s"
    assert name.value.startswith("=HYPERLINK")
    assert "\x1b" not in name.value


def test_a_number_of_any_length_has_a_cell():
    odd = held(share(value=Decimal("1e40"), quantity="0.12345678901234567890"))
    heading, row = sheets(odd, key="A17")["lots"]
    at = {cell.value: column for column, cell in enumerate(heading)}
    assert row[at["value"]].value == 1e40
    assert abs(row[at["quantity"]].value - 0.123456789012345) < 1e-14
    assert row[0].value == "A17"


def test_a_cell_is_shown_as_what_it_is_and_has_room():
    columns = {
        Column("on", "day"): [date(2026, 3, 2)],
        Column("value", MONEY): [Decimal("12000.000")],
        Column("rate", MONEY): [Decimal("1.25")],
        Column("name", "text"): ["한빛글로벌채권"],
    }
    sheet = openpyxl.load_workbook(io.BytesIO(book({"rows": columns.items()})))["rows"]
    _, (on, value, rate, _) = sheet.iter_rows()
    assert (f"{on.value:%F}", on.is_date, on.number_format) == ("2026-03-02", True, "yyyy-mm-dd")
    assert (value.value, value.number_format) == (12000, "#,##0")
    assert (rate.value, rate.number_format) == (1.25, "#,##0.######")
    assert sheet.column_dimensions["D"].width >= 2 * len("한빛글로벌채권")
