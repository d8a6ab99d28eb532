"""The error table against the platform's manual and the design's decisions about retrying."""

import re
from collections import Counter

import pytest

from koscom_async._wire.failures import failure
from koscom_async.error_codes import ERROR_CODES, ErrorCode, Kind, find_error_code
from koscom_async.errors import (
    AccessDeniedError,
    AccountUnavailableError,
    AuthenticationError,
    BrokerUnavailableError,
    PlatformError,
    RequestRejectedError,
)
from tests.loops import each

SERVED = ("op-apim", "op-auth", "op-exco", "broker")
"""The categories that the account and member services answer with."""

# The manual's tables for these services: code, HTTP status, and what a caller can do about it.
TABLE: dict[str, tuple[int, type[PlatformError]]] = {
    "400": (400, RequestRejectedError),
    "401": (401, AuthenticationError),
    "403": (403, AccessDeniedError),
    "404": (404, RequestRejectedError),
    "405": (405, RequestRejectedError),
    "406": (406, RequestRejectedError),
    "408": (408, BrokerUnavailableError),
    "415": (415, RequestRejectedError),
    "500": (500, BrokerUnavailableError),
    "503": (503, BrokerUnavailableError),
    "505": (505, RequestRejectedError),
    "2001": (401, AuthenticationError),
    "2002": (401, AuthenticationError),
    "2003": (401, AuthenticationError),
    "2100": (403, AccessDeniedError),
    "3001": (500, BrokerUnavailableError),
    "3002": (400, RequestRejectedError),
    "3003": (400, RequestRejectedError),
    "3004": (500, BrokerUnavailableError),
    "3005": (500, BrokerUnavailableError),
    "3006": (500, AccountUnavailableError),
    "3007": (500, AccountUnavailableError),
    "3008": (500, RequestRejectedError),
    "3009": (500, AccountUnavailableError),
    "3010": (500, AccountUnavailableError),
    "3011": (500, RequestRejectedError),
    "3012": (500, AccountUnavailableError),
    "3013": (500, AccountUnavailableError),
    "3600": (503, BrokerUnavailableError),
    "3999": (500, BrokerUnavailableError),
    "4000": (500, AccountUnavailableError),
    "4001": (500, AccountUnavailableError),
    "4002": (500, AccountUnavailableError),
    "4003": (500, AccountUnavailableError),
    "4004": (500, AccountUnavailableError),
    "4005": (500, AccountUnavailableError),
    "4006": (500, AccessDeniedError),
    "5004": (500, RequestRejectedError),
    "5005": (500, RequestRejectedError),
    "5006": (500, RequestRejectedError),
    "5007": (500, RequestRejectedError),
    "6001": (500, RequestRejectedError),
    "6002": (500, RequestRejectedError),
    "6003": (500, RequestRejectedError),
    "6004": (500, RequestRejectedError),
    "6005": (500, RequestRejectedError),
    "6006": (500, RequestRejectedError),
    "6007": (500, RequestRejectedError),
    "6008": (500, RequestRejectedError),
    "7000": (500, RequestRejectedError),
}

# Decided by the design, not by the manual: these and no other code may be asked again.
RETRIABLE = {"408", "500", "503", "3001", "3004", "3005", "3600"}
MARKET_RETRIABLE = {"10080", "10090", "13004", "20040", "20054"}


def rows(*categories: str) -> dict[str, ErrorCode]:
    return {row.code: row for row in ERROR_CODES if row.category in categories}


def test_the_table_has_every_code_of_the_served_categories() -> None:
    assert set(rows(*SERVED)) - {"200"} == set(TABLE)


def test_the_table_has_the_manuals_ninety_eight_codes_once_each() -> None:
    keys = Counter((row.code, row.category) for row in ERROR_CODES)
    assert len(ERROR_CODES) == 98
    assert set(keys.values()) == {1}
    assert Counter(row.category for row in ERROR_CODES) == {
        "op-apim": 11,
        "op-auth": 4,
        "op-exco": 15,
        "broker": 21,
        "market": 38,
        "ofin-oauth": 5,
        "thecheat": 4,
    }


@each("code", TABLE)
def test_a_code_becomes_its_class_with_its_status_and_an_advice(code: str) -> None:
    status, kind = TABLE[code]
    row = rows(*SERVED)[code]
    assert row.status == status
    error = failure(status=status, document={"code": code, "category": row.category})
    assert type(error) is kind
    assert (error.code, error.category) == (code, row.category)
    assert error.retriable is (code in RETRIABLE)
    assert error.advice == row.advice
    assert error.message == f"{row.meaning_en} ({row.meaning_ko})"


def test_only_what_the_design_names_is_retriable() -> None:
    assert {code for code, row in rows(*SERVED).items() if row.retriable} == RETRIABLE
    assert {code for code, row in rows("market").items() if row.retriable} == MARKET_RETRIABLE
    assert not any(row.retriable for row in rows("ofin-oauth", "thecheat").values())


def test_what_is_retriable_is_a_thing_that_cannot_be_served_now() -> None:
    assert {row.kind for row in ERROR_CODES if row.retriable} == {Kind.UNAVAILABLE}


def test_a_row_advises_to_ask_again_where_it_is_retriable_and_nowhere_else() -> None:
    again = [row.code for row in ERROR_CODES if re.search(r"\bask again\b|\bretry\b|\blater\b", row.advice)]
    assert again == [row.code for row in ERROR_CODES if row.retriable]


def test_success_is_no_error() -> None:
    assert [row.code for row in ERROR_CODES if row.kind is Kind.SUCCESS] == ["200", "1"]


@pytest.mark.parametrize(
    ("code", "category", "found"),
    [
        ("4000", None, "broker"),
        ("4000", "samsung", "broker"),
        ("4000", "Hyundai", "broker"),
        ("4000", "ofin-oauth", "ofin-oauth"),
        ("4001", "op-exco", "broker"),
        ("3600", None, "op-exco"),
        ("3600", "samsung", "op-exco"),
        ("401", "op-auth", "op-apim"),
        ("10080", None, "market"),
        ("1", "thecheat", "thecheat"),
    ],
)
def test_a_code_is_found_under_its_category_or_a_brokers_own_name(
    code: str, category: str | None, found: str
) -> None:
    row = find_error_code(code, category)
    assert row is not None
    assert (row.code, row.category) == (code, found)


@pytest.mark.parametrize(
    ("code", "category"),
    [("9011", None), ("9011", "op-exco"), ("1", None), ("4100", None), ("", None), ("4001 ", None)],
)
def test_a_code_that_the_services_do_not_list_is_not_found(code: str, category: str | None) -> None:
    assert find_error_code(code, category) is None


@each("row", [row for row in ERROR_CODES if row.kind is not Kind.SUCCESS])
def test_every_row_says_what_it_means_and_what_to_do(row: ErrorCode) -> None:
    texts = (row.meaning_en, row.meaning_ko, row.advice)
    assert all(text and text == text.strip() and text.isprintable() for text in texts)
