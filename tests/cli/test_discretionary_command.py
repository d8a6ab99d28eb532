"""`koscom discretionary` and `koscom call`, against the embedded sandbox: tables, JSON, CSV, and what is missing."""

import csv
import io
import json
import re
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest

from koscom_async._clock import KST
from koscom_async.cli.commands.call import raw_json
from koscom_async.cli.views.discretionary import ORDERS, RowsTable
from koscom_async.models.discretionary.answers import (
    DiscretionaryAnswers,
    DiscretionaryOutcome,
    DiscretionaryRows,
)
from koscom_async.models.member import VirtualAccount
from koscom_async.sandbox import example_ledger
from tests.cli.screen import lines_of
from tests.merge.accounts import CYBER

LEDGER = [each for each in example_ledger().discretionary if each.contract_status == "0"]
DAY = f"{LEDGER[0].today:%Y-%m-%d}"


def table(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_accounts_are_listed_without_names_or_numbers(koscom):
    result = koscom("discretionary", "accounts", "--sandbox")
    assert result.exit_code == 0
    assert "4 accounts under contract" in result.stdout
    assert "홍길동" not in result.stdout
    assert all(each.number not in result.stdout for each in LEDGER)
    ended = json.loads(koscom("discretionary", "accounts", "--sandbox", "--ended", "--json").stdout)
    assert [each["status"] for each in ended["accounts"]] == ["0", "1", "0", "2", "0", "0"]
    assert {each["number"].partition(" #")[0] for each in ended["accounts"]} == {"0019…2221"}
    rows = table(koscom("discretionary", "accounts", "--sandbox", "--csv").stdout)
    assert [each["broker"] for each in rows] == ["diamond", "cyber", "star", "comet"]


def test_a_list_that_fails_is_named_and_the_rest_is_listed(koscom):
    result = koscom("discretionary", "accounts", "--sandbox", "--fault", "comet=3600", "--csv")
    assert result.exit_code == 3
    assert "INCOMPLETE: 1 of 4 brokers could not be read\n  comet (list of accounts): " in result.stderr
    assert len(table(result.stdout)) == 3


def test_holdings_are_the_report_of_holdings(koscom):
    result = koscom("discretionary", "holdings", "--sandbox", "--broker", "cyber")
    assert result.exit_code == 0
    assert "Totals in KRW" in result.stdout
    document = json.loads(koscom("discretionary", "holdings", "--sandbox", "--json").stdout)
    value = sum(s.value for each in LEDGER for s in each.securities if s.paper.currency == "KRW")
    assert Decimal(document["totals"]["value"]) == value
    partial = koscom("discretionary", "holdings", "--sandbox", "--fault", "star=down", "--csv")
    assert (partial.exit_code, partial.stderr.count("INCOMPLETE")) == (3, 1)


def test_orders_settlements_and_trades_agree_with_the_ledger_and_each_other(koscom):
    orders = table(koscom("discretionary", "orders", "--sandbox", "--csv").stdout)
    today = [order for each in LEDGER for order in each.orders if order.day == each.today]
    assert sum(Decimal(row["executed_amount"]) for row in orders) == sum(order.amount for order in today)
    assert len(orders) == len(today)
    settlements = table(koscom("discretionary", "settlements", "--sandbox", "--on", DAY, "--csv").stdout)
    assert sum(Decimal(row["amount"]) for row in settlements) == sum(order.amount for order in today)
    trades = table(
        koscom("discretionary", "trades", "--sandbox", "--since", DAY, "--until", DAY, "--csv").stdout
    )
    assert sum(Decimal(row["amount_change"]) for row in trades) == sum(
        order.cash_change for order in today if order.executions
    )


@pytest.mark.parametrize("what", [("orders",), ("settlements",), ("trades", "--since", "2024-03-01")])
def test_every_list_is_a_table_and_json(koscom, what):
    result = koscom("discretionary", *what, "--sandbox", "--broker", "comet")
    assert result.exit_code == 0
    assert "comet 0019…2221" in result.stdout
    document = json.loads(koscom("discretionary", *what, "--sandbox", "--broker", "comet", "--json").stdout)
    assert document["complete"]
    assert document["outcomes"][0]["rows"][0]["account_number"] == "0019…2221"
    assert "holder" not in document["outcomes"][0]["rows"][0]
    partial = koscom("discretionary", *what, "--sandbox", "--fault", "comet=4001")
    assert partial.exit_code == 3
    assert partial.stdout.count("INCOMPLETE: 1 of 4") == 2


@pytest.mark.parametrize(
    "what", [("accounts",), ("holdings",), ("orders",), ("settlements",), ("trades", "--since", "2024-03-01")]
)
def test_every_json_says_what_is_missing_in_the_same_words(koscom, what):
    result = koscom("discretionary", *what, "--sandbox", "--fault", "comet=3600", "--json")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["version"], document["complete"]) == (3, 1, False)
    assert document["as_of"].endswith("+09:00")
    assert len(document["outcomes"]) == 4
    (failure,) = document["failures"]
    assert failure["account"]["broker"]["short_name"] == "comet"
    assert failure["error"]["code"] == "3600"


def test_rows_are_lines_in_eighty_columns_with_their_codes_below():
    row = SimpleNamespace(
        ordered_at=datetime(2024, 3, 13, 9, 2, 26, tzinfo=KST), side="2", name="SK하이닉스",
        code="KR7000660001", quantity=Decimal(33), price=Decimal(155_751), executed_quantity=Decimal(33),
        executed_amount=Decimal(5_139_790), currency="KRW", state="체결",
    )  # fmt: skip
    at = VirtualAccount(broker=CYBER, number="0019000000002221")
    outcome = DiscretionaryOutcome(
        account=at, answer=DiscretionaryRows(account=at, rows=(row,)), error=None, as_of=row.ordered_at
    )
    answers = DiscretionaryAnswers(outcomes=(outcome,), as_of=row.ordered_at)
    lines = lines_of(RowsTable(answers, ORDERS, "order"), width=80)
    assert (lines[1].split()[0], lines[1].split()[-1]) == ("Ordered", "State")
    assert (lines[2][:19], lines[4]) == ("2024-03-13 09:02:26", "  KR7000660001")


def test_an_unknown_broker_is_refused_before_a_call(koscom):
    result = koscom("discretionary", "orders", "--sandbox", "--broker", "nobody")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "unknown broker 'nobody'; run `koscom brokers` for the list" in result.stderr
    assert "asking" not in result.stderr


def test_progress_is_reported_unless_it_shall_be_quiet(koscom):
    asking = r"asking 4 brokers at the embedded sandbox gateway \(http://127\.0\.0\.1:\d+\)\n"
    assert re.fullmatch(asking, koscom("discretionary", "accounts", "--sandbox").stderr)
    assert koscom("discretionary", "accounts", "--sandbox", "--quiet").stderr == ""


def test_without_credentials_the_command_says_which_is_missing(koscom):
    result = koscom("discretionary", "orders")
    assert result.exit_code == 1
    assert "KOSCOM_" in result.stderr
    assert koscom("discretionary", "orders", "--fault", "star=down").exit_code == 2
    assert koscom("discretionary", "orders", "--sandbox", "--json", "--csv").exit_code == 2


def test_call_prints_the_answer_with_every_digit(koscom, tmp_path):
    body = tmp_path / "body.json"
    body.write_text(
        json.dumps(
            {
                "partner": {"comId": "F0995", "srvId": "297"},
                "commonHeader": {"reqIdConsumer": "by-hand"},
                "accountListRequestBody": {"queryParameter": {"count": 0, "page": None}},
            }
        )
    )
    path = "/v1/comet/b2baccount/accountlist/search"
    result = koscom("call", "POST", path, "--scheme", "basic", "--body", str(body), "--sandbox")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["accountListResponseBody"]["queryResult"]["totalCnt"] == 1
    assert koscom("call", "POST", path, "--scheme", "basic", "--sandbox").exit_code == 1
    assert koscom("call", "GET", path, "--scheme", "basic", "--param", "x", "--sandbox").exit_code == 2


def test_an_endpoint_that_fails_is_named_by_its_method_and_path(koscom):
    result = koscom("call", "GET", "/v1/nothing", "--scheme", "apikey", "--sandbox")
    assert (result.exit_code, result.stdout) == (1, "")
    assert re.match(r"koscom: GET /v1/nothing: .* \(code 404\)", result.stderr)
    assert "nothing.call" not in result.stderr


def test_a_query_is_given_as_parameters(koscom):
    result = koscom("call", "get", "/v1/nothing?a=1", "--scheme", "apikey", "--sandbox")
    assert result.exit_code == 2
    assert "give the query as --param NAME=VALUE" in result.stderr


def test_a_wrong_call_is_a_usage_error(koscom):
    for arguments, reason in (
        (("FOO", "/v1/x"), "'FOO' is no HTTP method: use one of DELETE, GET"),
        (("GET", "x"), "the path must be one of the gateway's own"),
        (("GET", "/v1/x", "--broker", "No No"), "'no no' is no broker's short name"),
    ):
        result = koscom("call", *arguments, "--scheme", "apikey", "--sandbox")
        assert (result.exit_code, result.stdout) == (2, ""), arguments
        assert reason in " ".join(result.stderr.split()), arguments


def test_raw_numbers_keep_their_digits():
    document = {"가": [Decimal("1234567890123456.78"), None, {}, []], "b": {"c": "x", "d": True}}
    text = raw_json(document)
    assert "1234567890123456.78" in text
    assert json.loads(text, parse_float=Decimal) == document
