"""`koscom errors`: every code is explained, in each category in which it stands, and so is every code of the library itself."""

import ast
import json
import re
from pathlib import Path

import pytest

import koscom_async
from koscom_async.cli.commands.errors import EntriesTable, Facts
from koscom_async.cli.views.error_entries import CATEGORIES, entries
from koscom_async.error_codes import ERROR_CODES
from tests.cli.screen import lines_of


def test_a_code_is_explained(koscom):
    result = koscom("errors", "3600")
    assert result.exit_code == 0
    assert [line.rstrip() for line in result.stdout.splitlines()] == [
        "3600  Target Company Service Unavailable",
        "  meaning      broker server cannot serve",
        "  뜻           금투사 서비스 불가",
        "  sent by      op-exco: the platform's link to the brokers (증권사 연계 서버)",
        "  HTTP status  503",
        "  raised as    BrokerUnavailableError",
        "  retried      yes, while the deadline allows",
        "  what to do   the broker is down: ask again later",
    ]


def test_a_code_that_stands_in_two_categories_shows_both(koscom):
    lines = [line.rstrip() for line in koscom("errors", "4000").stdout.splitlines()]
    assert lines[0] == "4000 means something else in each of 2 categories."
    assert "  raised as    AccountUnavailableError" in lines
    assert "  raised as    AuthenticationError" in lines
    assert "  sent by      ofin-oauth: the login window (OFin OAuth)" in lines


def test_success_is_no_error(koscom):
    assert "raised as    nothing: it is success" in koscom("errors", "200").stdout


@pytest.mark.parametrize(("code", "error"), [("429", "RateLimitedError"), ("502", "BrokerUnavailableError")])
def test_a_bare_http_status_is_explained_as_the_client_takes_it(koscom, code, error):
    (entry,) = json.loads(koscom("errors", code, "--json").stdout)["rows"]
    assert (entry["category"], entry["error"], entry["retried"]) == ("gateway", error, True)


@pytest.mark.parametrize(
    ("word", "error", "retried"),
    [
        ("truncated", "TruncatedResponseError", False),
        ("MISMATCH", "ResponseMismatchError", False),
        ("connection", "ConnectionFailedError", True),
        ("too-large", "ResponseTooLargeError", False),
    ],
)
def test_a_word_of_this_library_is_explained_too(koscom, word, error, retried):
    (entry,) = json.loads(koscom("errors", word, "--json").stdout)["rows"]
    assert (entry["category"], entry["error"], entry["retried"]) == ("koscom_async", error, retried)
    assert entry["advice"]


def test_a_class_is_explained_with_the_codes_that_are_raised_as_it(koscom):
    result = koscom("errors", "quotaexceedederror", env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert result.stdout.startswith("QuotaExceededError  ")
    assert "a RateLimitedError, a " in result.stdout
    rows = json.loads(koscom("errors", "BrokerUnavailableError", "--json").stdout)["rows"]
    assert {each["error"] for each in rows} == {"BrokerUnavailableError"}
    assert {"3600", "502"} <= {each["code"] for each in rows}
    # One that no code of its own is raised as is a header and no row.
    assert koscom("errors", "PlatformError", "--csv").stdout.startswith("code,category,status,error,")
    assert json.loads(koscom("errors", "PlatformError", "--json").stdout)["rows"] == []
    listed = koscom("errors", "KoscomError", env={"COLUMNS": "80"}).stdout.splitlines()
    assert "  account: the account's number, masked." in map(str.rstrip, listed)
    assert "did you mean RateLimitedError?" in koscom("errors", "RateLimitedErorr").stderr


def test_a_negative_code_follows_two_dashes(koscom):
    assert "database connection error" in koscom("errors", "--", "-1").stdout


LIST = "run `koscom errors` for the list"


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("7777", LIST),
        ("", LIST),
        ("no such\x1b[2J", LIST),
        ("36000", "did you mean 3600?"),
        ("TRUNKATED", "did you mean truncated?"),
    ],
)
def test_an_unknown_code_is_one_line_and_an_error(koscom, code, advice):
    result = koscom("errors", code)
    assert (result.exit_code, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 1
    assert "unknown error code" in result.stderr
    assert result.stderr.endswith(f"; {advice}\n")
    assert "\x1b" not in result.stderr


def test_all_codes_are_listed_by_category(koscom):
    result = koscom("errors", env={"COLUMNS": "200"})
    assert result.exit_code == 0
    for category, who in CATEGORIES.items():
        assert f"{category}: {who}" in result.stdout
    for row in ERROR_CODES:
        assert re.search(rf"^{row.code} .*{re.escape(row.meaning_en)}", result.stdout, re.MULTILINE)


def test_all_codes_as_json_have_the_table_s_own_facts(koscom):
    listed = json.loads(koscom("errors", "--json").stdout)["rows"]
    assert len(listed) == len(entries())
    by_key = {(each["code"], each["category"]): each for each in listed}
    for row in ERROR_CODES:
        entry = by_key[row.code, row.category]
        assert (entry["status"], entry["retried"], entry["meaning_ko"], entry["advice"]) == (
            *(row.status, row.retriable, row.meaning_ko, row.advice),
        )


def test_every_entry_says_who_what_and_what_to_do():
    for entry in entries():
        assert entry.category in CATEGORIES
        assert entry.meaning_en.strip() == entry.meaning_en != ""
        assert entry.error is None or hasattr(koscom_async, entry.error)
    assert len({(entry.code, entry.category) for entry in entries()}) == len(entries())


def test_every_word_that_an_error_of_ours_can_carry_is_explained():
    """A `code="word"` anywhere in the client must be in the list, so that what a user reads can be looked up."""
    root = Path(koscom_async.__file__).parent
    for path in root.rglob("*.py"):
        if "sandbox" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "code" and isinstance(node.value, ast.Constant):
                assert entries(str(node.value.value)), f"{path.name}: {node.value.value}"


@pytest.mark.parametrize("width", [30, 40, 60, 80, 100, 120, 140, 200])
def test_nothing_is_cut_at_any_width(width):
    table = "\n".join(lines_of(EntriesTable(entries()), width))
    assert "…" not in table.replace("=…", "")
    assert all(entry.code in table for entry in entries())
    (entry,) = entries("6005")
    facts = " ".join("\n".join(lines_of(Facts(entry), width)).split())
    for fact in (entry.meaning_en, entry.advice):
        assert facts.count(fact.split()[-1])
