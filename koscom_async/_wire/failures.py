"""Turns a refusal into an exception: HTTP status and body, in each of the platform's shapes, by the error table.

The table decides before the status does, since business errors come with HTTP 500. A gateway's words are quoted only
where the table has none, and with personal data redacted. Retries nothing.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NoReturn

from attrs import frozen

from koscom_async._masking import HIDDEN, redacted
from koscom_async._wire.values import ScalarError, read_text
from koscom_async.error_codes import BAD_REQUEST, DATE_RANGE_EXCEEDED, ErrorCode, Kind, find_error_code
from koscom_async.errors import (
    AccessDeniedError,
    AccountUnavailableError,
    AuthenticationError,
    BrokerUnavailableError,
    PlatformError,
    QuotaExceededError,
    RateLimitedError,
    ReauthorizationRequiredError,
    RequestRejectedError,
)

# The words of 6006, after full-width digits have become plain ones. A date is no length. Repetitions that could share
# the same characters have an end, so that the time grows with the text and no faster.
_DATES = re.compile(
    r"\d{4}\s*[-./년]\s*\d{1,2}\s*[-./월]\s*\d{1,2}(?:\s*일)?|\d{1,2}\s*월\s*\d{1,2}\s*일|(?<!\d)\d{8}(?!\d)"
    r"|(?<!\d)(?:19|20)\d{2}\s*년"
)
_LENGTH = re.compile(
    r"(?P<least>최소\s{0,9}|at least\s{0,9}|min(?:imum)?\W{0,9})?(?<![\d,.])"
    r"(?P<number>\d{1,3}(?:,\d{3}){1,3}|\d{1,5})\s{0,9}-?\s{0,9}"
    r"(?:(?P<days>(?:영업|거래)?일|(?:(?:calendar|business|working)\s{0,9})?days?(?![a-z]))"
    r"|(?P<weeks>주|weeks?(?![a-z]))|(?P<months>개\s{0,9}월|달|months?(?![a-z]))|(?P<years>년|years?(?![a-z])|yrs?(?![a-z])))",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\d,.])(\d{1,3}(?:,\d{3}){1,3}|\d{1,4})(?![\d,.]*\d)", re.ASCII)
_LONGEST_YEARS = 99  # a larger number before the word is a calendar year
_DAYS_OF_A_MONTH = 30.4375


def read_most_days(*texts: str | None) -> int | None:
    """Return the days that a broker allows, from the words of 6006; `None` where they give no number.

    The manual says that the number is in the message, and not in which form. A number before a word for days, weeks,
    months or years counts before one that stands alone. Months are as many days as so many months have at least.
    """
    plain = [
        _DATES.sub(" ", unicodedata.normalize("NFKC", text[:_LONGEST_REASON]))
        for text in texts
        if text is not None
    ]
    lengths = [days for text in plain for match in _LENGTH.finditer(text) if (days := _days_in(match))]
    if lengths:
        return lengths[0]
    numbers = (match for text in plain if (match := _NUMBER.search(text)) is not None)
    return next((days for match in numbers if (days := _whole(match[1]))), None)


_LONGEST_REASON = 1_000
"""Characters in which a number is looked for: to bring a text to one form takes the square of its length, if all of it
are accents."""


def _days_in(match: re.Match[str]) -> int:
    """Return a length in days; 0 for one that is no most."""
    number = _whole(match["number"])
    if match["least"]:
        return 0
    if match["years"]:
        return 365 * number if number <= _LONGEST_YEARS else 0
    if match["months"]:
        return max(int(number * _DAYS_OF_A_MONTH) - 2, 0)
    return number * (7 if match["weeks"] else 1)


def _whole(digits: str) -> int:
    return int(digits.replace(",", ""))


_CLASSES: dict[Kind, type[PlatformError]] = {
    Kind.AUTHENTICATION: AuthenticationError,
    Kind.DENIED: AccessDeniedError,
    Kind.ACCOUNT: AccountUnavailableError,
    Kind.REJECTED: RequestRejectedError,
    Kind.RATE_LIMITED: RateLimitedError,
    Kind.UNAVAILABLE: BrokerUnavailableError,
}

# What an HTTP status says when the body carries no code that the manual lists.
_STATUS_KINDS = {
    401: Kind.AUTHENTICATION,
    403: Kind.DENIED,
    408: Kind.UNAVAILABLE,
    429: Kind.RATE_LIMITED,
    500: Kind.UNAVAILABLE,
    502: Kind.UNAVAILABLE,
    503: Kind.UNAVAILABLE,
    504: Kind.UNAVAILABLE,
}
SUCCESSFUL = frozenset({200, 201, 202, 203})
"""The statuses of an answer; 204 has none, and 206 a part of one."""
TOO_MANY_CALLS = 429
_RETRIABLE_STATUSES = frozenset({408, 429, 502, 503, 504})

# OAuth's own words (RFC 6749, 4.1.2.1 and 5.2; RFC 6750, 3.1). What a refused grant has in common, whether a
# code or a refresh token: only the investor can give another one.
_OAUTH_CLASSES: dict[str, type[PlatformError]] = {
    "invalid_client": AuthenticationError,
    "invalid_grant": ReauthorizationRequiredError,
    "unauthorized_client": AccessDeniedError,
    "access_denied": AccessDeniedError,
    "invalid_scope": RequestRejectedError,
    "unsupported_grant_type": RequestRejectedError,
    "unsupported_response_type": RequestRejectedError,
    "server_error": BrokerUnavailableError,
    "temporarily_unavailable": BrokerUnavailableError,
}
_OAUTH_ADVICE = {
    "invalid_client": "check API key, secret and environment",
    "invalid_grant": ReauthorizationRequiredError.default_advice,
    "access_denied": "have the investor agree, who refused or broke off the login",
}
_KEY_BLAMED = re.compile(r"api[ _-]?key|credential|client|consumer|secret", re.IGNORECASE)

UNAUTHORIZED = "401"
"""The platform's own code for a caller who is not recognised: mostly by the token (the manual: renew it once)."""

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,16}", re.ASCII)  # the documents' longest place for one has 8 characters

_ADVICE = {
    Kind.AUTHENTICATION: "renew the access token; if that fails, check API key, secret and environment",
    Kind.DENIED: "check the scope of the token, the investor's consent and your contract",
    Kind.REJECTED: "check the gateway's address and the broker",
    Kind.RATE_LIMITED: "ask again more slowly: lower the broker's rate in Limits",
    Kind.UNAVAILABLE: "ask again later",
}
_UNKNOWN_ADVICE = "report the code to the platform: the manual does not list it"
_OWN_WORDS_ADVICE = (
    "the reason is the broker's own; report the code to the platform: the manual does not list it"
)

MAINTENANCE = "maintenance"
"""What this library calls the code of a page that says nothing else; its words must be found by the pattern below."""
_PAGE_WORDS = "a maintenance page came instead of an answer"
_MAINTENANCE = re.compile(
    r"(?:시스템|서비스|서버|정기|긴급)\s*점검|점검\s*(?:중|시간|안내)|maintenance", re.IGNORECASE
)
# A page of a proxy has one purpose: there, the word by itself will do.
_PAGE_OF_MAINTENANCE = re.compile(r"점검|maintenance", re.IGNORECASE)
_PAGE_LENGTH = 2**16
_LONGEST_WORD = 2**14
"""A refusal's words are cut before they are looked at: far behind the end of what is quoted of them."""

_WHOLE_CODE = re.compile(r"(\d{1,34})\.0*", re.ASCII)


@frozen(kw_only=True, eq=False, repr=False)
class Refusal:
    """What a refusing answer says of itself; each part may be missing."""

    code: str | None = None
    category: str | None = None
    words: str | None = None
    is_dead_token: bool = False
    oauth_error: str | None = None


def read_refusal(document: object) -> Refusal:
    """Read the three shapes of an error body: the platform's, the gateway's, OAuth's."""
    if not isinstance(document, dict):
        return Refusal()
    resp = document.get("resp")
    resp = resp if isinstance(resp, dict) else {}
    description = _word(document.get("error_description"))
    error = _word(document.get("error"))
    return Refusal(
        code=read_code(document.get("code")) or read_code(resp.get("respCode")),
        category=_word(document.get("category")),
        words=_word(document.get("message")) or description or error or _word(resp.get("respMsg")),
        is_dead_token=error == "invalid_token" or "access token" in (description or "").lower(),
        oauth_error=error if error in _OAUTH_CLASSES else None,
    )


def error_class(kind: Kind) -> type[PlatformError] | None:
    """Return the exception of a kind of error; success has none."""
    return _CLASSES.get(kind)


def read_code(value: object) -> str | None:
    """Return a code as text, or `None`; one that came as a number with a fraction of zero is the whole number."""
    code = _word(value)
    whole = _WHOLE_CODE.fullmatch(code) if code is not None else None
    return whole[1] if whole else code


def read_page(body: bytes) -> dict[str, str] | None:
    """Return what a page of HTML says as a refusal would say it; `None` where it does not say what is the matter."""
    if not body.lstrip().startswith(b"<"):
        return None
    try:
        text = body[:_PAGE_LENGTH].decode(errors="strict" if len(body) <= _PAGE_LENGTH else "ignore")
    except UnicodeDecodeError:
        text = body[:_PAGE_LENGTH].decode("cp949", "replace")
    return {"message": _PAGE_WORDS} if _PAGE_OF_MAINTENANCE.search(text) else None


def _word(value: object) -> str | None:
    try:
        return read_text(value[:_LONGEST_WORD] if isinstance(value, str) else value)
    except ScalarError:
        return None


def failure(
    *,
    status: int,
    document: object,
    retry_after: float | None = None,
    quota_resets_at: datetime | None = None,
    secrets: Iterable[str] = (),
    has_token: bool = True,
) -> PlatformError:
    """Return the exception for a refusing answer; `document` is `None` where the body was no JSON.

    Without a token in the request (`has_token`), no token can be dead.
    """
    error = _classified(
        status, document, retry_after=retry_after, quota_resets_at=quota_resets_at, secrets=secrets
    )
    if isinstance(error, AuthenticationError):
        error.token_is_dead = error.token_is_dead and has_token
    return error


def _classified(
    status: int,
    document: object,
    *,
    retry_after: float | None,
    quota_resets_at: datetime | None,
    secrets: Iterable[str],
) -> PlatformError:
    refusal = read_refusal(document)
    secrets = tuple(secrets)
    facts: dict[str, Any] = {
        "status": status,
        "retry_after": retry_after,
        "category": redacted(refusal.category, secrets) if refusal.category else None,
    }
    if status == TOO_MANY_CALLS and quota_resets_at is not None:
        return quota_exceeded(quota_resets_at, **facts)
    known = find_error_code(refusal.code, refusal.category) if refusal.code else None
    if known is not None and known.kind is not Kind.SUCCESS:
        error = _listed(known, _reason(known, refusal.words, document, secrets), **facts)
        if isinstance(error, RequestRejectedError) and known.code == DATE_RANGE_EXCEEDED:
            error.most_days = read_most_days(refusal.words, _word_of(document, "description"))
        return error
    if refusal.oauth_error is not None:
        return _refused_by_oauth(refusal.oauth_error, redacted(refusal.words or "", secrets), **facts)
    return _unlisted(refusal, secrets, facts)


def _unlisted(refusal: Refusal, secrets: Iterable[str], facts: Mapping[str, Any]) -> PlatformError:
    """Return the error of a refusal whose code no table lists, or that has none: its status speaks, and its words."""
    status: int = facts["status"]
    is_closed = bool(_MAINTENANCE.search(refusal.words or ""))
    kind = Kind.AUTHENTICATION if refusal.is_dead_token else _STATUS_KINDS.get(status, Kind.REJECTED)
    kind = Kind.UNAVAILABLE if is_closed else kind
    # Business errors come with 500: a code that the manual does not list may be one, no code at all is a fault.
    retriable = is_closed or status in _RETRIABLE_STATUSES or (status == 500 and refusal.code is None)
    if retriable or kind not in {Kind.UNAVAILABLE, Kind.REJECTED}:
        advice = _ADVICE[kind]
    elif kind is Kind.UNAVAILABLE:
        advice = _UNKNOWN_ADVICE
    else:
        advice = _OWN_WORDS_ADVICE if status in SUCCESSFUL else _ADVICE[kind]
    return _CLASSES[kind](
        _message(status, refusal, secrets),
        code=_shown_code(refusal.code, secrets) or (MAINTENANCE if is_closed else str(status)),
        retriable=retriable,
        advice=advice,
        **facts,
        **(
            {"token_is_dead": True} if kind is Kind.AUTHENTICATION and _is_dead_token(status, refusal) else {}
        ),
    )


def _message(status: int, refusal: Refusal, secrets: Iterable[str]) -> str:
    if not refusal.words:
        return f"HTTP {status}: an answer without a reason"
    words = redacted(refusal.words, secrets)
    if refusal.is_dead_token:
        return f"the access token is not accepted ({words})"
    return words if status in SUCCESSFUL else f"HTTP {status}: {words}"


def _is_dead_token(status: int, refusal: Refusal) -> bool:
    """Whether it is the token, of all things that are recognised, that is not accepted.

    A 401 that blames the API key or the firm's credentials ("Invalid authentication credentials") is about those. One
    that says little ("Unauthorized"), or nothing, is about the token, which is what comes and goes.
    """
    return refusal.is_dead_token or (status == 401 and not _KEY_BLAMED.search(refusal.words or ""))


def _refused_by_oauth(error: str, words: str, **facts: Any) -> PlatformError:
    kind = _OAUTH_CLASSES[error]
    retriable = kind is BrokerUnavailableError or facts["status"] in _RETRIABLE_STATUSES
    advice = _OAUTH_ADVICE.get(error, "check the request: scope, callback, and what your contract allows")
    return kind(
        f"the authorization server refused ({words or error})",
        code=error,
        retriable=retriable,
        advice="ask again later" if retriable else advice,
        **facts,
    )


def _word_of(document: object, name: str) -> str | None:
    return _word(document.get(name)) if isinstance(document, dict) else None


def raise_for_oauth_error(error: str, description: str | None, *, secrets: Iterable[str] = ()) -> NoReturn:
    """Raise the error that an authorization server sent back with the investor's browser."""
    known = error if error in _OAUTH_CLASSES else "access_denied"
    raise _refused_by_oauth(known, redacted(description or error, tuple(secrets)), status=None)


def _shown_code(code: str | None, secrets: Iterable[str]) -> str | None:
    """Return a code that the manual does not list, or a stand-in where it may be personal data."""
    return code if code is None or (_CODE.fullmatch(code) and redacted(code, secrets) == code) else HIDDEN


def quota_exceeded(resets_at: datetime, *, reserve: float = 0.0, **facts: Any) -> QuotaExceededError:
    """Return the error of a day whose calls are spent, down to the share that is kept in reserve."""
    spent = f"spent down to the reserve of {reserve:.0%}" if reserve else "spent"
    return QuotaExceededError(
        f"the day's calls are {spent} until {resets_at:%Y-%m-%d %H:%M} UTC",
        resets_at=resets_at,
        code="429",
        advice="wait for the reset, or have the quota raised by contract",
        **facts,
    )


def _reason(known: ErrorCode, words: str | None, document: object, secrets: Iterable[str]) -> str:
    """Return the reason of a bad request, which follows the message or is its description; no other code has one."""
    if known.code != BAD_REQUEST:
        return ""
    after = (words or "").removeprefix(known.message).strip(" ()[]:")
    return redacted(after or _word_of(document, "description") or "", secrets)


def _listed(known: ErrorCode, reason: str, **facts: Any) -> PlatformError:
    return _CLASSES[known.kind](
        f"{known.meaning_en} ({known.meaning_ko}){f': {reason}' if reason else ''}",
        code=known.code,
        retriable=known.retriable,
        advice=known.advice,
        **facts
        | {"category": facts["category"] or known.category}
        | ({"token_is_dead": True} if known.code == UNAUTHORIZED else {}),
    )
