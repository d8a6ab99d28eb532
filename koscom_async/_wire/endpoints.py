"""The endpoints as data, one call to one of them, and the path at which a linked account is asked.

The one place that decides where a call goes, and that refuses other addresses than the gateway's. Sends nothing.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum, auto
from functools import lru_cache
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from attrs import field, frozen

from koscom_async.brokers import BROKERS, find_broker
from koscom_async.errors import ResponseMismatchError, UntrustedEndpointError
from koscom_async.models.investor import Investor
from koscom_async.settings import Settings

Answer = TypeVar("Answer")

Caller = tuple[int, str | None]
"""Who asks: a number that stands for the investor and shows nothing of them, and the masked account."""


class AuthScheme(Enum):
    """How the gateway recognises the caller."""

    API_KEY = auto()
    """By the API key alone: member service."""
    BASIC = auto()
    """By key and secret, and the firm's code beside them: discretionary service."""
    BEARER = auto()
    """By the investor's access token, and the API key beside it: account service."""
    CLIENT = auto()
    """By key and secret: OAuth."""


class Content(Enum):
    """How a question's body is written."""

    JSON = auto()
    FORM = auto()


class Site(Enum):
    """Which of the configured hosts an endpoint is on."""

    GATEWAY = auto()
    """`Settings.base_url`"""
    MARKET = auto()
    """`Settings.market_url`: market data, since its third version"""


@frozen(eq=False, repr=False)
class Endpoint:
    """One endpoint, and what it answers, as a deadline error says that it did not arrive.

    `repeatable`: whether asking twice is safe; the verb does not tell, as reads are POSTs. `is_echoed`: whether the
    answer says whose it is, by account or request id, which is checked.
    """

    name: str
    path: str
    scheme: AuthScheme
    repeatable: bool = True
    content: Content = Content.JSON
    answer: str = "the answer"
    is_echoed: bool = False
    site: Site = Site.GATEWAY
    service: str = field(init=False)
    """Which of the platform's services it belongs to; each has a daily quota of its own."""

    @service.default
    def _service_in_name(self) -> str:
        return self.name.partition(".")[0]


@frozen(kw_only=True, eq=False, repr=False)
class Call(Generic[Answer]):
    """One call, as the layers hand it on: where to, with what body, and how its answer is read and checked.

    `broker` is whose limits it counts against; `asked` the broker that errors name where that is another (see
    `UNREGISTERED`); `account` the account's masked number. `investor` is on whose behalf it is asked; where the
    endpoint wants an access token, that joins each attempt. `subject` is what a question without an investor is about:
    its failures are its own, not those of all that the firm asks. `read` gets the JSON document of a successful answer,
    and raises a `KoscomError` if it must not be believed. `keep` runs with an answer that has arrived, even if its
    caller is cancelled. `charge` counts the bytes of an answer, and refuses what is too much. `secrets` are the texts
    that no error may repeat from an answer. `method` and `params` (the query of the URL, never a secret; a name alone
    has the value `None`) are for endpoints that are not POSTs; those without a `body` send none.
    """

    endpoint: Endpoint
    path: str
    broker: str
    body: Any = field(repr=False)
    read: Callable[[object], Answer] = field(repr=False)
    investor: Investor | None = field(default=None, repr=False)
    keep: Callable[[Answer], Awaitable[None]] | None = field(default=None, repr=False)
    charge: Callable[[int], None] | None = field(default=None, repr=False)
    asked: str | None = None
    account: str | None = None
    subject: str | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    method: str = "POST"
    params: Mapping[str, str | None] = field(factory=dict, repr=False)


REGISTRATION = Endpoint(
    "member.register", "/v1/common/member/register/search", AuthScheme.API_KEY, answer="the registration"
)
CONSENT = Endpoint(
    "member.consent", "/v1/common/member/consent/search", AuthScheme.API_KEY, answer="the list of accounts"
)
BALANCE = Endpoint(
    "account.balance",
    "/{version}/{broker}/account/balance/search",
    AuthScheme.BEARER,
    answer="the balance",
    is_echoed=True,
)
PORTFOLIO = Endpoint(
    "account.portfolio",
    "/{version}/{broker}/account/portfolio/search",
    AuthScheme.BEARER,
    answer="the portfolio",
    is_echoed=True,
)
TRANSACTIONS = Endpoint(
    "account.transaction",
    "/{version}/{broker}/account/transaction/search",
    AuthScheme.BEARER,
    answer="the transactions",
    is_echoed=True,
)
WATCHLIST = Endpoint(
    "account.interest",
    "/{version}/{broker}/account/interest/search",
    AuthScheme.BEARER,
    answer="the watchlist",
    is_echoed=True,
)

DISCRETIONARY_ACCOUNTS = Endpoint(
    "discretionary.accounts",
    "/v1/{broker}/b2baccount/accountlist/search",
    AuthScheme.BASIC,
    answer="the list of accounts",
    is_echoed=True,
)
DISCRETIONARY_BALANCES = Endpoint(
    "discretionary.balances",
    "/v1/{broker}/b2baccount/balancelist/search",
    AuthScheme.BASIC,
    answer="the balance",
    is_echoed=True,
)
DISCRETIONARY_ORDERS = Endpoint(
    "discretionary.orders",
    "/v1/{broker}/b2baccount/orderdetail/search",
    AuthScheme.BASIC,
    answer="the orders",
    is_echoed=True,
)
DISCRETIONARY_SETTLEMENTS = Endpoint(
    "discretionary.settlements",
    "/v1/{broker}/b2baccount/settlelist/search",
    AuthScheme.BASIC,
    answer="the settlements",
    is_echoed=True,
)
DISCRETIONARY_TRADES = Endpoint(
    "discretionary.trades",
    "/v1/{broker}/b2baccount/tradebook/search",
    AuthScheme.BASIC,
    answer="the trades",
    is_echoed=True,
)

AUTHORIZE_PATH = "/auth/oauth/v2/authorize"
_ISSUING_PATH = "/auth/oauth/v2/token"
# A code is good once: where its answer was lost, asking again only makes the server suspicious (RFC 6749, 4.1.2).
TOKEN = Endpoint(
    "auth.token", _ISSUING_PATH, AuthScheme.CLIENT, repeatable=False, content=Content.FORM, answer="the token"
)
REFRESH = Endpoint(
    "auth.refresh", _ISSUING_PATH, AuthScheme.CLIENT, content=Content.FORM, answer="the new token"
)
REVOKE = Endpoint("auth.revoke", f"{_ISSUING_PATH}/revoke", AuthScheme.CLIENT, content=Content.FORM)

AUTH = "auth"
"""Stands where a broker's short name does, for the authorization server: it has limits and a breaker of its own."""

COMMON = "common"
"""Stands where a broker's short name does, for services that belong to none."""

PLATFORM = frozenset({COMMON, AUTH})
"""The platform's own services, which stand in a broker's place and are what every investor asks first."""

UNREGISTERED = "unregistered"
"""Stands where a broker's short name does, for every broker that neither the registry nor the settings name.

A list of accounts may name any number of such brokers. With limits of its own for each it would outrun the gateway, and
what is kept for a broker would be kept for each invented name.
"""


REGISTERED = frozenset(broker.short_name for broker in BROKERS)


def metered_as(broker: str, settings: Settings) -> str:
    """Return under which name a broker's calls are limited, judged and counted."""
    is_known = (
        broker in REGISTERED
        or broker in settings.limits.brokers
        or broker in settings.brokers
        or broker in settings.discretionary_brokers
    )
    return broker if is_known else UNREGISTERED


DEFAULT_VERSION = "v1"

# No broker has the name of one of the platform's own services, whose limits and breaker it would share.
_ACCOUNT_ADDRESS = re.compile(
    r"/(v\d{1,2})/(?!(?i:common|auth|market|b2baccount)/)([A-Za-z][A-Za-z0-9_-]{0,39})/account/?", re.ASCII
)
_DEFAULT_PORTS = {"https": 443, "http": 80}


def broker_in(address: str) -> str | None:
    """Return the broker's short name in the address of a linked account, or `None`."""
    try:
        match = _ACCOUNT_ADDRESS.fullmatch(urlsplit(address).path)
    except ValueError:
        return None
    return match[2].lower() if match else None


@lru_cache(maxsize=1024)  # there are as many as brokers; what is refused is not kept
def account_path(endpoint: Endpoint, broker: str, code: str, address: str | None, base_url: str) -> str:
    """Return the path at which to ask about an account of a broker, always on the configured gateway.

    `code` is the broker's, `address` the account's; without one it is asked under the broker's registered short name.
    """
    if address is None:
        if find_broker(short_name=broker) is None:
            raise UntrustedEndpointError(
                f"broker {code} is not in the registry, and the platform gave no address",
                broker=broker,
                endpoint=endpoint.name,
                advice="update koscom_async, or report the account to the platform",
            )
        return endpoint.path.format(version=DEFAULT_VERSION, broker=broker)
    try:
        version, name, registered = _service_at(address, base_url)
    except ValueError:
        raise UntrustedEndpointError(
            f"the linked account's address is not an account service on {base_url}; nothing was sent there",
            broker=broker,
            endpoint=endpoint.name,
        ) from None
    if registered not in {None, code}:
        raise ResponseMismatchError(
            f"the linked account is broker {code}'s, but its address is {name}'s",
            broker=broker,
            endpoint=endpoint.name,
        )
    return endpoint.path.format(version=version, broker=name)


def _service_at(address: str, base_url: str) -> tuple[str, str, str | None]:
    """Return version and broker's name in an address on the gateway, and the code registered for the name.

    Raises `ValueError` for every other address.
    """
    # Plain ASCII only: no look-alike letters, encoded slashes or backslashes.
    if not re.fullmatch(r"[A-Za-z0-9:/._\-\[\]]{1,500}", address, re.ASCII) or _origin(address) != _origin(
        base_url
    ):
        raise ValueError("not on the gateway")
    match = _ACCOUNT_ADDRESS.fullmatch(urlsplit(address).path)
    if match is None:
        raise ValueError("no account service")
    name = match[2].lower()
    registered = find_broker(short_name=name)
    return match[1], name, registered.code if registered is not None else None


def _origin(url: str) -> tuple[str, str | None, int | None] | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.query or parts.fragment or parts.username is not None:
        return None
    return (parts.scheme, parts.hostname, _DEFAULT_PORTS.get(parts.scheme) if port is None else port)
