"""What each error code means: the platform's table, the HTTP statuses beside it, and this library's own words."""

import inspect
from collections.abc import Iterator, Mapping
from http import HTTPStatus

from attrs import frozen

from koscom_async import errors
from koscom_async._wire.failures import error_class, failure
from koscom_async.error_codes import ERROR_CODES, ErrorCode
from koscom_async.errors import KoscomError

GATEWAY = "gateway"
OURSELVES = "koscom_async"

CATEGORIES: Mapping[str, str] = {
    "op-apim": "the platform's API gateway (API Gateway Server)",
    "op-auth": "the platform's authentication server (인증 서버)",
    "op-exco": "the platform's link to the brokers (증권사 연계 서버)",
    "broker": "a broker, under its own name (증권사 서버)",
    "market": "the market data service (시세 서비스)",
    "ofin-oauth": "the login window (OFin OAuth)",
    "thecheat": "the fraud inquiry service (더치트)",
    GATEWAY: "a gateway or proxy before the platform, by HTTP status alone",
    OURSELVES: "this library, about an answer, a setting or the way it is used",
}
"""Who sends a code: the manual's categories, and two that it does not have."""

# What a gateway answers and the manual's table does not list.
_OTHER_STATUSES: Mapping[int, tuple[str, str]] = {
    429: ("too many calls: too fast, or (QuotaExceededError) the day's calls are spent", "호출 한도 초과"),
    502: ("a gateway on the way got no usable answer", "게이트웨이 오류"),
    504: ("a gateway on the way got no answer in time", "게이트웨이 응답 시간 초과"),
}
_RETRIED_WORDS = {"connection", "maintenance"}

# Words that stand on an error of a wider class: its name, what they mean, what to do.
_WORDS: Mapping[str, tuple[str, str, str]] = {
    "killed": (
        "UsageError",
        "a partition of a batch over workers ended several of them",
        "see the workers' logs; the next run with the same keys goes on",
    ),
    "missing": (
        "UsageError",
        "a batch's own function returned no investor for a key",
        "see where the function loads them from",
    ),
    "token-store": (
        "ConnectionFailedError",
        "the token store could not load, save or lock a token",
        "see the error's cause, and check the token store",
    ),
    "certificate": (
        "ConnectionFailedError",
        "the server's certificate is not trusted, or the file of trusted authorities cannot be read",
        "check the gateway's address, the clock, and the file that SSL_CERT_FILE names",
    ),
    "consent-ended": (
        "AccessDeniedError",
        "the investor's consent has ended, and no account is linked any more",
        "have the investor renew the consent on the platform's portal, and link the accounts again",
    ),
    "maintenance": (
        "BrokerUnavailableError",
        "a page of HTML that speaks of maintenance (점검) came instead of an answer",
        "ask again later",
    ),
    "checkpoint": (
        "UsageError",
        "a batch's checkpoint is of other settings or columns, is used by another process, or cannot be read",
        "see the message; another path begins a new checkpoint",
    ),
    "poison": (
        "KoscomError",
        "a batch's process died again and again while this investor was read or written",
        "ask for this investor alone, and report what ends the process",
    ),
    "source": (
        "UsageError",
        "what yields a batch's investors failed in the middle",
        "see the error's cause; the next run with the same checkpoint goes on",
    ),
    "unforeseen": (
        "KoscomError",
        "an unexpected exception ended the reading of an account",
        "see the error's cause; if it is not your own limiter's or transport's, report it",
    ),
}


@frozen(kw_only=True)
class Entry:
    """A code in one category. `error` is the exception, `None` for success; `retried` whether it is asked again."""

    code: str
    category: str
    status: int | None
    error: str | None
    retried: bool
    message: str
    meaning_en: str
    meaning_ko: str
    advice: str | None


def entries(code: str | None = None) -> tuple[Entry, ...]:
    """Return every entry, or those of a code: several where categories share it, none where it is unknown."""
    wanted = code.strip().casefold() if code is not None else None
    everything = (*map(_listed, ERROR_CODES), *map(_by_status, _OTHER_STATUSES), *_words())
    return tuple(entry for entry in everything if wanted is None or entry.code.casefold() == wanted)


def error_names() -> tuple[str, ...]:
    """Return the names of the error classes."""
    return tuple(name for name in errors.__all__ if isinstance(getattr(errors, name), type))


def error_named(name: str) -> type[KoscomError] | None:
    """Return the error class of a name, in any case; `None` where there is none."""
    spelled = {each.casefold(): each for each in error_names()}.get(name.strip().casefold())
    return getattr(errors, spelled) if spelled else None


def one_line(paragraph: str) -> str:
    """Return a docstring's paragraph as the line that a terminal breaks anew."""
    return " ".join(paragraph.replace("`", "").split())


def _listed(row: ErrorCode) -> Entry:
    kind = error_class(row.kind)
    return Entry(
        code=row.code,
        category=row.category,
        status=row.status,
        error=kind.__name__ if kind else None,
        retried=row.retriable,
        message=row.message,
        meaning_en=row.meaning_en,
        meaning_ko=row.meaning_ko,
        advice=row.advice,
    )


def _by_status(status: int) -> Entry:
    error = failure(status=status, document=None)
    meaning_en, meaning_ko = _OTHER_STATUSES[status]
    return Entry(
        code=str(status),
        category=GATEWAY,
        status=status,
        error=type(error).__name__,
        retried=error.retriable,
        message=HTTPStatus(status).phrase,
        meaning_en=meaning_en,
        meaning_ko=meaning_ko,
        advice=error.advice,
    )


def _words() -> Iterator[Entry]:
    for code, (kind_name, meaning, advice) in _WORDS.items():
        yield _word(code, kind_name, meaning, advice)
    for name in errors.__all__:
        kind: type[KoscomError] = getattr(errors, name)
        if "default_code" in vars(kind) and kind.default_code:
            words = (inspect.getdoc(kind) or "").partition("\n")[0].rstrip(".").replace("`", "")
            yield _word(kind.default_code, name, words[:1].lower() + words[1:], kind.default_advice)


def _word(code: str, error: str, meaning: str, advice: str | None) -> Entry:
    return Entry(
        code=code,
        category=OURSELVES,
        status=None,
        error=error,
        retried=code in _RETRIED_WORDS,
        message="",
        meaning_en=meaning,
        meaning_ko="",
        advice=advice,
    )
