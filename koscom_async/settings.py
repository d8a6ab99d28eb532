"""Frozen settings of a client, from arguments or the environment; each is checked when it is made.

Owns what can be set and its defaults. Knows nothing of how a setting is used.
"""

import os
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from math import isfinite
from typing import Any, Self
from urllib.parse import urlsplit

from attrs import Attribute, field, frozen
from attrs.validators import deep_iterable, optional

from koscom_async._frozen_mapping import FrozenMapping
from koscom_async._masking import hidden
from koscom_async.errors import SettingsError

__all__ = [
    "Backend",
    "Breaker",
    "BrokerLimits",
    "BrokerOverrides",
    "Environment",
    "Limits",
    "Retry",
    "Settings",
    "Timeouts",
]


class Environment(StrEnum):
    """Which of the platform's gateways; API keys differ between them."""

    PRODUCTION = "production"
    SANDBOX = "sandbox"


class Backend(StrEnum):
    """Which libraries carry HTTP and read JSON: what comes of it is the same, at another cost."""

    AUTO = "auto"
    """`FAST` where its extra is installed, `CORE` where it is not"""
    CORE = "core"
    """httpx's own connections, and Python's own JSON reader"""
    FAST = "fast"
    """httptools and msgspec, which the extra `koscom-async[fast]` installs"""


# Since July 2022 the manual names other hosts for the v3 market services: hence `base_url`.
BASE_URLS: Mapping[Environment, str] = {
    Environment.PRODUCTION: "https://apigw.koscom.co.kr",
    Environment.SANDBOX: "https://sandbox-apigw.koscom.co.kr",
}


def _number(instance: object, attribute: "Attribute[Any]", value: object) -> float:
    try:
        if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
            return value
    except OverflowError:  # a whole number that no float holds
        pass
    raise _wrong(instance, attribute, "must be a finite number", value)


def _boolean(instance: object, attribute: "Attribute[Any]", value: object) -> None:
    if not isinstance(value, bool):
        raise _wrong(instance, attribute, "must be True or False", value)


def _positive(instance: object, attribute: "Attribute[Any]", value: object) -> None:
    if _number(instance, attribute, value) <= 0:
        raise _wrong(instance, attribute, "must be above 0", value)


def _not_negative(instance: object, attribute: "Attribute[Any]", value: object) -> None:
    if _number(instance, attribute, value) < 0:
        raise _wrong(instance, attribute, "must not be below 0", value)


def _share(instance: object, attribute: "Attribute[Any]", value: object) -> None:
    if not 0 <= _number(instance, attribute, value) < 1:
        raise _wrong(instance, attribute, "must be at least 0 and below 1", value)


def _positive_integer(instance: object, attribute: "Attribute[Any]", value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _wrong(instance, attribute, "must be a whole number of at least 1", value)


def _wrong(instance: object, attribute: "Attribute[Any]", rule: str, value: object) -> SettingsError:
    return SettingsError(
        f"{type(instance).__name__}.{attribute.name} {rule}, got {value!r}", setting=attribute.name
    )


# Patterns are text: compiled when the first value is checked, so that nobody waits for them who only imports.
_BROKER_NAME = r"[a-z][a-z0-9_-]*"


def _broker_name(instance: object, attribute: "Attribute[Any]", value: object) -> None:
    if not isinstance(value, str) or not re.fullmatch(_BROKER_NAME, value):
        raise _wrong(instance, attribute, "must have brokers' short names", value)


def _names(value: object) -> object:
    """Return names as a tuple; in one text, as in the environment, commas stand between them."""
    if isinstance(value, str):
        return tuple(name.strip() for name in value.split(",") if name.strip())
    return tuple(value) if isinstance(value, Iterable) else (value,)


def _of(kind: type) -> Any:
    """Check that a nested record is one."""

    def check(instance: object, attribute: "Attribute[Any]", value: object) -> None:
        if not isinstance(value, kind):
            raise _wrong(instance, attribute, f"must be a {kind.__name__}", value)

    return check


def _by_broker(kind: type) -> Any:
    """Check a mapping of broker short names to nested records."""

    def check(instance: object, attribute: "Attribute[Any]", value: Mapping[object, object]) -> None:
        for name, record in value.items():
            if not isinstance(name, str) or not re.fullmatch(_BROKER_NAME, name):
                raise _wrong(instance, attribute, "must have brokers' short names as keys", name)
            if not isinstance(record, kind):
                raise _wrong(instance, attribute, f"must have a {kind.__name__} for {name}", record)

    return check


def _frozen_mapping(value: object) -> object:
    return FrozenMapping(value if isinstance(value, Mapping) else {"": value})


@frozen(kw_only=True)
class Retry:
    """How often and how long to try again what the error table calls retriable.

    Waits grow exponentially with full jitter: before retry n a wait is drawn from 0 to
    min(`cap`, `base` * 2**n) seconds. A `Retry-After` of the gateway is honoured up to `max_retry_after`
    seconds; a longer one is raised at once, with its value.

    Retries are paid from a budget for each broker, so that an outage cannot multiply the load: each first try
    earns `budget_share` of a retry, and at most `budget_reserve` are saved up.
    """

    attempts: int = field(default=4, validator=_positive_integer)
    base: float = field(default=0.2, validator=_positive)
    cap: float = field(default=5.0, validator=_positive)
    max_retry_after: float = field(default=30.0, validator=_not_negative)
    budget_share: float = field(default=0.1, validator=_not_negative)
    budget_reserve: float = field(default=10.0, validator=_not_negative)


@frozen(kw_only=True)
class Breaker:
    """When a broker is left alone: after `failures` availability failures in a row, for `cool_down` seconds.

    Then one call is let through as a probe, and its end decides.
    """

    failures: int = field(default=10, validator=_positive_integer)
    cool_down: float = field(default=30.0, validator=_positive)


@frozen(kw_only=True)
class BrokerLimits:
    """What one broker is asked at most.

    The documents give no rate a second, so the defaults are cautious. `rate` is calls a second, `burst` how
    many may leave at once after a rest, `in_flight` how many may be unanswered.
    """

    rate: float = field(default=10.0, validator=_positive)
    burst: int = field(default=10, validator=_positive_integer)
    in_flight: int = field(default=8, validator=_positive_integer)


@frozen(kw_only=True)
class Limits:
    """What the brokers and the gateway are asked at most.

    `default` holds for each broker that `brokers` (by short name) does not name; `in_flight` is the total of
    unanswered calls, and the size of the connection pool. `quota_reserve` is the share of the day's calls, from 0 to 1,
    that this client leaves untouched: batch work sets it, so that the people at the screens are not locked out.
    """

    default: BrokerLimits = field(factory=BrokerLimits, validator=_of(BrokerLimits))
    brokers: Mapping[str, BrokerLimits] = field(
        factory=dict, converter=_frozen_mapping, validator=_by_broker(BrokerLimits)
    )
    in_flight: int = field(default=40, validator=_positive_integer)
    quota_reserve: float = field(default=0.0, validator=_share)

    def of(self, broker: str) -> BrokerLimits:
        """Return the limits that hold for a broker."""
        return self.brokers.get(broker, self.default)


@frozen(kw_only=True)
class Timeouts:
    """Seconds that one try may take: to connect, between two pieces read or written, and as a whole.

    `attempt` bounds a try however slowly a server drips. The time of a whole operation is the `deadline`
    argument of each call.
    """

    connect: float = field(default=5.0, validator=_positive)
    read: float = field(default=15.0, validator=_positive)
    write: float = field(default=5.0, validator=_positive)
    attempt: float = field(default=30.0, validator=_positive)


@frozen(kw_only=True)
class BrokerOverrides:
    """What you know better than the registry about a broker.

    `supports_all`: whether it answers one query for all asset classes (`None`: as the registry says).
    `trust_totals`: whether fewer or more rows than announced fail the account; if not, its outcome says so.
    `supports_interest_query`: whether it takes the query block of the watchlist (`None`: as the registry says).
    `check_request_id`: whether the echo of the request id must match. The echo of the account always must.
    """

    supports_all: bool | None = field(default=None, validator=optional(_boolean))
    supports_interest_query: bool | None = field(default=None, validator=optional(_boolean))
    trust_totals: bool = field(default=True, validator=_boolean)
    check_request_id: bool = field(default=True, validator=_boolean)


def _required(variable: str, what: str) -> Any:
    def check(_: object, attribute: "Attribute[Any]", value: object) -> None:
        name = attribute.name
        if not isinstance(value, str) or not value.strip():
            raise SettingsError(
                f"{name} ({what}) is missing or empty: pass {name}= or set {variable}", setting=name
            )
        if not value.isascii() or not value.isprintable() or " " in value:
            raise SettingsError(f"{name} ({what}) must be printable ASCII without spaces", setting=name)

    return check


def _environment(value: str | None) -> Environment | None:
    if value is None or value == "":
        return None
    try:
        return Environment(value)
    except ValueError:
        known = " or ".join(Environment)
        raise SettingsError(f"environment must be {known}, got {value!r}", setting="environment") from None


def _backend(value: str | None) -> Backend:
    try:
        return Backend(value or Backend.AUTO)
    except ValueError:
        known = ", ".join(Backend)
        raise SettingsError(f"backend must be one of {known}, got {value!r}", setting="backend") from None


def _nothing_if_empty(value: str | None) -> str | None:
    return value or None


def _redirect_uri(_: object, attribute: "Attribute[Any]", value: object) -> None:
    check_redirect_uri(value, setting=attribute.name)


def check_redirect_uri(value: object, *, setting: str = "redirect_uri") -> None:
    """Raise `SettingsError` unless it is an absolute URI without fragment, as RFC 6749 (3.1.2) wants it."""
    text = value if isinstance(value, str) else ""
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    # An app's own scheme is allowed, so that a host need not be there.
    is_whole = re.match(r"[a-z][a-z0-9+.-]*:", text, re.ASCII) and (parts.netloc or parts.path)
    if not is_whole or not text.isascii() or not text.isprintable() or " " in text or "#" in text:
        raise SettingsError(
            f"{setting} must be an absolute URI without fragment, such as https://you.example/callback",
            setting=setting,
        )


def _scope(_: object, attribute: "Attribute[Any]", value: object) -> None:
    check_scope(value, setting=attribute.name)


def check_scope(value: object, *, setting: str = "scope") -> None:
    """Raise `SettingsError` unless it is one or more words, such as `account` or `account profile`."""
    if not isinstance(value, str) or not re.fullmatch(r"[!#-\[\]-~]+(?: [!#-\[\]-~]+)*", value, re.ASCII):
        raise SettingsError(f"{setting} must be words such as account, with a space between", setting=setting)


_HOST = r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    from ipaddress import ip_address  # noqa: PLC0415  # only plain http needs it: production never does

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _base_url(value: str) -> str:
    """Return scheme, host and port of a gateway, or raise naming `base_url`."""

    def wrong(why: str) -> SettingsError:
        return SettingsError(f"base_url {why}", setting="base_url")

    if not str(value).isascii() or not str(value).isprintable():
        raise wrong("must be an ASCII URL such as https://gateway.example")
    try:
        parts = urlsplit(str(value).strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise wrong("is not a URL") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise wrong("must begin with https:// and name a host")
    if parts.username is not None or parts.password is not None:
        raise wrong("must not carry credentials")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise wrong("must end after the host and port: paths are the client's own")
    if parts.scheme == "http" and not _is_loopback(host):
        raise wrong("may use plain http only on loopback; use https")
    if ":" not in host and not re.fullmatch(_HOST, host, re.ASCII):
        raise wrong("must name a host of letters, digits, dots and dashes")
    if port == 0:
        raise wrong("has port 0, at which nothing can listen")
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + (f":{port}" if port is not None else "")


@frozen(kw_only=True)
class Settings:
    """Where the gateway is, who is asking, and how politely.

    Either `environment` (production or sandbox) or `base_url` says where; both may be given, and then the URL
    counts, unless it is the gateway of the other environment. `com_id` and `srv_id` are the firm's and the service's
    codes (핀테크 기업 코드, 핀테크 서비스 코드). A query of more pages than `page_limit`, or an answer of more than
    `max_response_bytes`, fails its account.
    `discretionary_brokers` are the short names of the brokers at which the firm has discretionary contracts (일임매매):
    whom the questions across brokers ask. Without them it is every broker that the platform offers; those at which the
    firm has no contract will refuse, so name yours. `check_service_hours` refuses discretionary balances and
    settlements before a call is spent while the platform does not answer them (08:30 to 16:00 KST).
    `redirect_uri` is the callback that is registered for the key, to which an investor who has authorised is sent
    back (`None`: give it to each call of `koscom.oauth` that wants it); `scope` is what the investor is asked for.
    `backend` is what carries HTTP and reads JSON: `"auto"`, `"core"` or `"fast"` (see `Backend`).
    Raises `SettingsError`, naming the setting, for anything missing or impossible.
    """

    environment: Environment | None = field(default=None, converter=_environment)
    base_url: str = ""
    api_key: str = field(default="", repr=hidden, validator=_required("KOSCOM_API_KEY", "the API key"))
    api_secret: str = field(
        default="", repr=hidden, validator=_required("KOSCOM_API_SECRET", "the API key's secret")
    )
    com_id: str = field(default="", validator=_required("KOSCOM_COM_ID", "핀테크 기업 코드"))
    srv_id: str = field(default="", validator=_required("KOSCOM_SRV_ID", "핀테크 서비스 코드"))
    retry: Retry = field(factory=Retry, validator=_of(Retry))
    limits: Limits = field(factory=Limits, validator=_of(Limits))
    timeouts: Timeouts = field(factory=Timeouts, validator=_of(Timeouts))
    breaker: Breaker = field(factory=Breaker, validator=_of(Breaker))
    brokers: Mapping[str, BrokerOverrides] = field(
        factory=dict, converter=_frozen_mapping, validator=_by_broker(BrokerOverrides)
    )
    redirect_uri: str | None = field(
        default=None, converter=_nothing_if_empty, validator=optional(_redirect_uri)
    )
    scope: str = field(default="account", validator=_scope)
    page_limit: int = field(default=1000, validator=_positive_integer)
    max_response_bytes: int = field(default=32 * 2**20, validator=_positive_integer)
    discretionary_brokers: tuple[str, ...] = field(
        default=(), converter=_names, validator=deep_iterable(_broker_name)
    )
    check_service_hours: bool = field(default=True, validator=_boolean)
    backend: Backend = field(default=Backend.AUTO, converter=_backend)

    def __attrs_post_init__(self) -> None:
        if self.base_url:
            url = _base_url(self.base_url)
        elif self.environment is not None:
            url = BASE_URLS[self.environment]
        else:
            raise SettingsError(
                "environment is missing: pass environment= or set KOSCOM_ENVIRONMENT to "
                "production or sandbox",
                setting="environment",
            )
        # Mostly an `attrs.evolve` that changed one of the two: nobody means one gateway and names another's.
        other = next((each for each, known in BASE_URLS.items() if known == url), self.environment)
        if self.environment not in {None, other}:
            raise SettingsError(
                f"base_url is the gateway of {other}, and environment is {self.environment}: change both, "
                'or pass base_url="" beside the environment',
                setting="base_url",
            )
        object.__setattr__(self, "base_url", url)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, **overrides: Any) -> Self:
        """Read KOSCOM_ENVIRONMENT, _BASE_URL, _API_KEY, _API_SECRET, _COM_ID, _SRV_ID, _REDIRECT_URI, _SCOPE, _BACKEND.

        Also KOSCOM_DISCRETIONARY_BROKERS, with commas between the names. Arguments win.
        """
        environ = os.environ if environ is None else environ
        names = (
            *("environment", "base_url", "api_key", "api_secret", "com_id", "srv_id"),
            *("redirect_uri", "scope", "discretionary_brokers", "backend"),
        )
        read = {
            name: environ[variable] for name in names if (variable := f"KOSCOM_{name.upper()}") in environ
        }
        return cls(**(read | overrides))

    def overrides_of(self, broker: str) -> BrokerOverrides:
        """Return what is set for a broker, or the defaults."""
        return self.brokers.get(broker, _NO_OVERRIDES)


_NO_OVERRIDES = BrokerOverrides()
