"""CSV: one row a position or a lot, exact, and safe to open in a spreadsheet."""

import csv
import io
from decimal import Decimal

import pytest

from koscom_async.cli.output import cell
from koscom_async.cli.views.positions import LOT_COLUMNS, POSITION_COLUMNS, csv_text
from koscom_async.models.positions import Instrument, Lot, Position
from tests.cli.portfolio import account, bond, equity, fund, holdings, read


def rows_of(answer, **options):
    return list(csv.DictReader(io.StringIO(csv_text(answer, **options))))


def merged():
    return holdings(
        read(account("diamond", alias="내 계좌"), equities=[equity()], funds=[fund()], others=[bond()]),
        read(account("cyber"), equities=[equity(quantity=50, cost="480000.50", value=530000)]),
    )


def test_one_row_a_position_with_its_sums():
    rows = rows_of(merged())
    assert [row["name"] for row in rows] == ["삼성중소형FOCUS증권자1호[주식]", "국민주택1종11-07", "동화약품"]
    assert rows[2] == {
        "asset_class": "EQTY",
        "product": "KSP",
        "code": "KR7000020008",
        "isin": "KR7000020008",
        "name": "동화약품",
        "currency": "KRW",
        "quantity": "69",
        "cost": "661519.50",
        "value": "731400",
        "profit_loss": "69880.50",
        "return_pct": "10.56",
        "weight": "0.009275",
        "matched_by": "code",
        "brokers": "cyber diamond",
    }


def test_what_is_not_known_is_empty():
    fund_row, bond_row, _ = rows_of(merged())
    assert (fund_row["quantity"], fund_row["profit_loss"], fund_row["return_pct"]) == ("", "", "")
    assert (bond_row["code"], bond_row["isin"]) == ("", "")


def test_one_row_a_lot_with_the_broker_s_numbers():
    rows = rows_of(merged(), with_lots=True)
    assert len(rows) == 4
    assert [(row["broker"], row["account"], row["alias"], row["cost"]) for row in rows[2:]] == [
        ("cyber", "1606…0099", "", "480000.50"),
        ("diamond", "1606…0099", "내 계좌", "181519"),
    ]


def test_column_names_are_attribute_names():
    records = (Position, Lot, Instrument)
    attributes = {name for record in records for name in record.__slots__} | {"broker", "alias", "brokers"}
    assert set(POSITION_COLUMNS) | set(LOT_COLUMNS) <= attributes


@pytest.mark.parametrize("mark", ["=", "+", "-", "@", "＝", "\t=", "\r=", " ="])
def test_text_never_becomes_a_formula(mark):
    (row,) = rows_of(
        holdings(read(account(alias=f"{mark}A1"), equities=[equity(f"{mark}1+1")])), with_lots=True
    )
    assert row["name"] == f"'{mark.strip()}1+1"
    assert row["alias"] == f"'{mark.strip()}A1"


@pytest.mark.parametrize("inside", ["=1+1", " +1", '"=1+1', "@A1", "－1", '""" -1'])
def test_no_formula_begins_behind_a_semicolon_where_that_separates_cells(inside):
    text = csv_text(holdings(read(account(), equities=[equity(f"A;{inside};B;=2")])))
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["name"] == f"A;'{inside};B;'=2"
    cells = [each.strip('" ') for each in text.splitlines()[1].split(";")]
    assert not [each for each in cells if each.startswith(("=", "+", "-", "@", "－"))]


def test_a_negative_number_stays_a_number():
    (row,) = rows_of(holdings(read(account(), equities=[equity(value=100000)])))
    assert row["profit_loss"] == "-81519"


def test_commas_quotes_and_line_breaks_stay_in_their_cell():
    (row,) = rows_of(holdings(read(account(), equities=[equity('a,"b"\nc\x1b')])))
    assert row["name"] == 'a,"b" c'


def test_a_number_in_scientific_notation_is_written_out():
    (row,) = rows_of(holdings(read(account(), equities=[equity(value=Decimal("1.0E10"))])))
    assert row["value"] == "10000000000"


def test_truth_is_spelled_as_in_json():
    assert [cell(each) for each in (True, False, None)] == ["true", "false", ""]
