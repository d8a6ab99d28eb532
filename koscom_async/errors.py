"""What can go wrong, by what the caller can do about it.

KoscomError
├── SettingsError               a setting or investor field is invalid: fix it (also a ValueError)
├── UsageError                  the client is used in a way that cannot work (closed, second loop, wrong argument)
├── UndocumentedServiceError    no public document says how this is asked: add the one that you have as data
├── OrderOutcomeUnknownError    the answer to an order was lost: find the order by its id
├── ConnectionFailedError       no answer: unreachable, reset, timed out
├── PlatformError               the platform refused, with one of its codes
│   ├── AuthenticationError     credentials or token are not accepted: renew them
│   │   └── ReauthorizationRequiredError  the investor must authorise again: send them to `url`
│   ├── AccessDeniedError       no right, no consent: the investor or the contract must change
│   ├── AccountUnavailableError the account cannot be read: relink it
│   ├── RequestRejectedError    the question itself is not accepted
│   ├── RateLimitedError        too fast: wait
│   │   └── QuotaExceededError  the day's calls are spent: wait for 00:00 UTC
│   └── BrokerUnavailableError  the broker or the platform cannot serve now: try later
│       └── BreakerOpenError    the broker failed too often; no call was made: wait `retry_after` seconds
├── ResponseError               an answer that must not be believed
│   ├── MalformedResponseError  not JSON, or JSON of another shape
│   ├── ResponseTooLargeError   more came than a budget allows, mostly one of the settings
│   ├── ResponseMismatchError   the answer to another question
│   ├── TruncatedResponseError  rows are missing
│   └── PagingError             the pages do not end, or rows came twice
├── UntrustedEndpointError      the account's address is not the gateway's
├── OutsideServiceHoursError    the service is closed now; no call was spent
├── NotYetAvailableError        today's data are not there yet
├── LimitsUnavailableError      the limits that processes share cannot be kept: check Redis
├── DeadlineExceededError       the deadline passed
│   └── OverloadedError         it would pass, by what is queued or paused; no call was made: wait `retry_after` seconds
├── SinkError                   a batch's output cannot be written: make room, correct the folder, start again
└── IncompleteHoldingsError     raised by `require_complete()`: some accounts could not be read

The platform's sixty codes are data, in `error_codes`; this module has no I/O and knows no message.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Self, TypeVar

from attrs import field, frozen

from koscom_async._masking import (
    AnyError,
    clean,
    hidden,
    lines_in_a_notebook,
    with_note_of_frames,
    without_frames,
)

__all__ = [
    "AccessDeniedError",
    "AccountUnavailableError",
    "AuthenticationError",
    "BreakerOpenError",
    "BrokerUnavailableError",
    "ConnectionFailedError",
    "DeadlineExceededError",
    "IncompleteHoldingsError",
    "KoscomError",
    "LimitsUnavailableError",
    "MalformedResponseError",
    "NotYetAvailableError",
    "OrderOutcomeUnknownError",
    "OutsideServiceHoursError",
    "OverloadedError",
    "PagingError",
    "PlatformError",
    "QuotaExceededError",
    "RateLimitedError",
    "ReauthorizationRequiredError",
    "RequestRejectedError",
    "ResponseError",
    "ResponseMismatchError",
    "ResponseTooLargeError",
    "SettingsError",
    "SinkError",
    "TruncatedResponseError",
    "UndocumentedServiceError",
    "UntrustedEndpointError",
    "UsageError",
]


AnyKoscomError = TypeVar("AnyKoscomError", bound="KoscomError")

_LONGEST_TEXT = 2_000


class KoscomError(Exception):
    """Anything this library raises; says what happened, to which account, and what to do.

    Attributes:
        code: the platform's code as text (`"3600"`), or this library's own word (`"malformed"`).
        category: who sent the code: `op-apim`, `op-auth`, `op-exco`, the broker's name; `None` for this library.
        broker: the broker's short name; `None` where no broker was concerned.
        endpoint: which endpoint was asked (`account.balance`).
        account: the account's number, masked.
        retriable: whether the same question may succeed later.
        attempts: how often the question was asked; 0 if no call left.
        advice: what the caller can do.

    """

    default_code: str | None = None
    default_advice: str | None = None
    default_retriable: bool = False

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        category: str | None = None,
        broker: str | None = None,
        endpoint: str | None = None,
        account: str | None = None,
        retriable: bool | None = None,
        attempts: int = 0,
        advice: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.category = category
        self.broker = broker
        self.endpoint = endpoint
        self.account = account
        self.retriable = self.default_retriable if retriable is None else retriable
        self.attempts = attempts
        self.advice = advice or self.default_advice

    def __str__(self) -> str:
        place = " ".join(word for word in (self.broker, self.endpoint, self.code) if word)
        facts = [f"account {self.account}"] if self.account else []
        if self.attempts > 1:
            facts.append(f"asked {self.attempts} times")
        # The platform's sentences end with a full stop of their own.
        message = self.message.rstrip(".") if facts or self.advice else self.message
        text = "; ".join([f"{place}: {message}" if place else message, *facts])
        text = f"{text}. What to do: {self.advice}" if self.advice else text
        return clean(text, longest=_LONGEST_TEXT)  # whatever words of others are in it: it goes into logs

    def _render_traceback_(self) -> list[str]:
        # IPython asks for it.
        return lines_in_a_notebook(self)

    def __reduce__(self) -> tuple[Any, ...]:
        # Keyword arguments do not survive Exception's own pickling, and batch users run in processes.
        return (_rebuild, (type(self), self.message, dict(self.__dict__)))

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return facts_of(self) == facts_of(other)

    def __hash__(self) -> int:
        return hash((type(self), self.message))  # the rest is added on the way to the caller

    def __copy__(self) -> Self:
        # One failure of many callers, each of whom completes an error of its own: also its cause is theirs.
        twin = _rebuild(type(self), self.message, self.__dict__)
        twin.__cause__ = self.__cause__
        return twin


def _rebuild(kind: type[AnyKoscomError], message: str, state: Mapping[str, object]) -> AnyKoscomError:
    error = kind.__new__(kind, message)
    error.__dict__.update(state)
    return error


def facts_of(error: KoscomError) -> dict[str, object]:
    """Return what an error says, as plain data: what a document keeps of it, and what makes two errors equal.

    A fact is an attribute; one whose name begins with `_`, or that is no data, stays in the process.
    """
    return {
        name: value
        for name, value in vars(error).items()
        if not name.startswith("_") and isinstance(value, _DATA)
    }


_DATA = str | int | float | datetime | None


def error_of(kind: str, facts: Mapping[str, object]) -> KoscomError:
    """Return the error of a class that has these facts; of a class that is not known here, a `KoscomError`."""
    found = globals()[kind] if kind in __all__ else KoscomError
    shown = {name: value for name, value in facts.items() if not name.startswith("_")}
    error: KoscomError = _rebuild(found, str(facts["message"]), shown)
    return error


def public_kind(error: KoscomError) -> str:
    """Return the name of an error's class, or of the one of these classes that a caller's own derives from."""
    names: list[str] = [kind.__name__ for kind in type(error).__mro__ if globals().get(kind.__name__) is kind]
    return names[0]


def locate(
    error: KoscomError, *, broker: str | None, endpoint: str | None, account: str | None
) -> KoscomError:
    """Add to an error where it arose, as far as it does not name that itself."""
    error.broker = error.broker or broker
    error.endpoint = error.endpoint or endpoint
    error.account = error.account or account
    return error


def kept(error: AnyError) -> AnyError:
    """Return an error to be kept, without frames; an unforeseen one notes where it arose."""
    if not isinstance(error, KoscomError) and not hasattr(error, "__notes__"):
        with_note_of_frames(error)
    return without_frames(error)


class SettingsError(KoscomError, ValueError):
    """A setting or a field of the investor is missing or invalid; `setting` names it."""

    default_code = "settings"

    def __init__(self, message: str, *, setting: str) -> None:
        super().__init__(message)
        self.setting = setting

    def __str__(self) -> str:
        return clean(self.message, longest=_LONGEST_TEXT)


class UsageError(KoscomError):
    """The client was used in a way that cannot work: closed, in a second event loop, or with a wrong argument."""

    default_code = "usage"


class UndocumentedServiceError(KoscomError):
    """No public document says how this operation is asked, so nothing was sent.

    `missing` is what is not known of it, `document` what has it. A firm that has the document adds it as data.
    """

    default_code = "undocumented"
    default_advice = "add what the document says as data: Settings(catalogue=PATH)"

    def __init__(self, message: str, *, missing: Sequence[str], document: str | None, **context: Any) -> None:
        super().__init__(message, **context)
        self.missing = tuple(missing)
        self.document = document

    @classmethod
    def of(cls, name: str, missing: Sequence[str], document: str | None = None, **context: Any) -> Self:
        """Return the error of an operation of which no public document has something."""
        words = f"no public document has the {', '.join(missing)}" + (f"; see {document}" if document else "")
        return cls(words, missing=missing, document=document, endpoint=name, **context)


class OrderOutcomeUnknownError(KoscomError):
    """An order left, and its answer was lost: the broker may have it, or not. It is never sent again by itself.

    `order_id` is the client's own id, under which `koscom.orders.find` finds it. The cause is what went wrong.
    """

    default_code = "order-outcome"
    default_advice = (
        "look for it with koscom.orders.find(error.order_id), before another order takes its place"
    )

    def __init__(self, message: str, *, order_id: str, **context: Any) -> None:
        super().__init__(message, **context)
        self.order_id = order_id


class ConnectionFailedError(KoscomError):
    """No whole answer came back: the gateway was unreachable, hung up, or took too long.

    `was_sent` is `False` where no connection was opened, so that the gateway has seen nothing of the question.
    """

    default_code = "connection"
    default_advice = "check the network and the gateway's address, then ask again"
    default_retriable = True

    def __init__(self, message: str, *, was_sent: bool = True, **context: Any) -> None:
        super().__init__(message, **context)
        self.was_sent = was_sent


class PlatformError(KoscomError):
    """The platform or a broker refused, with a code of its own.

    `status` is the HTTP status; `retry_after` the seconds that the gateway asked to wait, or `None`.
    """

    def __init__(
        self, message: str, *, status: int | None = None, retry_after: float | None = None, **context: Any
    ) -> None:
        super().__init__(message, **context)
        self.status = status
        self.retry_after = retry_after


class AuthenticationError(PlatformError):
    """The API key, the secret or the access token is not accepted.

    `token_is_dead` says that it is the access token: expired, revoked, replaced or unknown.
    """

    def __init__(self, message: str, *, token_is_dead: bool = False, **context: Any) -> None:
        super().__init__(message, **context)
        self.token_is_dead = token_is_dead


@frozen
class _AuthorizeUrl:
    """An authorize URL and its state. The URL names the API key as OAuth wants it, so neither is ever shown."""

    url: str = field(repr=hidden)
    state: str = field(repr=hidden)


class ReauthorizationRequiredError(AuthenticationError):
    """No token works, and the investor must authorise again.

    Send the investor to `url`, check that the callback carries `state`, and pass its code to
    `koscom.oauth.exchange`. Both are `None` where `Settings.redirect_uri` is not set, or where no URL could be made.
    They are attributes of the error, and never in its text.
    """

    default_code = "reauthorization"
    default_advice = "authorise again: with `koscom login`, or by sending the investor to the error's `url`"

    _authorize_url: _AuthorizeUrl | None = None  # no fact: a document has neither

    def attach_authorize_url(self, url: str, state: str) -> None:
        """Set the URL to which the investor is sent, and its state."""
        self._authorize_url = _AuthorizeUrl(url, state)

    @property
    def url(self) -> str | None:
        """Where the investor authorises again; it holds the API key as `client_id`, so do not log it."""
        return self._authorize_url.url if self._authorize_url else None

    @property
    def state(self) -> str | None:
        """What the callback must carry; keep it with the investor's session until then."""
        return self._authorize_url.state if self._authorize_url else None


class AccessDeniedError(PlatformError):
    """The right or the investor's consent is missing."""


class AccountUnavailableError(PlatformError):
    """This account cannot be read with this request; the investor must link it again."""


class RequestRejectedError(PlatformError):
    """The question itself is not accepted.

    `most_days`: how long a range of dates the broker allows, where it refused a longer one (6006) and stated it.
    """

    def __init__(self, message: str, *, most_days: int | None = None, **context: Any) -> None:
        super().__init__(message, **context)
        self.most_days = most_days


class RateLimitedError(PlatformError):
    """Calls come too fast; `retry_after` is the number of seconds to wait, where the gateway sent one."""


class QuotaExceededError(RateLimitedError):
    """The day's calls are spent; `resets_at` (UTC) is when the next day's begin."""

    def __init__(self, message: str, *, resets_at: datetime, **context: Any) -> None:
        super().__init__(message, **context)
        self.resets_at = resets_at


class BrokerUnavailableError(PlatformError):
    """The broker, or the platform in front of it, cannot serve now."""


class BreakerOpenError(BrokerUnavailableError):
    """The broker failed too often, for this account or for several investors, so no call was made.

    `retry_after` is the number of seconds to wait. Code and category are those of the failure that opened the circuit
    breaker.
    """

    default_advice = "ask again after `retry_after` seconds; the client tries the broker again by itself"
    default_retriable = True


class ResponseError(KoscomError):
    """An answer arrived, and must not be believed."""


class MalformedResponseError(ResponseError):
    """The answer is not JSON, or not of the documented shape.

    It may be whole the next time (`retriable`), but the client does not repeat the call by itself.
    """

    default_code = "malformed"
    default_advice = "ask again later; if it lasts, report it to the platform, with the time of the call"
    default_retriable = True


class ResponseTooLargeError(ResponseError):
    """More came than a budget allows; asking again does not help.

    `budget` names the setting (`max_response_bytes`, `max_answer_bytes`, `max_answer_rows`, `max_accounts`), or is
    `values` or `objects` for a document that holds more of them than any answer needs.
    """

    default_code = "too-large"
    default_advice = "raise the setting if so much is expected; report it to the platform if it is not"

    def __init__(self, message: str, *, budget: str, **context: Any) -> None:
        super().__init__(message, **context)
        self.budget = budget


class ResponseMismatchError(ResponseError):
    """The answer belongs to another question: another account's, another call's, another asset class's."""

    default_code = "mismatch"
    default_advice = "do not use this answer; report it to the platform"


class TruncatedResponseError(ResponseError):
    """The broker announced more rows than it sent."""

    default_code = "truncated"
    default_advice = (
        "ask again; if the broker's totals cannot be trusted, set BrokerOverrides(trust_totals=False) for it"
    )
    default_retriable = True


class PagingError(ResponseError):
    """The pages do not end, repeat themselves, or have more rows than were announced."""

    default_code = "paging"
    default_advice = "ask again later; if it lasts, report it to the platform"
    default_retriable = True


class UntrustedEndpointError(KoscomError):
    """The linked account's address is not on the configured gateway; nothing was sent there."""

    default_code = "untrusted-endpoint"
    default_advice = "check `base_url`, or report the address to the platform"


class OutsideServiceHoursError(KoscomError):
    """The service is closed at this time of day, so no call was spent; `opens_at` (KST) is when it opens."""

    default_code = "service-hours"
    default_advice = (
        "ask at `opens_at`; if the platform's hours have changed, set Settings(check_service_hours=False)"
    )

    def __init__(self, message: str, *, opens_at: datetime, **context: Any) -> None:
        super().__init__(message, **context)
        self.opens_at = opens_at


class NotYetAvailableError(KoscomError):
    """The platform has today's data later in the day; `available_at` (KST) is when."""

    default_code = "not-yet"
    default_advice = "ask again at `available_at`"
    default_retriable = True

    def __init__(self, message: str, *, available_at: datetime, **context: Any) -> None:
        super().__init__(message, **context)
        self.available_at = available_at


class LimitsUnavailableError(KoscomError):
    """Redis does not answer, so the limits that processes share cannot be kept; no call was made."""

    default_code = "limits"
    default_advice = (
        "check that Redis can be reached, then ask again; RedisLimiter(local_share=…) continues without it"
    )
    default_retriable = True


class DeadlineExceededError(KoscomError):
    """The deadline passed before the answer arrived."""

    default_code = "deadline"
    default_advice = "ask again, or give a longer deadline"
    default_retriable = True


class OverloadedError(DeadlineExceededError):
    """So many calls are queued that the deadline would pass before the answer arrived, so none was made.

    Judged by the limits, by what is queued before it, by what such a question has lately needed, and by the pause that
    a broker asked for. `retry_after` is the number of seconds in which what is queued now will have left, or the pause
    ends.
    """

    default_code = "overloaded"
    default_advice = "ask again after `retry_after` seconds, or give a longer deadline"

    def __init__(self, message: str, *, retry_after: float | None = None, **context: Any) -> None:
        super().__init__(message, **context)
        self.retry_after = retry_after


class SinkError(KoscomError):
    """A batch's output could not be written: no room, no permission, or something else stands in its place.

    What was committed before stays. The cause is what the system, or a sink of the caller's own, raised.
    """

    default_code = "sink"
    default_advice = "make room, or correct the place; the next run with the same checkpoint goes on"


class IncompleteHoldingsError(KoscomError):
    """Some accounts could not be read; `failures` has their outcomes."""

    _failures: tuple[Any, ...] = ()

    default_code = "incomplete"
    default_advice = "see `failures` for each account's reason; the rest is still in the holdings"

    def __init__(self, message: str, *, failures: Sequence[Any]) -> None:
        super().__init__(message)
        self._failures = tuple(failures)

    @property
    def failures(self) -> tuple[Any, ...]:
        """The outcomes of the accounts that could not be read."""
        return self._failures
