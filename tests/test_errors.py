"""The error tree: what each error carries, how it reads, and that it travels between processes whole."""

import copy
import pickle
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from koscom_async import errors
from koscom_async._wire.failures import _OAUTH_CLASSES, failure
from koscom_async.brokers import BROKERS
from koscom_async.error_codes import ERROR_CODES
from koscom_async.errors import (
    AccountUnavailableError,
    BrokerUnavailableError,
    DeadlineExceededError,
    IncompleteHoldingsError,
    KoscomError,
    OutsideServiceHoursError,
    PlatformError,
    QuotaExceededError,
    RateLimitedError,
    ResponseError,
    SettingsError,
    UsageError,
)
from koscom_async.models.member import VirtualAccount
from koscom_async.models.outcome import AccountOutcome
from tests.loops import each

NOW = datetime(2018, 11, 6, tzinfo=UTC)
ACCOUNT = VirtualAccount(broker=BROKERS[-1], number="160646584478700099")
CLASSES: list[type[KoscomError]] = [getattr(errors, name) for name in errors.__all__]
CONTEXT: dict[str, Any] = {
    "code": "3600",
    "category": "op-exco",
    "broker": "star",
    "endpoint": "account.balance",
    "account": "1606…0099",
    "retriable": True,
    "attempts": 3,
    "advice": "ask again later",
}
OWN: dict[type[KoscomError], dict[str, Any]] = {
    errors.NotYetAvailableError: {"available_at": NOW},
    errors.OrderOutcomeUnknownError: {"order_id": "A-1"},
    errors.ConnectionFailedError: {"was_sent": False},
    errors.UndocumentedServiceError: {"missing": ("path",), "document": "FIX_REST_API_v1.03.pdf"},
    errors.ResponseTooLargeError: {"budget": "max_accounts"},
}


def whole(kind: type[KoscomError]) -> KoscomError:
    """An error of a class with every fact that it can carry."""
    if kind is SettingsError:
        return SettingsError("com_id is missing", setting="com_id")
    if kind is IncompleteHoldingsError:
        error = DeadlineExceededError("too late", **CONTEXT)
        return IncompleteHoldingsError(
            "1 of 3", failures=[AccountOutcome(account=ACCOUNT, error=error, as_of=NOW)]
        )
    own: dict[str, Any] = {}
    if issubclass(kind, PlatformError):
        own |= {"status": 503, "retry_after": 2.5}
    if kind is errors.OverloadedError:
        own |= {"retry_after": 2.5}
    if kind is QuotaExceededError:
        own |= {"resets_at": NOW}
    if kind is OutsideServiceHoursError:
        own |= {"opens_at": NOW}
    return kind("it is down", **CONTEXT, **own, **OWN.get(kind, {}))


def facts(error: BaseException) -> dict[str, Any]:
    """Everything on an error, with the errors inside it as their own facts."""
    told = dict(vars(error))
    if "failures" in told:
        told["failures"] = [(each.account, each.as_of, facts(each.error)) for each in told["failures"]]
    return told


each_class = each("kind", CLASSES)


@each_class
@each("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_an_error_survives_pickling_with_every_fact(kind: type[KoscomError], protocol: int) -> None:
    error = whole(kind)
    twin = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301  # our own bytes
    assert type(twin) is kind
    assert facts(twin) == facts(error)
    assert (str(twin), twin.args, repr(twin)) == (str(error), error.args, repr(error))


@each_class
@each("again", [copy.copy, copy.deepcopy])
def test_an_error_survives_copying_with_every_fact(kind: type[KoscomError], again: Any) -> None:
    error = whole(kind)
    assert facts(again(error)) == facts(error)
    assert str(again(error)) == str(error)


def test_facts_that_are_added_later_travel_too() -> None:
    error = BrokerUnavailableError("down")
    error.broker, error.attempts = "star", 4
    error.add_note("seen in the night batch")
    twin = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes
    assert (twin.broker, twin.attempts, twin.__notes__) == ("star", 4, ["seen in the night batch"])


def test_where_to_authorise_again_travels_with_the_error_and_is_never_shown() -> None:
    error = errors.ReauthorizationRequiredError("no token")
    assert (error.url, error.state) == (None, None)
    error.attach_authorize_url(
        "https://g.example/authorize?client_id=KEY-MARK&state=STATE-MARK", "STATE-MARK"
    )
    twin = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes
    assert (twin.url, twin.state) == (error.url, "STATE-MARK")
    for shown in (str(error), repr(error), repr(vars(error)), repr(error.args)):
        assert "MARK" not in shown


@each_class
def test_every_class_is_ours_and_says_what_it_is_for(kind: type[KoscomError]) -> None:
    assert issubclass(kind, KoscomError)
    assert kind.__doc__


@pytest.mark.parametrize(
    ("kind", "parent"),
    [
        (SettingsError, ValueError),
        (QuotaExceededError, RateLimitedError),
        (RateLimitedError, PlatformError),
        (AccountUnavailableError, PlatformError),
        (errors.AuthenticationError, PlatformError),
        (errors.AccessDeniedError, PlatformError),
        (errors.RequestRejectedError, PlatformError),
        (errors.BrokerUnavailableError, PlatformError),
        (errors.MalformedResponseError, ResponseError),
        (errors.ResponseMismatchError, ResponseError),
        (errors.TruncatedResponseError, ResponseError),
        (errors.PagingError, ResponseError),
        (errors.OverloadedError, DeadlineExceededError),
    ],
)
def test_the_tree_is_the_one_in_the_modules_docstring(kind: type, parent: type) -> None:
    assert parent in kind.__mro__[1:]


@each_class
def test_the_modules_docstring_draws_every_class(kind: type[KoscomError]) -> None:
    assert kind.__name__ in (errors.__doc__ or "")


WORDS = {
    errors.SettingsError: "settings",
    errors.UsageError: "usage",
    errors.ConnectionFailedError: "connection",
    errors.ReauthorizationRequiredError: "reauthorization",
    errors.MalformedResponseError: "malformed",
    errors.ResponseMismatchError: "mismatch",
    errors.TruncatedResponseError: "truncated",
    errors.PagingError: "paging",
    errors.UntrustedEndpointError: "untrusted-endpoint",
    errors.OrderOutcomeUnknownError: "order-outcome",
    errors.DeadlineExceededError: "deadline",
    errors.OverloadedError: "overloaded",
    errors.IncompleteHoldingsError: "incomplete",
}


@pytest.mark.parametrize("kind", WORDS)
def test_an_error_of_ours_has_a_word_for_a_code(kind: type[KoscomError]) -> None:
    assert kind.default_code == WORDS[kind]


AGAIN = re.compile(r"\b(?:again|retry|later)\b")


def test_an_advice_to_ask_again_is_given_where_it_may_help_and_nowhere_else() -> None:
    wrong = [
        kind.__name__
        for kind in CLASSES
        if kind.default_advice and kind.default_retriable is not bool(AGAIN.search(kind.default_advice))
    ]
    # Authorising again is not asking again.
    assert wrong == ["ReauthorizationRequiredError"]


@each("status", range(200, 600))
@each(
    "document",
    [
        None,
        {"message": "시스템 점검 중"},
        {"code": "9011"},
        {"message": "Unauthorized"},
        *({"code": row.code, "category": row.category} for row in ERROR_CODES),
        *({"error": error} for error in _OAUTH_CLASSES),
    ],
)
def test_flag_and_advice_agree_on_every_refusal(status: int, document: object) -> None:
    error = failure(status=status, document=document)
    assert error.retriable is ("ask again" in (error.advice or "")), error.advice


def test_what_may_be_another_answer_later_may_be_asked_again() -> None:
    for kind in (
        DeadlineExceededError,
        errors.OverloadedError,
        errors.MalformedResponseError,
        errors.TruncatedResponseError,
        errors.PagingError,
    ):
        assert kind("late").retriable is True
        assert kind("late", retriable=False).retriable is False


def test_what_is_not_said_is_none_or_false_or_zero() -> None:
    error = PlatformError("no")
    assert facts(error) == {
        "message": "no",
        "code": None,
        "category": None,
        "broker": None,
        "endpoint": None,
        "account": None,
        "retriable": False,
        "attempts": 0,
        "advice": None,
        "status": None,
        "retry_after": None,
    }


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (PlatformError("no"), "no"),
        (PlatformError("no", code="4001"), "4001: no"),
        (PlatformError("no", code="4001", broker="star"), "star 4001: no"),
        (
            UsageError("the client is closed", advice="make a new one"),
            "usage: the client is closed. What to do: make a new one",
        ),
        (PlatformError("no", attempts=1, account="1606…0099"), "no; account 1606…0099"),
        (
            BrokerUnavailableError("it is down", **CONTEXT),
            "star account.balance 3600: it is down; account 1606…0099; asked 3 times. What to do: ask again later",
        ),
        (SettingsError("com_id is missing", setting="com_id"), "com_id is missing"),
    ],
)
def test_an_error_reads_as_a_sentence(error: KoscomError, text: str) -> None:
    assert str(error) == text
