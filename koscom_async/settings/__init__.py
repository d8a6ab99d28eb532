"""Frozen settings of a client, from arguments or the environment; checked on creation.

What can be set, and its defaults. Does not know how a setting is used.
"""

import os
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Self

from attrs import Converter, field, frozen
from attrs.validators import deep_iterable, optional

from koscom_async._masking import hidden, made_of_secrets, shows_no_arguments
from koscom_async._record import Record
from koscom_async.errors import SettingsError
from koscom_async.settings import addresses, checks

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
    """Which libraries carry HTTP and read JSON. The answers are the same; the cost of a call is not.

    `AUTO` and `CORE` give way to httpx's own transports under trio, and where these are replaced or traced when the
    first call leaves.
    """

    AUTO = "auto"
    """`FAST` where its extra is installed, `CORE` where it is not"""
    CORE = "core"
    """HTTP read by h11, and Python's own JSON reader"""
    FAST = "fast"
    """HTTP read by llhttp (httptools), and JSON by msgspec, which the extra `koscom-async[fast]` installs"""
    HTTPX = "httpx"
    """httpx's own transports, at three times the cost of `CORE`; JSON as with `AUTO`"""


BASE_URLS: Mapping[Environment, str] = {
    Environment.PRODUCTION: "https://apigw.koscom.co.kr",
    Environment.SANDBOX: "https://sandbox-apigw.koscom.co.kr",
}

# Since July 2022 the manual names them for version 3 of the market data service.
MARKET_URLS: Mapping[Environment, str] = {
    Environment.PRODUCTION: "https://oap.k-mydata.org",
    Environment.SANDBOX: "https://testoap.k-mydata.org",
}
MARKET_VERSIONS = (3, 2)


@frozen(kw_only=True, eq=False, repr=False)
class Retry(Record):
    """How often and how long errors that the platform documents as temporary are retried.

    Waits grow exponentially with full jitter: before retry n a wait is drawn from 0 to
    min(`cap`, `base` * 2**(n - 1)) seconds. A `Retry-After` of the gateway is honoured up to `max_retry_after`
    seconds; a longer one is raised at once, with its value.

    Retries are paid from a budget for each broker, so that an outage cannot multiply the load: each first attempt
    earns `budget_share` of a retry, and at most `budget_reserve` retries are saved up, of which one account takes at
    most half.
    """

    attempts: int = field(default=4, validator=checks.positive_integer)
    base: float = field(default=0.2, validator=checks.positive)
    cap: float = field(default=5.0, validator=checks.positive)
    max_retry_after: float = field(default=30.0, validator=checks.not_negative)
    budget_share: float = field(default=0.1, validator=checks.not_negative)
    budget_reserve: float = field(default=10.0, validator=checks.not_negative)


@frozen(kw_only=True, eq=False, repr=False)
class Breaker(Record):
    """When the circuit of a broker opens: after `failures` availability failures, for `cool_down` seconds.

    Failures count in a row for each account, within `window` seconds, and open the circuit only if more of the latest
    investors got no answer than got one. It then holds up those who failed; when they are `investors` or more, it holds
    up all.
    After the cool-down one call is let through as a probe: if it succeeds, the circuit closes.
    """

    failures: int = field(default=10, validator=checks.positive_integer)
    cool_down: float = field(default=30.0, validator=checks.positive)
    window: float = field(default=60.0, validator=checks.positive)
    investors: int = field(default=3, validator=checks.positive_integer)


@frozen(kw_only=True, eq=False, repr=False)
class BrokerLimits(Record):
    """The limits of one broker.

    `rate` is calls per second, `burst` how many may be sent at once after a pause, `in_flight` how many may be
    unanswered. The platform documents no rate per second, so the defaults are cautious.
    """

    rate: float = field(default=10.0, validator=checks.positive)
    burst: int = field(default=10, validator=checks.positive_integer)
    in_flight: int = field(default=8, validator=checks.positive_integer)


@frozen(kw_only=True, eq=False, repr=False)
class Limits(Record):
    """The limits of calls to each broker and to the gateway.

    `default` holds for each broker that `brokers` (by short name) does not name; `in_flight` is the total of
    unanswered calls, and the size of the connection pool. Where several brokers are asked, none takes more of it than
    it leaves free. Lists of accounts and tokens may have a tenth more in flight, at least one. Brokers that neither the
    registry nor the settings name share one set of limits, one breaker and one line of the statistics, as
    `unregistered`: name those that you know, such as `{"toss": BrokerLimits()}`.
    `quota_reserve` is the share of the day's calls, from 0 to 1, that this client leaves to others: set it for batch
    work, so that interactive users keep their calls.
    """

    default: BrokerLimits = field(factory=BrokerLimits, validator=checks.record_of(BrokerLimits))
    brokers: Mapping[str, BrokerLimits] = field(
        factory=dict, converter=checks.as_frozen_mapping, validator=checks.records_by_broker(BrokerLimits)
    )
    in_flight: int = field(default=40, validator=checks.positive_integer)
    quota_reserve: float = field(default=0.0, validator=checks.share)

    @property
    def in_flight_of_platform(self) -> int:
        """How many calls for lists of accounts and tokens may be unanswered beside the total."""
        return max(1, self.in_flight // 10)

    def of(self, broker: str) -> BrokerLimits:
        """Return the limits that hold for a broker."""
        return self.brokers.get(broker, self.default)


@frozen(kw_only=True, eq=False, repr=False)
class Timeouts(Record):
    """Seconds that one attempt may take: to connect, between two reads or writes, and as a whole.

    `attempt` limits an attempt however slowly a server sends. The time of a whole operation is the `deadline`
    argument of each call.
    """

    connect: float = field(default=5.0, validator=checks.positive)
    read: float = field(default=15.0, validator=checks.positive)
    write: float = field(default=5.0, validator=checks.positive)
    attempt: float = field(default=30.0, validator=checks.positive)


@frozen(kw_only=True, eq=False, repr=False)
class BrokerOverrides(Record):
    """Facts about one broker that replace the registry's.

    `supports_all`: whether it answers one query for all asset classes (`None`: as the registry says).
    `trust_totals`: whether fewer or more rows than announced fail the account; if not, its outcome says so.
    `supports_interest_query`: whether it takes the query block of the watchlist (`None`: as the registry says).
    `check_request_id`: whether the echo of the request id must match. The echo of the account always must.
    """

    supports_all: bool | None = field(default=None, validator=optional(checks.boolean))
    supports_interest_query: bool | None = field(default=None, validator=optional(checks.boolean))
    trust_totals: bool = field(default=True, validator=checks.boolean)
    check_request_id: bool = field(default=True, validator=checks.boolean)


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


def _gateway_url(value: str, settings: Any) -> str:
    environment: Environment | None = settings.environment
    if environment is None and not value:
        raise SettingsError(
            "environment is missing: pass environment= or set KOSCOM_ENVIRONMENT to production or sandbox",
            setting="environment",
        )
    url = addresses.gateway_address(value) if value else BASE_URLS[environment]  # type: ignore[index]  # it is there
    _check_environment(url, environment, "base_url", BASE_URLS)
    return url


def _market_url(value: str, settings: Any) -> str:
    url = addresses.gateway_address(value, setting="market_url") if value else ""
    _check_environment(url, settings.environment, "market_url", MARKET_URLS)
    return url


def _check_environment(
    url: str, environment: Environment | None, setting: str, hosts: Mapping[Environment, str]
) -> None:
    # An `attrs.evolve` that changes one of the two, mostly.
    other = next((each for each, known in hosts.items() if known == url), environment)
    if environment not in {None, other}:
        raise SettingsError(
            f"{setting} is the gateway of {other}, and environment is {environment}: change both, "
            f'or pass {setting}="" beside the environment',
            setting=setting,
        )


def _market_version(value: object) -> int:
    version = int(value) if isinstance(value, str) and value in {"2", "3"} else value
    if isinstance(version, bool) or version not in MARKET_VERSIONS:
        raise SettingsError(f"market_version must be 3 or 2, got {value!r}", setting="market_version")
    return int(str(version))


def _path(value: object) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str | os.PathLike):
        raise SettingsError(f"catalogue must be a path, got {type(value).__name__}", setting="catalogue")
    return os.fspath(value)


def _nothing_if_empty(value: str | None) -> str | None:
    return value or None


_REQUIRED = ("api_key", "api_secret", "com_id", "srv_id")


@made_of_secrets
@frozen(kw_only=True, eq=False, repr=False)
class Settings(Record):
    """The gateway, the firm's credentials, and the limits of a client.

    Either `environment` (production or sandbox) or `base_url` says where; both may be given, and then the URL
    counts, unless it is the gateway of the other environment. `com_id` and `srv_id` are the firm's and the service's
    codes (핀테크 기업 코드, 핀테크 서비스 코드).
    `redirect_uri` is the callback that is registered for the key, to which an investor who has authorised is sent
    back (`None`: pass it to each call of `koscom.oauth` that needs it); `scope` is what the investor is asked for.
    A query of more pages than `page_limit` fails its account, and so does a question about one account that takes more
    calls than `call_limit` (of an investor's accounts together, four times as many), a response of more bytes than
    `max_response_bytes`, or pages that have more than `max_answer_bytes` or `max_answer_rows` together (of a stream of
    transactions: those of one range of dates; of other questions, the rows of an investor's accounts count together,
    too). A list of more linked accounts than `max_accounts` fails its investor.
    Bytes are counted unpacked. Large responses take turns, so that those being read have at most `max_reading_bytes`
    together; memory takes up to sixty times as much.
    `discretionary_brokers` are the short names of the brokers at which the firm has discretionary contracts (일임매매):
    the calls across brokers ask these. By default they ask every broker of the platform; those without a contract
    refuse, so name yours. `check_service_hours` refuses discretionary balances and
    settlements before a call is spent while the platform does not answer them (08:30 to 16:00 KST).
    `backend` is what carries HTTP and reads JSON: `"auto"`, `"core"`, `"fast"` or `"httpx"` (see `Backend`).
    Market data come from `market_url` (by default the host of the environment, or `base_url` where that is a gateway of
    your own) in version 3, or with `market_version=2` from `base_url`. `catalogue` is the path of a file that adds or
    completes operations.
    Raises `SettingsError`, naming the setting, for anything missing or impossible.
    """

    environment: Environment | None = field(default=None, converter=_environment)
    base_url: str = field(
        default="",
        converter=Converter(_gateway_url, takes_self=True),  # type: ignore[misc]  # mypy knows no `Converter` yet
    )
    # As it was given, so that what follows from the environment follows an `attrs.evolve` of it.
    _market_url: str = field(
        default="",
        converter=Converter(_market_url, takes_self=True),  # type: ignore[misc]  # mypy knows no `Converter` yet
        repr=False,
    )
    market_version: int = field(default=3, converter=_market_version)
    api_key: str = field(default="", repr=hidden, validator=checks.required("KOSCOM_API_KEY", "the API key"))
    api_secret: str = field(
        default="", repr=hidden, validator=checks.required("KOSCOM_API_SECRET", "the API key's secret")
    )
    com_id: str = field(default="", validator=checks.required("KOSCOM_COM_ID", "핀테크 기업 코드"))
    srv_id: str = field(default="", validator=checks.required("KOSCOM_SRV_ID", "핀테크 서비스 코드"))
    retry: Retry = field(factory=Retry, validator=checks.record_of(Retry))
    limits: Limits = field(factory=Limits, validator=checks.record_of(Limits))
    timeouts: Timeouts = field(factory=Timeouts, validator=checks.record_of(Timeouts))
    breaker: Breaker = field(factory=Breaker, validator=checks.record_of(Breaker))
    brokers: Mapping[str, BrokerOverrides] = field(
        factory=dict, converter=checks.as_frozen_mapping, validator=checks.records_by_broker(BrokerOverrides)
    )
    redirect_uri: str | None = field(
        default=None, converter=_nothing_if_empty, validator=optional(addresses.redirect_uri)
    )
    scope: str = field(default="account", validator=addresses.scope)
    page_limit: int = field(default=1000, validator=checks.positive_integer)
    call_limit: int = field(default=500, validator=checks.positive_integer)
    max_accounts: int = field(default=200, validator=checks.positive_integer)
    max_response_bytes: int = field(default=8 * 2**20, validator=checks.positive_integer)
    max_answer_bytes: int = field(default=64 * 2**20, validator=checks.positive_integer)
    max_answer_rows: int = field(default=100_000, validator=checks.positive_integer)
    max_reading_bytes: int = field(default=8 * 2**20, validator=checks.positive_integer)
    discretionary_brokers: tuple[str, ...] = field(
        default=(), converter=checks.as_names, validator=deep_iterable(checks.broker_name)
    )
    check_service_hours: bool = field(default=True, validator=checks.boolean)
    backend: Backend = field(default=Backend.AUTO, converter=_backend)
    catalogue: str | None = field(default=None, converter=_path)

    @classmethod
    @shows_no_arguments
    def from_env(cls, environ: Mapping[str, str] | None = None, **overrides: Any) -> Self:
        """Read KOSCOM_ENVIRONMENT, _BASE_URL, _API_KEY, _API_SECRET, _COM_ID, _SRV_ID, _REDIRECT_URI, _SCOPE, _BACKEND.

        Also KOSCOM_MARKET_URL, _MARKET_VERSION, _CATALOGUE, and KOSCOM_DISCRETIONARY_BROKERS, with commas between the
        names. Arguments win. A `SettingsError` names every variable that is not set.
        """
        environ = os.environ if environ is None else environ
        names = (
            *("environment", "base_url", "api_key", "api_secret", "com_id", "srv_id"),
            *("redirect_uri", "scope", "discretionary_brokers", "backend"),
            *("market_url", "market_version", "catalogue"),
        )
        read = {
            name: environ[variable] for name in names if (variable := f"KOSCOM_{name.upper()}") in environ
        }
        given = read | overrides
        lacking = [name for name in _REQUIRED if given.get(name) in {None, ""}]
        if given.get("base_url") in {None, ""} and given.get("environment") in {None, ""}:
            lacking.insert(0, "environment")
        if lacking:
            variables = [f"KOSCOM_{name.upper()}" for name in lacking]
            raise SettingsError(checks.not_set(variables), setting=lacking[0])
        return cls(**given)

    @property
    def market_url(self) -> str:
        """Where market data come from: what was given, or the host of the gateway's environment.

        A gateway of another address is a proxy or a sandbox, and nothing goes around it.
        """
        if self._market_url:
            return self._market_url
        known = next((each for each, url in BASE_URLS.items() if url == self.base_url), None)
        return self.base_url if known is None else MARKET_URLS[known]
