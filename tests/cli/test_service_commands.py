"""`koscom portfolio`, `transactions` and `watchlist`, whole: against the embedded gateway over a socket."""

import csv
import io
import json
import re
from datetime import date
from decimal import Decimal

import pytest
from rich.cells import cell_len

from koscom_async.cli.commands.transactions import TransactionsTable
from koscom_async.models.codes import TransactionType
from koscom_async.models.transactions import Transaction
from tests.cli.screen import lines_of
from tests.manuals_investor import manuals_ledger

RANGE = ("--since", "2018-01-01", "--until", "2020-12-31")
COMMANDS = [("portfolio",), ("transactions", *RANGE), ("watchlist",)]


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_a_portfolio_says_of_each_number_what_it_is(koscom):
    result = koscom("portfolio", "--sandbox")
    assert result.exit_code == 0
    assert result.stdout.startswith("Portfolios  3 accounts")
    (line,) = [each for each in result.stdout.splitlines() if "KR7000020008" in each and "다이아몬드" in each]
    assert line.split()[-6:] == ["7.15", "%", "of", "its", "class", "+10.95%"]
    assert "not known" in result.stdout
    assert "exceed 100 %" in result.stdout


def test_quantities_can_be_asked_for_and_a_broker_without_them_makes_the_answer_partial(koscom):
    result = koscom("portfolio", "--sandbox", "--quantities", "--csv")
    assert result.exit_code == 3
    rows = rows_of(result.stdout)
    assert {row["quantity"] for row in rows if row["code"] == "KR7000020008"} == {"19", "50"}
    assert {row["share"] for row in rows} == {""}
    assert "INCOMPLETE: 1 of 3 accounts could not be read" in result.stderr


def test_transactions_are_a_table_in_order(koscom):
    result = koscom("transactions", "--sandbox", "--since", "2020-11-01", "--until", "2020-12-31")
    assert result.exit_code == 0
    days = [line[:10] for line in result.stdout.splitlines() if line[:2] == "20"]
    assert days == sorted(days)
    assert len(days) == sum(
        f"{each.day}" >= "2020-11-01" for account in manuals_ledger().accounts for each in account.movements
    )


def test_transactions_as_csv_and_json_are_the_ledgers(koscom):
    result = koscom("transactions", "--sandbox", *RANGE, "--csv")
    rows = rows_of(result.stdout)
    document = json.loads(koscom("transactions", "--sandbox", *RANGE, "--json").stdout)
    assert document["complete"] is True
    for account in manuals_ledger().accounts:
        amounts = [each.amount for each in account.movements]
        assert [Decimal(row["amount_change"]) for row in rows if row["broker"] == account.broker] == amounts
        assert [
            Decimal(row["amount_change"])
            for row in document["transactions"]
            if row["account"]["broker"]["short_name"] == account.broker
        ] == amounts
        assert account.number not in result.stdout
    assert {row["direction"] for row in rows} == {"sale", "purchase", "transfer in", "transfer out"}


def test_transactions_can_be_narrowed_down(koscom):
    arguments = ("transactions", "--sandbox", *RANGE, "--csv", "--side", "bid", "--isin", "KR7000020008")
    rows = rows_of(koscom(*arguments).stdout)
    assert {(row["type"], row["code"]) for row in rows} == {("BID", "KR7000020008")}


def test_a_row_whose_signs_contradict_its_code_is_marked():
    row = Transaction(
        type=TransactionType.SALE, amount_change=Decimal(-9000000), quantity_change=Decimal(300)
    )
    (line,) = lines_of(TransactionsTable([row]))[1:]
    assert line.split()[:3] == ["—", "sale", "!"]


def test_a_narrow_terminal_shows_which_instrument_each_row_is_of(koscom):
    asked = ("portfolio", "--sandbox", "--quiet")
    codes = {row["code"] for row in rows_of(koscom(*asked, "--csv").stdout) if row["code"]}
    narrow = koscom(*asked, env={"COLUMNS": "60"}).stdout
    assert [code for code in codes if code not in narrow] == []
    row = Transaction(
        on=date(2026, 3, 2), code="KR7005930003", type=TransactionType.SALE, amount_change=Decimal(9)
    )
    for width in range(20, 100):
        lines = lines_of(TransactionsTable([row]), width=width)
        assert "KR7005930003" in "".join(lines), (width, lines)


def test_a_watchlist_is_by_symbol(koscom):
    result = koscom("watchlist", "--sandbox")
    assert result.exit_code == 0
    (line,) = [each for each in result.stdout.splitlines() if "KR7005930003" in each]
    assert line.split(maxsplit=1)[1].rstrip() == "사이버 증권 (관심종목00), 스타 증권 (반도체)"
    rows = rows_of(koscom("watchlist", "--sandbox", "--csv").stdout)
    places = [(row["broker"], row["group"]) for row in rows if row["code"] == "KR7005930003"]
    assert places == [("cyber", "관심종목00"), ("star", "반도체")]
    assert json.loads(koscom("watchlist", "--sandbox", "--json").stdout)["complete"] is True


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_partial_answer_is_unmistakable(koscom, command):
    result = koscom(*command, "--sandbox", "--fault", "star=4001")
    assert result.exit_code == 3
    assert result.stdout.count("INCOMPLETE: 1 of 3 accounts could not be read") == 2
    assert "have the investor link the account again" in result.stdout.replace("\n", " ")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_nothing_read_is_a_failure(koscom, command):
    faults = [word for broker in ("star", "cyber", "diamond") for word in ("--fault", f"{broker}=4001")]
    assert koscom(*command, "--sandbox", *faults).exit_code == 1


@pytest.mark.parametrize("command", [("holdings",), *COMMANDS], ids=lambda command: command[0])
def test_every_json_says_what_is_missing_in_the_same_words(koscom, command):
    result = koscom(*command, "--sandbox", "--fault", "star=4001", "--json")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["version"], document["complete"]) == (3, 1, False)
    assert document["as_of"].endswith("+09:00")
    assert len(document["outcomes"]) == 3
    (failure,) = document["failures"]
    assert failure["error"]["code"] == "4001"
    assert result.stderr.splitlines()[-1].startswith("  스타 증권 1606…0099: account not found")


@pytest.mark.parametrize("command", [("holdings",), *COMMANDS], ids=lambda command: command[0])
def test_progress_is_reported_unless_it_shall_be_quiet(koscom, command):
    asking = r"asking 3 accounts at the embedded sandbox gateway \(http://127\.0\.0\.1:\d+\)\n"
    assert re.fullmatch(asking, koscom(*command, "--sandbox", "--csv").stderr)
    assert koscom(*command, "--sandbox", "-q", "--csv").stderr == ""


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_two_formats_at_once_are_refused(koscom, command):
    assert koscom(*command, "--sandbox", "--json", "--csv").exit_code == 2


@pytest.mark.parametrize("width", [40, 60, 80])
def test_no_line_is_wider_than_the_terminal(koscom, width):
    for command in COMMANDS:
        result = koscom(*command, "--sandbox", env={"COLUMNS": str(width)})
        assert result.exit_code == 0
        assert max(map(cell_len, result.stdout.splitlines())) <= width


def test_a_first_day_after_the_last_is_refused(koscom):
    result = koscom("transactions", "--sandbox", "--since", "2020-12-31", "--until", "2020-01-01")
    assert result.exit_code == 2
    assert "2020-12-31 is after 2020-01-01" in result.stderr
