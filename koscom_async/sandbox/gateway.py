"""`SandboxGateway`: starts and stops the gateway, and has the settings, investors and records that a test needs.

Answers nothing itself: that is `application`'s work.
"""

import signal
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from types import TracebackType
from typing import Self, TypeVar

import anyio
import anyio.to_thread
import httpx
from attrs import evolve

from koscom_async.models.investor import Device, Investor, Token
from koscom_async.sandbox.accounts import example_ledger
from koscom_async.sandbox.application import build_application
from koscom_async.sandbox.calls import Call, CallRecord
from koscom_async.sandbox.credentials import Firm, Grants, Tokens
from koscom_async.sandbox.delivery import Latency, latency_of
from koscom_async.sandbox.dialects import DIALECTS
from koscom_async.sandbox.endpoints.orders import ORDER_DIALECT
from koscom_async.sandbox.faults import SERVICES, Fault, Faults, unknown_broker
from koscom_async.sandbox.firm.orders import OrderDesk
from koscom_async.sandbox.firm.spelling import FIRM_DIALECTS
from koscom_async.sandbox.ledger import Ledger, Person
from koscom_async.sandbox.market.market import Market
from koscom_async.sandbox.meters import DAILY_QUOTA, Quota, RateLimit, RateMeter
from koscom_async.sandbox.server import HOST, ServerThread
from koscom_async.sandbox.state import State
from koscom_async.sandbox.transport import InProcessTransport
from koscom_async.settings import Settings

_T = TypeVar("_T")

NAMES = (*dict.fromkeys((*DIALECTS, *FIRM_DIALECTS)), *SERVICES)
"""What a fault, a latency or a rate can be set for: the brokers, and the services beside them."""
_FIRM = ("base_url", "api_key", "api_secret", "com_id", "srv_id", "catalogue")
# An address block that is reserved for documentation.
_DEVICE = Device(ip="192.0.2.10", mac="00:00:5E:00:53:01")


class SandboxGateway:
    """A gateway of your own, with three brokers that answer as differently as real ones do.

    It checks what the platform checks, answers in the platform's words, and fails on demand::

        async with SandboxGateway(faults={"star": "down"}, latency=0.2) as gateway:
            async with Koscom(gateway.settings, transport=gateway.transport) as koscom:
                holdings = await koscom.holdings(gateway.investor)

    It listens on 127.0.0.1, on `port` or a free one; with `in_process=True` there is no socket, and
    `transport` is how it is reached. `latency` (seconds), `faults` (see `Fault`) and `rate_limits` (calls a
    second, or a `RateLimit` with a burst) are given by broker: `diamond`, `cyber`, `star`, `comet` (which has
    discretionary accounts only), or `common` for the member service, `auth` for the authorization server and `market`
    for market data; a latency that is not by broker holds for all, and may be a distribution such as `LongTail(0.1)`.
    `quota` is calls a day, to each service or by service (`common`, `account`, `b2baccount`, `market`). `date_limits`
    are the most days that a query for transactions may span (365 at `diamond`, 90 at `cyber`, 30 at `star`), and
    `page_sizes` the most rows on a page of a balance or portfolio (100 at `diamond`, 2 at the others). `seed` fixes
    what is drawn by chance. `ledger` replaces the example data, and `market` the made-up market (`Market(issues=2600)`
    is a larger one). Orders are taken in a made-up dialect, which `settings.catalogue` has, as the platform's is not
    public; each meets a hundred of an instrument at its price, and `ledger` shows what came of it.
    Tokens that are issued live `token_lifetime` seconds (by default as long as the documents say for their scope), and
    come with refresh tokens unless `refresh_tokens` is false: not every firm gets them. With `now`, a clock, the
    discretionary service keeps its hours, and answers neither balances nor settlements from 08:30 to 16:00 KST, and the
    market keeps its own; without, both answer always. A broker or fault that the sandbox does not know raises
    `ValueError`.

    Without an event loop a plain `with` starts and stops it: it runs in a thread of its own.

    In a process of its own: `SandboxGateway(port=8899).serve_forever(on_ready=show)` where no event loop
    runs, and `await gateway.serve(on_ready=show)` in one. Both end on SIGINT or SIGTERM.
    """

    def __init__(
        self,
        *,
        in_process: bool = False,
        port: int = 0,
        latency: float | Latency | Mapping[str, float | Latency] = 0.0,
        faults: Mapping[str, Fault | str] | None = None,
        rate_limits: Mapping[str, RateLimit | float] | None = None,
        quota: int | Mapping[str, int] = DAILY_QUOTA,
        date_limits: Mapping[str, int] | None = None,
        page_sizes: Mapping[str, int] | None = None,
        seed: int = 0,
        ledger: Ledger | None = None,
        market: Market | None = None,
        now: Callable[[], datetime] | None = None,
        token_lifetime: float | None = None,
        refresh_tokens: bool = True,
    ) -> None:
        ledger = example_ledger() if ledger is None else ledger
        tokens = Tokens(ledger.people)
        chance = Random(seed)
        self._state = State(
            firm=Firm(),
            ledger=ledger,
            tokens=tokens,
            grants=Grants(tokens, chance, lifetime=token_lifetime, refresh_tokens=refresh_tokens),
            faults=Faults(NAMES, seed=seed),
            quota=Quota(quota),
            meters={name: RateMeter(_limit(limit)) for name, limit in known(rate_limits or {}).items()},
            latency=_latencies(latency),
            date_limits=dict(known(date_limits or {})),
            page_sizes=dict(known(page_sizes or {})),
            calls=CallRecord(),
            random=Random(seed),
            desk=OrderDesk(ledger.discretionary),
            market=(Market(seed=seed) if market is None else market).following(now),
            now=now,
        )
        for broker, fault in (faults or {}).items():
            self.set_fault(broker, fault)
        application = build_application(self._state)
        self._transport = InProcessTransport(application) if in_process else None
        self._thread = None if in_process else ServerThread(application, port=port)
        self._is_running = False
        self._investors: tuple[Investor, ...] | None = None

    def __repr__(self) -> str:
        where = self.url if self._is_running else "not running"
        return f"<{type(self).__name__} {where}>"

    async def __aenter__(self) -> Self:
        if self._thread is not None:
            # Shielded: a server that has started must be stopped again.
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._thread.start)
        self._is_running = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_running = False
        if self._thread is not None:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._thread.stop)

    def __enter__(self) -> Self:
        if self._thread is not None:
            self._thread.start()
        self._is_running = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_running = False
        if self._thread is not None:
            self._thread.stop()

    async def start(self) -> Self:
        """Start it and return it, for a notebook, whose cells no `async with` spans; `stop` ends it."""
        return await self.__aenter__()

    async def stop(self) -> None:
        """Stop what `start` started; again, it does nothing."""
        if self._is_running:
            await self.__aexit__(None, None, None)

    @property
    def url(self) -> str:
        """Scheme, host and port; known once the gateway runs."""
        if self._thread is None:
            return "http://localhost"
        if not self._is_running:
            raise RuntimeError(
                "the gateway has no address yet: enter it with `async with`, or `await gateway.start()`"
            )
        return f"http://{HOST}:{self._thread.port}"

    @property
    def transport(self) -> httpx.AsyncBaseTransport | None:
        """How the client reaches a gateway in its own process; `None` over a socket."""
        return self._transport

    @property
    def settings(self) -> Settings:
        """Settings of a client with the credentials that this gateway accepts."""
        firm = self._state.firm
        return Settings(
            base_url=self.url,
            api_key=firm.api_key,
            api_secret=firm.api_secret,
            com_id=firm.com_id,
            srv_id=firm.srv_id,
            discretionary_brokers=tuple(dict.fromkeys(each.broker for each in self.ledger.discretionary)),
            check_service_hours=self._state.now is not None,
            catalogue=str(ORDER_DIALECT),
        )

    @property
    def investor(self) -> Investor:
        """The investor to whom the accounts in `ledger` are linked, with a token that is alive."""
        return _investor(self.ledger.people[0])

    @property
    def investors(self) -> tuple[Investor, ...]:
        """Every person in the ledger, as an investor; the first is `investor`."""
        if self._investors is None:
            self._investors = tuple(map(_investor, self.ledger.people))
        return self._investors

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables with which `Settings.from_env()` and `Investor.from_env()` ask this gateway, as `investor`."""
        settings = self.settings
        firm = {f"KOSCOM_{name.upper()}": getattr(settings, name) for name in _FIRM}
        firm["KOSCOM_DISCRETIONARY_BROKERS"] = ",".join(settings.discretionary_brokers)
        return {variable: value for variable, value in firm.items() if value} | self.investor.to_env()

    @property
    def ledger(self) -> Ledger:
        """The truth that the brokers spell, with what was ordered: what a client's answer can be held against."""
        ledger, accounts = self._state.ledger, self._state.desk.accounts
        return ledger if accounts == ledger.discretionary else evolve(ledger, discretionary=accounts)

    @property
    def market(self) -> Market:
        """The market behind market data: what a client's quotes can be held against."""
        return self._state.market

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call to an endpoint so far, in the order in which they came."""
        return self._state.calls.snapshot()

    def clear_calls(self) -> None:
        """Forget the calls so far."""
        self._state.calls.clear()

    def set_fault(self, broker: str, fault: Fault | str) -> None:
        """Set a broker's fault, replacing an earlier one."""
        self._state.faults.set(broker, fault)

    def clear_faults(self, broker: str | None = None) -> None:
        """Remove one broker's fault, or all faults."""
        self._state.faults.clear(broker)

    @property
    def refreshes(self) -> int:
        """How many times a refresh was requested so far, successful or not."""
        return sum(call.endpoint == "auth.refresh" for call in self.calls)

    def issue_token(self, person: int = 0, *, scope: str = "account") -> Token:
        """Return a new token of a person in the ledger, as the authorization flow would issue it."""
        issued = self._state.grants.issue(self.ledger.people[person], scope)
        expires_at = datetime.now(UTC) + timedelta(seconds=issued.seconds)
        return Token(access=issued.access, refresh=issued.refresh, expires_at=expires_at, scope=issued.scope)

    def revoke_token(self, token: str | None = None) -> None:
        """End a token's life: by default those of all access tokens of the investor, whose refresh tokens live on."""
        if token is None:
            self._state.tokens.revoke_all(self.ledger.people[0])
        else:
            self._state.grants.revoke(token)

    async def serve(self, on_ready: Callable[[Self], object] | None = None) -> None:
        """Run until SIGINT or SIGTERM; `on_ready` is called with the gateway once it answers."""
        async with self:
            if on_ready is not None:
                on_ready(self)
            await until_stopped()

    def serve_forever(self, on_ready: Callable[[Self], object] | None = None) -> None:
        """Run as `serve` does, where no event loop is running yet: for a command."""
        anyio.run(self.serve, on_ready)


async def until_stopped() -> None:
    """Return when the process is asked to end: SIGINT or SIGTERM."""
    if sys.platform == "win32":  # which has no signal handlers in an event loop: KeyboardInterrupt ends it
        await anyio.sleep_forever()
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            return


def _investor(person: Person) -> Investor:
    return Investor(ci=person.ci, name=person.name, token=Token(access=person.access_token), device=_DEVICE)


def _limit(limit: RateLimit | float) -> RateLimit:
    return limit if isinstance(limit, RateLimit) else RateLimit(limit)


def _latencies(latency: float | Latency | Mapping[str, float | Latency]) -> Mapping[str, Latency]:
    if isinstance(latency, Mapping):
        return {name: latency_of(seconds) for name, seconds in known(latency).items()}
    return dict.fromkeys(NAMES, latency_of(latency))


def known(by_broker: Mapping[str, _T]) -> Mapping[str, _T]:
    """Return what is set by broker, or raise `ValueError` for a name that is none of `NAMES`."""
    for name in by_broker:
        if name not in NAMES:
            raise unknown_broker(name, NAMES)
    return by_broker
