"""From a refusal to an exception: the three body shapes, the status where no code is known, and nothing secret."""

import unicodedata
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koscom_async._wire import failures
from koscom_async._wire.failures import failure, quota_exceeded, read_refusal
from koscom_async._wire.json.core import read_json
from koscom_async.errors import (
    AccessDeniedError,
    AccountUnavailableError,
    AuthenticationError,
    BrokerUnavailableError,
    MalformedResponseError,
    PlatformError,
    QuotaExceededError,
    RateLimitedError,
    ReauthorizationRequiredError,
    RequestRejectedError,
)
from tests.loops import each
from tests.wire.recorded import recorded

RESET = datetime(2018, 11, 6, tzinfo=UTC)


def refused(name: str, status: int) -> PlatformError:
    """What a recorded refusal becomes, the way the transport reads it."""
    try:
        document = read_json(recorded("refusals", name))
    except MalformedResponseError:
        document = None
    return failure(status=status, document=document)


@pytest.mark.parametrize(
    ("name", "status", "kind", "code", "retriable", "words"),
    [
        (
            "platform.json",
            400,
            RequestRejectedError,
            "9011",
            False,
            "HTTP 400: invalid virtual account number.",
        ),
        ("gateway_route.json", 404, RequestRejectedError, "404", False, "no Route matched with those values"),
        ("gateway_key.json", 401, AuthenticationError, "401", False, "Invalid authentication credentials"),
        ("gateway_quota.json", 429, RateLimitedError, "429", True, "API rate limit exceeded"),
        ("market.json", 400, RequestRejectedError, "400", False, "당일 종가 제공 시간이 아닙니다."),
        ("dead_token.json", 400, AuthenticationError, "400", False, "the access token is not accepted"),
        ("dead_token.json", 401, AuthenticationError, "401", False, "the access token is not accepted"),
        ("in_body.json", 500, AccountUnavailableError, "4001", False, "account not found (계좌 없음)"),
        ("proxy.html", 502, BrokerUnavailableError, "502", True, "HTTP 502: an answer without a reason"),
        ("proxy.html", 404, RequestRejectedError, "404", False, "HTTP 404: an answer without a reason"),
    ],
)
def test_each_shape_of_a_refusal_is_read(
    name: str, status: int, kind: type, code: str, *, retriable: bool, words: str
) -> None:
    error = refused(name, status)
    assert type(error) is kind
    assert (error.code, error.retriable, error.status) == (code, retriable, status)
    assert words in error.message
    assert error.advice


STATUSES: dict[int, tuple[type[PlatformError], bool]] = {
    400: (RequestRejectedError, False),
    401: (AuthenticationError, False),
    402: (RequestRejectedError, False),
    403: (AccessDeniedError, False),
    404: (RequestRejectedError, False),
    405: (RequestRejectedError, False),
    406: (RequestRejectedError, False),
    408: (BrokerUnavailableError, True),
    415: (RequestRejectedError, False),
    418: (RequestRejectedError, False),
    429: (RateLimitedError, True),
    500: (BrokerUnavailableError, True),
    502: (BrokerUnavailableError, True),
    503: (BrokerUnavailableError, True),
    504: (BrokerUnavailableError, True),
    302: (RequestRejectedError, False),
    204: (RequestRejectedError, False),
}
SILENT: list[object] = [
    None,
    {},
    [],
    "text",
    Decimal(5),
    True,
    {"code": None},
    {"code": "null"},
    {"code": ""},
    {"code": []},
]


@each("document", SILENT)
@each("status", STATUSES)
def test_the_status_speaks_where_the_body_has_no_code(status: int, document: object) -> None:
    error = failure(status=status, document=document)
    kind, retriable = STATUSES[status]
    assert type(error) is kind
    assert (error.code, error.retriable) == (str(status), retriable)
    assert error.message == f"HTTP {status}: an answer without a reason"
    assert error.advice


@pytest.mark.parametrize(
    ("document", "kind", "code", "retriable"),
    [
        ({"code": Decimal(4001)}, AccountUnavailableError, "4001", False),
        ({"code": "4001", "category": "samsung"}, AccountUnavailableError, "4001", False),
        ({"code": "4001", "category": "op-exco"}, AccountUnavailableError, "4001", False),
        ({"code": Decimal("4001.0")}, AccountUnavailableError, "4001", False),
        ({"code": Decimal(3005), "category": "op-exco"}, BrokerUnavailableError, "3005", True),
        ({"code": " 3005 "}, BrokerUnavailableError, "3005", True),
        ({"code": "3999"}, BrokerUnavailableError, "3999", False),
        ({"resp": {"respCode": "3600"}}, BrokerUnavailableError, "3600", True),
        ({"code": "6001"}, RequestRejectedError, "6001", False),
        # A code that no table lists may be a business error, so it is not asked again; no code at all is a fault.
        ({"code": "9011"}, BrokerUnavailableError, "9011", False),
        ({"message": "oops"}, BrokerUnavailableError, "500", True),
        ({}, BrokerUnavailableError, "500", True),
        # The manual lists the code of success with HTTP 500.
        ({"code": Decimal(200)}, BrokerUnavailableError, "200", False),
    ],
)
def test_a_business_error_comes_with_500_and_its_code_decides(
    document: object, kind: type, code: str, *, retriable: bool
) -> None:
    error = failure(status=500, document=document)
    assert type(error) is kind
    assert (error.code, error.retriable) == (code, retriable)


@pytest.mark.parametrize("status", [200, 400, 401, 404, 429, 500, 503])
def test_a_listed_code_outweighs_any_status(status: int) -> None:
    error = failure(status=status, document={"code": "4001"})
    assert type(error) is AccountUnavailableError
    assert (error.retriable, error.status, error.category) == (False, status, "broker")


@pytest.mark.parametrize(
    ("status", "document", "is_dead"),
    [
        (401, {"error": "invalid_token"}, True),
        (400, {"error": "invalid_request", "error_description": "the access token does not exist"}, True),
        (401, None, True),
        (401, {}, True),
        (401, {"category": "op-apim", "code": "401", "message": "Unauthorized"}, True),
        (401, {"message": "Unauthorized"}, True),
        (401, {"message": "인증 실패"}, True),
        (401, {"code": "E-77", "message": "session is over"}, True),
        (401, {"resp": {"respCode": "9999", "respMsg": "Unauthorized"}}, True),
        (401, {"message": "Invalid authentication credentials"}, False),
        (401, {"message": "Invalid API Key"}, False),
        (401, {"message": "apikey is missing"}, False),
        (401, {"error": "unauthorized", "error_description": "Client authentication failed"}, False),
        (401, {"message": "consumer not found"}, False),
        (401, {"message": "No API key found in request"}, False),
        (401, {"category": "op-auth", "code": "2001", "message": "Authentication Failed"}, False),
        (401, {"error": "invalid_client", "error_description": "unknown client"}, False),
    ],
)
def test_a_token_that_is_dead_is_told_from_a_key_that_is_not_accepted(
    status: int, document: Any, *, is_dead: bool
) -> None:
    error = failure(status=status, document=document)
    assert isinstance(error, AuthenticationError)
    assert error.token_is_dead is is_dead


@pytest.mark.parametrize(
    ("error", "status", "kind", "retriable"),
    [
        ("invalid_client", 401, AuthenticationError, False),
        ("invalid_grant", 400, ReauthorizationRequiredError, False),
        ("unauthorized_client", 400, AccessDeniedError, False),
        ("invalid_scope", 400, RequestRejectedError, False),
        ("unsupported_grant_type", 400, RequestRejectedError, False),
        ("server_error", 500, BrokerUnavailableError, True),
        ("temporarily_unavailable", 503, BrokerUnavailableError, True),
    ],
)
def test_oauth_s_own_words_are_classified_too(
    error: str, status: int, kind: type, *, retriable: bool
) -> None:
    refused = failure(
        status=status,
        document={"error": error, "error_description": "no REFRESH-MARK"},
        secrets=["REFRESH-MARK"],
    )
    assert type(refused) is kind
    assert (refused.code, refused.status, refused.retriable) == (error, status, retriable)
    assert "no ***" in str(refused)


@pytest.mark.parametrize(
    ("document", "is_dead"),
    [
        ({"error": "invalid_request", "error_description": "The access token does not exist"}, True),
        ({"error": "x", "error_description": "ACCESS TOKEN expired"}, True),
        ({"error": "invalid_token"}, True),
        ({"error": "invalid_token", "error_description": "null"}, True),
        ({"error": "invalid_request", "error_description": "redirect_uri is missing"}, False),
        ({"error_description": True}, False),
        ({"message": "Bad Request"}, False),
    ],
)
def test_a_400_that_speaks_of_the_access_token_is_a_dead_token(document: Any, *, is_dead: bool) -> None:
    error = failure(status=400, document=document)
    assert type(error) is (AuthenticationError if is_dead else RequestRejectedError)
    assert ("renew the access token" in str(error)) is is_dead


def test_a_429_on_a_day_whose_calls_are_spent_is_the_quotas() -> None:
    document = {"message": "API rate limit exceeded"}
    error = failure(status=429, document=document, quota_resets_at=RESET, retry_after=9.0)
    assert type(error) is QuotaExceededError
    assert (error.resets_at, error.retriable, error.code, error.retry_after) == (RESET, False, "429", 9.0)
    assert error.message == "the day's calls are spent until 2018-11-06 00:00 UTC"
    assert type(failure(status=429, document=document)) is RateLimitedError
    assert type(failure(status=503, document={}, quota_resets_at=RESET)) is BrokerUnavailableError


def test_a_spent_day_can_be_told_without_an_answer() -> None:
    error = quota_exceeded(RESET, broker="star")
    assert (error.broker, error.resets_at, error.status, error.retriable) == ("star", RESET, None, False)


@pytest.mark.parametrize("document", [{"code": "3600"}, {"code": "999"}, None])
def test_the_wait_that_was_asked_for_travels_with_the_error(document: object) -> None:
    assert failure(status=503, document=document, retry_after=2.5).retry_after == 2.5
    assert failure(status=503, document=document).retry_after is None


@pytest.mark.parametrize(
    ("given_category", "category"),
    [
        ("samsung", "samsung"),
        ("Hyundai", "Hyundai"),
        (" op-exco ", "op-exco"),
        (None, "broker"),
        ("null", "broker"),
    ],
)
def test_the_category_says_who_speaks(given_category: object, category: str) -> None:
    assert failure(status=500, document={"code": "4001", "category": given_category}).category == category


SECRETS = ("ACCESS-TOKEN-MARK", "김가람", "kQXz/short", "160678007213500001", "70:54:D2:7E:E2:47")
LEAKS = [
    "token ACCESS-TOKEN-MARK is wrong",
    "김가람 고객님의 계좌",
    "ci=kQXz/short",
    "no account 160678007213500001",
    "no account 1606-7800-7213-500001",
    "device 70:54:D2:7E:E2:47 or 7054D27EE247 or 70-54-d2-7e-e2-47",
    "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhYmMifQ.abc123",
]


@each("words", LEAKS)
@each("status", [400, 401, 404, 418, 429, 500, 503])
@each(
    "shape",
    [
        lambda words: {"message": words},
        lambda words: {"code": "9011", "message": words, "description": words},
        lambda words: {"code": words},
        lambda words: {"category": words, "code": "4001"},
        lambda words: {"category": words, "message": "no"},
        lambda words: {"error": words},
        lambda words: {"error": "x", "error_description": words},
        lambda words: {"error": "x", "error_description": f"no such access token: {words}"},
        lambda words: {"resp": {"respCode": words, "respMsg": words}},
        lambda words: {"resp": {"respCode": "9", "respMsg": words}},
        lambda words: {"code": "7000", "message": f"Bad Request({words})"},
        lambda words: {"code": "7000", "message": "Bad Request", "description": words},
    ],
)
def test_nothing_secret_is_quoted_from_a_gateways_words(shape: Any, status: int, words: str) -> None:
    error = failure(status=status, document=shape(words), secrets=iter(SECRETS))
    shown = " ".join(str(fact) for fact in (error, repr(error), *vars(error).values()))
    for mark in (*SECRETS, "1606-7800", "7054D27EE247", "70-54-d2", "eyJ"):
        assert mark not in shown


def test_a_response_codes_message_is_not_quoted_where_the_table_has_words() -> None:
    error = failure(status=500, document={"code": "4001", "message": "Account Not Found: 홍길순"})
    assert error.message == "account not found (계좌 없음)"


def test_the_reason_of_a_bad_request_is_shown() -> None:
    plain = "bad request (잘못된 요청)"
    for facts, message in (
        ({"message": "Bad Request"}, plain),
        ({"message": "Bad Request(qty)"}, f"{plain}: qty"),
        ({"message": "Bad Request [수량 오류]"}, f"{plain}: 수량 오류"),
        ({"message": "Bad Request", "description": "qty is raised"}, f"{plain}: qty is raised"),
        ({"description": "5"}, f"{plain}: 5"),
        ({"description": ["qty"]}, plain),
    ):
        assert failure(status=500, document={"code": "7000", **facts}).message == message


@pytest.mark.parametrize("code", ["A" * 17, "12345678901", "no such code", "코드", "<script>"])
def test_a_code_that_may_be_somebodys_data_is_hidden(code: str) -> None:
    error = failure(status=418, document={"code": code})
    assert (error.code, type(error)) == ("***", RequestRejectedError)


@pytest.mark.parametrize("code", ["9011", "E-77", "SYS_01", "-3", "1234567"])
def test_a_code_that_no_table_lists_is_told(code: str) -> None:
    assert failure(status=418, document={"code": code}).code == code


@given(
    status=st.integers(100, 599),
    document=st.recursive(
        st.none() | st.booleans() | st.decimals() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "code",
                        "category",
                        "message",
                        "error",
                        "error_description",
                        "resp",
                        "respCode",
                        "respMsg",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=8,
    ),
)
def test_any_body_becomes_one_of_the_platforms_errors(status: int, document: object) -> None:
    error = failure(status=status, document=document)
    assert isinstance(error, PlatformError)
    assert error.status == status
    assert error.code
    assert str(error).isprintable()


def test_a_refusal_tells_only_what_it_said() -> None:
    refusal = read_refusal({"code": Decimal(3600), "category": "op-exco", "message": "down"})
    assert (refusal.code, refusal.category, refusal.words, refusal.is_dead_token) == (
        "3600",
        "op-exco",
        "down",
        False,
    )


def test_a_reason_that_is_accents_only_takes_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = []

    def normalize(form: Any, text: str) -> str:
        lengths.append(len(text))
        return unicodedata.normalize(form, text)

    monkeypatch.setattr(failures, "unicodedata", SimpleNamespace(normalize=normalize))
    assert failures.read_most_days("최대 90일 " + "a\u0301\u0316" * 50_000) == 90
    assert max(lengths) <= 1_000
