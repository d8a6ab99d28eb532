"""`koscom holdings` in its views and formats, kept and compared: whole, against the embedded gateway."""

import csv
import io
import json
import re
import stat

import pytest

from koscom_async import Holdings
from koscom_async.cli.commands.holdings import renderers_of
from koscom_async.cli.commands.holdings_request import FORMATS, HoldingsRequest
from koscom_async.cli.options import OutputOptions
from koscom_async.cli.views import records
from tests.cli.portfolio import today, yesterday

parquet = pytest.importorskip("pyarrow.parquet")

FAULT = ("--fault", "star=4001")


@pytest.fixture
def saved(koscom, tmp_path):
    """A file that `--save` wrote of a whole answer."""
    path = tmp_path / "saved.json"
    assert koscom("holdings", "--sandbox", "--save", str(path)).exit_code == 0
    return path


@pytest.mark.parametrize(("fault", "code"), [((), 0), (FAULT, 3)])
@pytest.mark.parametrize("by", ["class", "product", "broker", "account", "currency"])
def test_groups_as_a_table_as_json_and_as_csv(koscom, by, fault, code):
    table = koscom("holdings", "--sandbox", "--by", by, *fault)
    data = koscom("holdings", "--sandbox", "--by", by, "--json", *fault)
    rows = koscom("holdings", "--sandbox", "--by", by, "--csv", *fault)
    assert [each.exit_code for each in (table, data, rows)] == [code] * 3
    assert table.stdout.count("INCOMPLETE") == (2 if fault else 0)
    document = json.loads(data.stdout)
    assert (document["by"], document["complete"]) == (by, not fault)
    listed = list(csv.DictReader(io.StringIO(rows.stdout)))
    assert [row["key"] for row in listed] == [group["key"] for group in document["groups"]]
    assert ("INCOMPLETE" in rows.stderr) is bool(fault)


def test_what_is_saved_is_everything_private_and_said(koscom, tmp_path):
    path = tmp_path / "a.json"
    result = koscom("holdings", "--sandbox", "--save", str(path), "--csv")
    assert result.stderr.endswith(f"saved to {path}, with account numbers in full: keep it to yourself\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    answer = Holdings.from_json(path.read_text(encoding="utf-8"))
    assert len(answer.positions) == len(list(csv.reader(io.StringIO(result.stdout)))) - 1
    assert "160635473367600099" in path.read_text(encoding="utf-8")


def test_a_partial_answer_is_saved_and_says_so(koscom, tmp_path):
    path = tmp_path / "a.json"
    result = koscom("holdings", "--sandbox", "--save", str(path), *FAULT)
    assert result.exit_code == 3
    assert f"saved, INCOMPLETE as it is, to {path}" in result.stderr
    assert Holdings.from_json(path.read_text(encoding="utf-8")).failures[0].error.code == "4001"


def test_nothing_does_not_take_the_place_of_something(koscom, saved):
    before = saved.read_bytes()
    faults = [part for broker in ("star", "cyber", "diamond") for part in ("--fault", f"{broker}=4001")]
    result = koscom("holdings", "--sandbox", "--save", str(saved), *faults)
    assert result.exit_code == 1
    assert f"not saved to {saved}: no account was read" in result.stderr
    assert saved.read_bytes() == before


def test_what_changed_since_as_a_table_and_as_json(koscom, saved):
    whole = koscom("holdings", "--sandbox", "--diff", str(saved))
    assert whole.exit_code == 0
    assert "Nothing changed in the 3 accounts read both times." in whole.stdout
    partial = koscom("holdings", "--sandbox", "--diff", str(saved), *FAULT)
    assert partial.exit_code == 3
    assert "unreadable  스타 증권 1606…0099" in partial.stdout
    assert "closed" not in partial.stdout
    document = json.loads(koscom("holdings", "--sandbox", "--diff", str(saved), "--json", *FAULT).stdout)
    assert [change["kind"] for change in document["accounts"]] == ["unreadable"]
    assert (document["positions"], document["cash"], document["complete"]) == ([], [], False)


def test_compared_and_kept_anew_in_one_go(koscom, saved):
    before = saved.read_bytes()
    result = koscom("holdings", "--sandbox", "--diff", str(saved), "--save", str(saved))
    assert "Nothing changed" in result.stdout
    assert saved.read_bytes() != before


def test_a_file_that_is_not_what_it_should_be_is_said_before_anything_is_asked(koscom, tmp_path):
    path = tmp_path / "a.json"
    path.write_text("{}")
    result = koscom("holdings", "--sandbox", "--diff", str(path))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"koscom: {path}: this is no koscom_async.holdings document\n"


def test_a_position_is_explained_as_text_and_as_json(koscom):
    result = koscom("holdings", "--sandbox", "--explain", "KR7000020008")
    assert result.exit_code == 0
    assert "value: 530,000 + 201,400 + 328,600 = 1,060,000" in result.stdout
    document = json.loads(koscom("holdings", "--sandbox", "--explain", "동화약품", "--json").stdout)
    assert len(document["explanations"][0]["position"]["lots"]) == 3


def test_a_position_that_is_not_held_is_one_line(koscom):
    result = koscom("holdings", "--sandbox", "--explain", "없음", *FAULT)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no position has the code or name '없음'. INCOMPLETE: 1 of 3" in result.stderr


@pytest.mark.parametrize("lots", [(), ("--lots",)])
def test_parquet_has_the_rows_of_the_frame(koscom, tmp_path, lots):
    path = tmp_path / "a.parquet"
    piped = koscom("holdings", "--sandbox", "--format", "parquet", *lots)
    filed = koscom("holdings", "--sandbox", "--output", str(path), *lots, *FAULT)
    table, partial = parquet.read_table(io.BytesIO(piped.stdout_bytes)), parquet.read_table(path)
    assert ("account_index" in table.column_names) is bool(lots)
    assert set(table["complete"].to_pylist()) == {True}
    assert set(partial["complete"].to_pylist()) == {False}
    assert (filed.exit_code, filed.stdout) == (3, "")
    assert f"written to {path}" in filed.stderr


def test_a_missing_extra_is_named_in_one_line(koscom, monkeypatch):
    def missing(name, *, extra):
        raise ImportError(f"this needs {name}: {extra}")

    monkeypatch.setattr(records, "needed", missing)
    result = koscom("holdings", "--sandbox", "--format", "parquet")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "koscom: this needs pyarrow.parquet: arrow" in result.stderr


def test_html_is_one_document(koscom, tmp_path):
    path = tmp_path / "report.html"
    piped = koscom("holdings", "--sandbox", "--format", "html", *FAULT)
    filed = koscom("holdings", "--sandbox", "--output", str(path))
    for text in (piped.stdout, path.read_text(encoding="utf-8")):
        assert text.startswith("<!doctype html>")
        assert text.endswith("</html>\n")
        assert not re.search(r"1606\d{10}0099", text)
    assert "INCOMPLETE" in piped.stdout
    assert "INCOMPLETE" in piped.stderr
    assert filed.exit_code == 0


def test_a_table_in_a_file_is_what_is_printed_where_no_terminal_is(koscom, tmp_path):
    path = tmp_path / "report.txt"
    result = koscom("holdings", "--sandbox", "--output", str(path), *FAULT)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("Holdings  2 of 3 accounts")
    assert "\x1b" not in text
    assert "INCOMPLETE" in result.stderr


def test_a_dash_is_stdout(koscom):
    assert json.loads(koscom("holdings", "--sandbox", "--output", "-", "--json").stdout)["complete"] is True


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--by", "diff"], "'diff' is not one of 'class', 'product', 'broker', 'account', 'currency'"),
        (["--by", "class", "--explain", "x"], "--by and --explain exclude each other"),
        (["--by", "class", "--diff", "FILE"], "--by and --diff exclude each other"),
        (["--diff", "FILE", "--explain", "x"], "--diff and --explain exclude each other"),
        (["--diff", "nowhere.json"], "does not exist"),
        (["--diff", "FILE", "--csv"], "--diff cannot be written as csv, only as table or json"),
        (["--diff", "FILE", "--output", "a.html"], "--diff cannot be written as html"),
        (
            ["--by", "class", "--format", "html"],
            "--by cannot be written as html, only as table, json, csv, parquet or xlsx",
        ),
        (["--explain", "x", "--csv"], "--explain cannot be written as csv"),
        (["--json", "--format", "csv"], "--format csv and --json exclude each other"),
        (["--lots", "--by", "class"], "--lots and --by exclude each other"),
        (["--lots", "--explain", "x"], "--lots and --explain exclude each other"),
        (["--watch", "9.9"], "must be 10 seconds or more"),
        (["--watch", "nan"], "must be 10 seconds or more"),
        (["--watch", "inf"], "must be 10 seconds or more"),
        (["--watch", "soon"], "'soon' is not a valid float"),
        (["--watch", "--json"], "--watch cannot be written as json, only as table"),
        (["--watch", "--explain", "x"], "--explain and --watch exclude each other"),
        (["--watch", "30", "--diff", "FILE"], "--diff and --watch exclude each other"),
        (["--watch", "--save", "a.json"], "--watch and --save exclude each other"),
        (["--watch", "--output", "a.txt"], "--watch and --output exclude each other"),
        (["--watch", "--lots", "--by", "class"], "--lots and --by exclude each other"),
        (["--explain", ""], "--explain: must not be empty: give a code or a name"),
        (["--explain", " "], "--explain: must not be empty: give a code or a name"),
        (["--save", "no/such/directory/a.json"], "there is no directory"),
        (["--output", "no/such/directory/a.json"], "there is no directory"),
    ],
)
def test_requests_that_make_no_sense_are_usage_errors(koscom, tmp_path, arguments, said):
    path = tmp_path / "saved.json"
    path.touch()
    result = koscom("holdings", "--sandbox", *[str(path) if each == "FILE" else each for each in arguments])
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in re.sub(r"\s+", " ", result.stderr)
    assert "asking" not in result.stderr


def test_the_same_format_twice_is_one(koscom):
    assert koscom("holdings", "--sandbox", "--json", "--format", "json").exit_code == 0


def test_each_view_has_the_formats_that_it_promises():
    output = OutputOptions(format="table")
    options = {"earlier": None, "with_lots": False, "output": output, "save": None, "interval": None}
    asked = {"whole": {}, "by": {"by": "class"}, "diff": {}, "explain": {"term": "삼성전자"}}
    for view, question in asked.items():
        request = HoldingsRequest(
            view=view,
            **options | {"by": None, "term": None} | question,
        )
        made = renderers_of(request, today(), yesterday() if view == "diff" else None)
        assert tuple(made) == FORMATS[view], view
    assert FORMATS.keys() - asked.keys() == {"live", "watch"}  # live: tests/cli/test_market.py


def test_every_view_has_a_table():
    assert all("table" in formats for formats in FORMATS.values())
