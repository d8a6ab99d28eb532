"""Files for other programs: a number without room costs no other; a suffix chooses the format, or is refused."""

import csv
import io
import json
from decimal import Decimal

import openpyxl
import pyarrow.parquet as pq
import pytest

from koscom_async.cli.commands.holdings import whole_renderers
from tests.merge.accounts import held, share


@pytest.mark.parametrize("with_lots", [False, True])
def test_a_number_that_does_not_fit_is_null_and_the_formats_that_hold_it_are_named(with_lots, capsys):
    data = whole_renderers(held(share(value=Decimal("0.1234567"))), with_lots=with_lots)["parquet"]()
    (row,) = pq.read_table(io.BytesIO(data)).to_pylist()
    assert (row["value"], "value" in row["inexact"]) == (None, True)
    told = capsys.readouterr().err
    assert "1 row with a number of more digits than a column holds" in told
    assert "--json and --csv have every digit" in told


def test_numbers_that_fit_are_no_message(capsys):
    assert whole_renderers(held(share(value=120)), with_lots=False)["parquet"]()
    assert capsys.readouterr().err == ""


def test_a_workbook_is_written_by_its_suffix(koscom, tmp_path):
    file = tmp_path / "holdings.xlsx"
    assert koscom("holdings", "--sandbox", "--output", str(file)).exit_code == 0
    book = openpyxl.load_workbook(file, read_only=True)
    assert book.sheetnames == ["positions", "lots", "cash", "accounts"]


def test_a_suffix_that_names_no_format_is_refused_before_a_call(koscom, tmp_path):
    result = koscom("holdings", "--sandbox", "--output", str(tmp_path / "holdings.ods"))
    assert result.exit_code == 2
    assert "the suffix '.ods' names no format: add --format" in result.output
    assert not list(tmp_path.iterdir())


ROWS = {
    "portfolio": ("return_rate", "decimal128(38, 18)"),
    "transactions --since 20180101 --until 2020-12-31 --side sell": ("on", "date32[day]"),
    "accounts": ("account", "string"),
    "holdings --by class": ("weight", "decimal128(38, 6)"),
    "discretionary orders": ("ordered_at", "timestamp[us, tz=Asia/Seoul]"),
}


def test_every_command_of_rows_writes_typed_columns(koscom, tmp_path):
    for number, (command, (column, kind)) in enumerate(ROWS.items()):
        file = tmp_path / f"{number}.parquet"
        result = koscom(*command.split(), "--sandbox", "-q", "--output", str(file))
        assert (result.exit_code, result.stdout) == (0, ""), (command, result.stderr)
        table = pq.read_table(file)
        assert table.num_rows > 0, command
        assert str(table.schema.field(column).type) == kind, command
        assert table.column(column).null_count < table.num_rows, command


def test_a_partial_answer_is_not_taken_for_a_whole_one_in_a_file(koscom, tmp_path):
    asked = ("watchlist", "--sandbox", "--fault", "star=4001", "--output")
    book, table = tmp_path / "w.xlsx", tmp_path / "w.parquet"
    assert [koscom(*asked, str(file)).exit_code for file in (book, table)] == [3, 3]
    sheets = openpyxl.load_workbook(book, read_only=True)
    assert sheets.sheetnames == ["watchlist", "accounts"]
    rows = list(sheets["accounts"].values)
    assert rows[0] == ("broker", "account", "complete", "error")
    (failed,) = [row for row in rows[1:] if not row[2]]
    assert (failed[0], "account not found" in failed[3]) == ("star", True)
    assert pq.read_table(table).schema.metadata[b"koscom.complete"] == b"false"


def test_a_list_of_the_library_is_json_and_csv_too(koscom, tmp_path):
    file = tmp_path / "brokers.csv"
    assert koscom("brokers", "--output", str(file)).exit_code == 0
    document = json.loads(koscom("brokers", "--format", "json").stdout)
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    assert document["version"] == 1
    assert [row["code"] for row in rows] == [row["code"] for row in document["rows"]]
    fields = list(csv.DictReader(io.StringIO(koscom("fields", "amount_change", "--csv").stdout)))
    assert {"changeAmt"} == {row["wire"] for row in fields if row["record"] == "Transaction"}


def test_every_answer_as_json_has_one_shape(koscom):
    for command in ("accounts", "market quote 005930", "ask market.stocks.price issue=005930"):
        document = json.loads(koscom(*command.split(), "--sandbox", "-q", "--json").stdout)
        shape = {name: document[name] for name in ("version", "complete", "outcomes")}
        assert shape == {"version": 1, "complete": True, "outcomes": []}, command
        assert not document["failures"], command
        assert document["as_of"].endswith("+09:00"), command
    for command in ("errors", "fields", "columns", "operations", "sandbox faults"):
        document = json.loads(koscom(*command.split(), "--json").stdout)
        assert (document["version"], len(document["rows"]) > 10) == (1, True), command
