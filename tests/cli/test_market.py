"""`koscom market` and `koscom holdings --live` against the embedded gateway."""

import csv
import io
import json
from decimal import Decimal

import pytest

from koscom_async.cli.commands import tables
from koscom_async.cli.views.records import ColumnsTable
from koscom_async.export.html.lists import table_view
from koscom_async.models.market.quotes import IndexValue
from tests.cli.screen import lines_of

HISTORY = ("market", "bars", "005930", "--since", "2025-01-02", "--until", "2025-06-30", "--sandbox")


def test_quotes_are_a_table_json_or_csv_and_name_what_is_missing(koscom):
    shown = koscom("market", "quote", "005930", "035720", "999999", "--sandbox")
    assert shown.exit_code == 3
    assert "2 quotes, 1 missing" in shown.stdout
    assert "삼성전자" in shown.stdout
    assert shown.stderr == "INCOMPLETE: 999999: not listed, or left out\n"
    whole = koscom("market", "quote", "005930", "035720", "--sandbox", "--json")
    assert whole.exit_code == 0
    document = json.loads(whole.stdout)
    assert (document["version"], document["complete"], document["missing"]) == (1, True, [])
    assert [row["code"] for row in document["rows"]] == ["005930", "035720"]
    assert koscom("market", "quote", "999999", "--sandbox").exit_code == 1


def test_bars_are_the_same_in_each_format(koscom, tmp_path):
    document = json.loads(koscom(*HISTORY, "--json").stdout)
    assert document["complete"] is True
    closes = [row["close"] for row in document["rows"]]
    assert len(closes) > 110
    rows = list(csv.DictReader(io.StringIO(koscom(*HISTORY, "--csv").stdout)))
    assert [row["close"] for row in rows] == closes
    table = koscom(*HISTORY).stdout.splitlines()
    assert table[1].split()[:5] == ["on", "open", "high", "low", "close"]
    assert [line.split()[4].replace(",", "") for line in table[2:]] == closes
    parquet = pytest.importorskip("pyarrow.parquet")
    file = tmp_path / "bars.parquet"
    assert koscom(*HISTORY, "--output", str(file)).exit_code == 0
    assert parquet.read_table(file).column("close").to_pylist() == list(map(Decimal, closes))


def test_books_snapshots_indices_and_holidays(koscom):
    sides = [
        row["side"]
        for row in json.loads(koscom("market", "book", "005930", "--sandbox", "--json").stdout)["rows"]
    ]
    assert sides == ["ask"] * 10 + ["bid"] * 10
    snapshot = koscom("market", "snapshot", "kosdaq", "--sandbox", "--csv").stdout.splitlines()
    assert len(snapshot) > 200
    indices = json.loads(koscom("market", "index", "KOSPI", "코스닥", "--sandbox", "--json").stdout)["rows"]
    assert [row["code"] for row in indices] == ["K1", "Q1"]
    days = koscom("market", "holidays", "us", "--sandbox")
    assert days.exit_code == 0
    assert days.stdout.startswith("market.extra.holiday nation US\n")


def test_an_index_that_cannot_be_asked_costs_no_other(koscom):
    shown = koscom("market", "index", "KOSPI", "K999", "dax", "코스닥150", "--sandbox")
    assert shown.exit_code == 3
    assert "KOSPI, 코스닥150, 2 failed" in shown.stdout
    refused, unknown = shown.stderr.splitlines()
    assert refused.startswith("INCOMPLETE: K999: market market.index.index 400: ")
    assert unknown.startswith("INCOMPLETE: dax: usage: there is no index 'dax'")
    document = json.loads(koscom("market", "index", "KOSPI", "K999", "--sandbox", "--json").stdout)
    assert (document["complete"], [row["code"] for row in document["rows"]]) == (False, ["K1"])
    assert list(document["failures"]) == ["K999"]
    alone = koscom("market", "index", "K999", "--sandbox")
    assert alone.exit_code == 1
    assert ("What to do: check the code" in alone.stderr, ".." in alone.stderr) == (True, False)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("quote", "005930", "--format", "html"), "Invalid value"),
        (("quote", "005930", "--output", "x.html"), "cannot be written as html"),
        (("bars", "005930", "--since", "2026-02-01", "--until", "2026-01-01"), "is after"),
        (("bars", "999999", "--since", "2026-01-01"), "not in the listings of KOSPI"),
        (("index", "dax"), "no index"),
    ],
)
def test_what_cannot_be_asked_is_a_usage_error(koscom, arguments, words):
    refused = koscom("market", *arguments, "--sandbox")
    assert refused.exit_code == 2
    assert words in refused.stderr


def test_a_long_question_says_how_many_calls_it_made(koscom, monkeypatch):
    monkeypatch.setattr(tables, "_REPORT_SECONDS", 0.001)
    asked = (*HISTORY, "--csv", "--latency", "0.05")
    assert "calls so far" in koscom(*asked).stderr
    assert koscom(*asked, "--quiet").stderr == ""


def test_names_are_broken_before_a_row_becomes_lines():
    columns = {"Name": ["한빛글로벌채권증권자1호[채권]"], "Value": [Decimal(3_045_000)], "": ["KRW"]}
    heading, first, *others = lines_of(ColumnsTable(columns), width=28)
    assert (heading.split(), first.split()[-2:], len(others)) == (["Name", "Value"], ["3045000", "KRW"], 1)


def test_a_loss_has_the_sign_that_it_has_on_every_page():
    assert lines_of(ColumnsTable({"change": [Decimal("-1300.50")]}, with_commas=True))[1] == "−1,300.50"
    row = IndexValue(code="K1", name="KOSPI", value=Decimal("2489.60"), change=Decimal("-16.40"))
    assert "−16.40" in table_view("KOSPI", IndexValue, [row], ())


def test_a_narrow_table_of_several_rows_names_the_columns_that_it_leaves_out():
    columns = {
        "on": ["2026-03-02"] * 2,
        "open": [Decimal(1)] * 2,
        "close": [Decimal(2)] * 2,
        "turnover": [Decimal(3)] * 2,
    }
    table = ColumnsTable(columns, may_leave_out=True)
    assert lines_of(table, width=31)[1].split() == ["2026-03-02", "1", "2", "3"]
    heading, *_, below = lines_of(table, width=24)
    assert (heading.split(), below) == (["on", "open", "close"], "turnover")
    assert lines_of(table, width=40)[0].split() == list(columns)
    doubtful = lines_of(ColumnsTable(columns | {"doubtful": [True, None]}, may_leave_out=True), width=31)
    assert [line.split() for line in doubtful[:2]] == [
        ["on", "open", "close", "doubtful"],
        ["2026-03-02", "1", "2", "true"],
    ]
    one = {name: values[:1] for name, values in columns.items()}
    assert "turnover 3" in lines_of(ColumnsTable(one, may_leave_out=True), width=24)
    assert "turnover 3" in lines_of(ColumnsTable(columns), width=24)
    assert "turnover 3" in lines_of(table, width=12)


def test_live_holdings_stand_beside_the_brokers_values(koscom):
    shown = koscom("holdings", "--live", "--sandbox", "--quiet")
    assert shown.exit_code == 0
    for part in (
        "Holdings at market prices",
        "Last price",
        "By brokers",
        "Difference",
        "a bond",
        "foreign: in USD",
    ):
        assert part in shown.stdout
    document = json.loads(koscom("holdings", "--live", "--sandbox", "--json").stdout)
    assert Decimal(document["value"]) == Decimal(document["broker_value"]) + Decimal(document["difference"])
    (samsung,) = [row for row in document["rows"] if row["code"] == "005930"]
    assert Decimal(samsung["value"]) == Decimal(samsung["quantity"]) * Decimal(samsung["price"])
    assert document["failures"] == []
    rows = list(csv.DictReader(io.StringIO(koscom("holdings", "--live", "--sandbox", "--csv").stdout)))
    assert len(rows) == len(document["rows"])
    for others in (("--by", "class"), ("--lots",), ("--format", "html")):
        assert koscom("holdings", "--live", *others, "--sandbox").exit_code == 2
