"""`koscom fields` and `koscom columns`: complete, as what reads and writes is made from, at any width."""

import json

import pytest
from rich.cells import cell_len

from koscom_async._wire.records.converter import names_of
from koscom_async._wire.records.field_table import RECORDS
from koscom_async.export.tables import TABLES, type_name
from koscom_async.models.transactions import Transaction
from koscom_async.sandbox import FAULT_KINDS


def test_every_wire_field_of_every_record_is_listed(koscom):
    listed = json.loads(koscom("fields", "--json").stdout)["rows"]
    found = {(each["record"], each["attribute"]): tuple(each["wire"]) for each in listed}
    assert len(found) == len(listed)
    for kind in RECORDS:
        for attribute, spellings in names_of(kind).items():
            assert found[kind.__name__, attribute] == tuple(spellings)
    assert {record for record, _ in found} == {kind.__name__ for kind in RECORDS}


def test_fields_are_a_table_by_record(koscom):
    result = koscom("fields", env={"COLUMNS": "200"})
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    for kind in RECORDS:
        assert f"{kind.__name__} ─" in result.stdout
        for attribute, spellings in names_of(kind).items():
            assert any(
                line.startswith(f"{attribute} ") and line.rstrip().endswith(f" {', '.join(spellings)}")
                for line in lines
            )


@pytest.mark.parametrize("name", ["changeAmt", "CHANGEAMT", "amount_change"])
def test_a_field_is_found_by_any_of_its_names(koscom, name):
    rows = json.loads(koscom("fields", name, "--json").stdout)["rows"]
    assert {
        "record": "Transaction",
        "wire": ["changeAmt"],
        "attribute": "amount_change",
        "term": "금액증감",
    } in rows
    record = json.loads(koscom("fields", "transaction", "--json").stdout)["rows"]
    assert {each["record"] for each in record} == {"Transaction"}
    assert {each["attribute"] for each in record} == set(names_of(Transaction))


def test_an_unknown_field_is_one_line(koscom):
    result = koscom("fields", "nothing")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "koscom: unknown field 'nothing'; run `koscom fields` for the list\n"


def test_every_column_of_every_table_is_listed(koscom):
    listed = json.loads(koscom("columns", "--json").stdout)["rows"]
    market = [each for each in listed if each["table"] not in TABLES]
    assert listed[: -len(market)] == [
        {
            "table": table,
            "column": each.name,
            "type": type_name(each.type),
            "unit": each.unit.strip("`"),
            "meaning": each.meaning.replace("`", ""),
        }
        for table, columns in TABLES.items()
        for each in columns
    ]
    assert {"quotes", "order_book", "bars", "listing", "index"} < {each["table"] for each in market}
    price = next(each for each in market if (each["table"], each["column"]) == ("quotes", "price"))
    assert (price["type"], price["meaning"]) == ("decimal128(38, 6)", "현재가")
    (lots,) = {each["table"] for each in json.loads(koscom("columns", "lots", "--json").stdout)["rows"]}
    assert lots == "lots"


def test_columns_are_a_table(koscom):
    result = koscom("columns", env={"COLUMNS": "200"})
    assert result.exit_code == 0
    for table, columns in TABLES.items():
        assert f"{table} ─" in result.stdout
        for each in columns:
            assert f"{each.name}  " in result.stdout
            assert each.meaning.replace("`", "") in result.stdout
    assert koscom("columns", "nothing").exit_code == 2


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("command", ["fields", "columns"])
def test_no_line_is_wider_than_the_terminal(koscom, command, width):
    result = koscom(command, env={"COLUMNS": str(width)})
    assert max(map(cell_len, result.stdout.splitlines())) <= width


def test_every_fault_of_the_sandbox_is_listed_with_what_it_does(koscom):
    rows = json.loads(koscom("sandbox", "faults", "--json").stdout)["rows"]
    listed = {row["fault"]: row["meaning"] for row in rows}
    assert listed.keys() == {name for name in FAULT_KINDS if name == "429" or not name.isdigit()}
    assert listed["doubled-row"] == "The last row comes twice."
    assert listed["unknown-block"] == "`stocks` for `equityList`."
    assert all(each.endswith(".") for each in listed.values())
    shown = koscom("sandbox", "faults", env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    assert all(any(line.startswith(f"{name} ") for line in shown.stdout.splitlines()) for name in listed)
