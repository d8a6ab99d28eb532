"""`koscom operations` and `koscom ask`: the catalogue, and any of it against the embedded gateway."""

import csv
import io
import json
from decimal import Decimal

import pytest
from rich.cells import cell_len

from koscom_async._wire.catalogue.operations import Operations

PRICE = ("ask", "market.stocks.price", "board=kospi", "issue=005930", "--sandbox")
HISTORY = (
    "ask",
    "market.stocks.history",
    "board=kospi",
    "issue=005930",
    "since=2024-01-02",
    "until=2024-01-31",
)


def test_every_operation_is_listed_with_its_method_and_specification(koscom):
    lines = koscom("operations", env={"COLUMNS": "200"}).stdout.splitlines()
    for name, operation in Operations().items():
        (line,) = [each for each in lines if each.split()[:1] == [name]]
        assert (operation.method or "not known") in line
        assert operation.specification in line
        assert ("not public" in line) is bool(operation.missing)
    assert len(json.loads(koscom("operations", "--json").stdout)["rows"]) == len(Operations())


@pytest.mark.parametrize("word", ["공매도", "srtsellTrdVol", "SHORTSELL", "short_volume"])
def test_a_word_narrows_the_list(koscom, word):
    found = {each["name"] for each in json.loads(koscom("operations", word, "--json").stdout)["rows"]}
    assert "market.stocks.shortsell" in found
    assert len(found) < 5


def test_one_operation_is_shown_with_its_arguments_and_fields(koscom):
    text = koscom("operations", "market.stocks.history").stdout
    for part in (
        "every",
        "day, week, month; day by default",
        "found by issue",
        "accTrdval",
        "누적거래대금",
        "06:30",
    ):
        assert part in text
    unknown = koscom("operations", "orders.place").stdout
    assert "FIX_REST_API_v1.03.pdf" in unknown
    assert koscom("operations", "no-such-word").exit_code == 1


@pytest.mark.parametrize("width", ["60", "80", "120"])
def test_lists_fit_a_terminal(koscom, width):
    assert max(map(cell_len, koscom("operations", env={"COLUMNS": width}).stdout.splitlines())) <= int(width)


def test_an_answer_is_a_table_json_or_csv(koscom):
    shown = koscom(*PRICE)
    assert shown.exit_code == 0
    assert shown.stdout.startswith("market.stocks.price\n")
    assert "누적거래대금" in shown.stdout
    document = json.loads(koscom(*HISTORY, "--sandbox", "--json").stdout)
    assert (document["version"], document["complete"], document["head"]["code"]) == (1, True, "005930")
    rows = list(csv.DictReader(io.StringIO(koscom(*HISTORY, "--sandbox", "--csv").stdout)))
    assert [row["date"] for row in rows] == [row["date"] for row in document["rows"]]
    assert rows[0]["turnover"] == document["rows"][0]["turnover"]
    table = koscom(*HISTORY, "--sandbox").stdout.splitlines()
    assert table[0] == "market.stocks.history code 005930"
    assert table[1].split()[:3] == ["date", "price", "direction"]
    assert table[2].split()[0] == rows[0]["date"]


def test_an_answer_is_written_to_a_file_as_parquet(koscom, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    file = tmp_path / "history.parquet"
    assert koscom(*HISTORY, "--sandbox", "--output", str(file)).exit_code == 0
    rows = json.loads(koscom(*HISTORY, "--sandbox", "--json").stdout)["rows"]
    written = parquet.read_table(file)
    assert written.column("turnover").to_pylist() == [Decimal(row["turnover"]) for row in rows]
    assert koscom(*HISTORY, "--sandbox", "--format", "html").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("ask", "market.stocks.price", "isue=005930", "--sandbox"), 2, "did you mean issue?"),
        (("ask", "market.stocks.price", "issue", "--sandbox"), 2, "is not NAME=VALUE"),
        (("ask", "market.stocks.price", "deadline=5", "--sandbox"), 2, "is not NAME=VALUE"),
        (("ask", "market.stock.price", "--sandbox"), 2, "did you mean market.stocks.price"),
        ((*PRICE, "--json", "--csv"), 2, "exclude each other"),
        (("ask", "bccard.sectors", "--sandbox"), 1, "API 서비스 명세서"),
        (("ask", "orders.place", "--sandbox"), 2, "use koscom.orders.place"),
    ],
)
def test_what_cannot_be_asked_is_one_line(koscom, arguments, code, words):
    result = koscom(*arguments)
    assert result.exit_code == code
    assert words in result.stderr
