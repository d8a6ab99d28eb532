"""Asks Redis for decisions: connections, timeouts, outages and when to ask again. Decides nothing itself.

An answer that does not come is `None`, never an exception; the limiter says what holds then. During an outage Redis
is asked once a second, and all other calls are spared the wait. A key that holds something else is no outage: it costs
the broker or the service that it is named after, and no other.
"""

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from secrets import token_hex
from typing import Any

import anyio
from attrs import define, frozen

from koscom_async._hints import missing
from koscom_async._transport.limits.quota import SETTLING_SECONDS
from koscom_async._transport.limits.redis_scripts import ACQUIRE, GRANTED, PAUSE, RECORD, SPENT, WITHDRAW
from koscom_async.errors import SettingsError
from koscom_async.models.statistics import ServiceQuota

try:
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.commands.core import AsyncScript
    from redis.exceptions import ConnectionError as RedisConnectionError
    from redis.exceptions import ResponseError
except ImportError as error:
    raise missing("limits that processes share need redis-py", extra="redis", name="redis") from error

__all__ = ["Decision", "Redis", "RedisStore"]

CONNECTIONS = 8
"""Requests to Redis at once; each takes well under a millisecond there."""
PROBE_SECONDS = 1.0
"""How often Redis is asked during an outage."""
WHATEVER_IS_LEFT = -1.0
"""The reserve of a call that asks whether the day is spent: it leaves although it is so by Redis's count."""
WITHDRAW_SECONDS = 0.03
"""How long a cancelled call may take to withdraw a grant that it may have been given."""

_ODD_KEY = re.compile("WRONGTYPE|not an integer|attempt to ")
"""What a script fails with where a key's content is not the scripts' own: another type, or texts for numbers."""

_MICROSECONDS = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_END = 7_258_118_400 * _MICROSECONDS
"""The year 2200: a day of calls that ends later is none."""

logger = logging.getLogger("koscom_async.transport")


@frozen(kw_only=True)
class Decision:
    """Redis's answer: `granted`, or `spent` (no call is left today), or neither: ask again after `wait` seconds.

    `at` is the server's clock in microseconds, `paused` the seconds that a pause still lasts. With a grant, `wait` is
    how long the next call has to wait. `quota` is `None` where the day's calls are not known.
    """

    granted: bool
    spent: bool
    at: int
    wait: float
    paused: float
    quota: ServiceQuota | None


@define(eq=False)
class _Availability:
    """Whether Redis answers. While it does not, one request a second is let through."""

    clock: Callable[[], float]
    where: str
    meanwhile: str
    is_away: bool = False
    reason: str = ""
    next_probe: float = 0.0

    def may_ask(self) -> bool:
        if self.is_away and self.clock() < self.next_probe:
            return False
        self.next_probe = self.clock() + PROBE_SECONDS
        return True

    def failed(self, error: Exception) -> None:
        self.reason = type(error).__name__
        self.next_probe = self.clock() + PROBE_SECONDS
        if not self.is_away:
            # Without the error's text, which may quote what does not belong in a log.
            logger.warning("%s does not answer (%s): %s", self.where, self.reason, self.meanwhile)
        self.is_away = True

    def answered(self) -> None:
        if self.is_away:
            logger.warning("%s answers again: the limits are shared again", self.where)
        self.is_away = False


class RedisStore:
    """The state that processes share. Its keys have one hash tag, so that a cluster keeps them on one node."""

    def __init__(
        self,
        redis: "str | Redis",
        *,
        prefix: str,
        timeout: float,
        clock: Callable[[], float],
        meanwhile: str,
    ) -> None:
        client = _connect(redis, timeout) if isinstance(redis, str) else redis
        # A client that was given is closed by its owner.
        self._opened = client if isinstance(redis, str) else None
        self._prefix = prefix
        self._timeout = timeout
        self._slots = anyio.Semaphore(CONNECTIONS, fast_acquire=True)
        self._availability = _Availability(clock, _address(client), meanwhile)
        self._acquire = client.register_script(ACQUIRE)
        self._withdraw = client.register_script(WITHDRAW)
        self._pause = client.register_script(PAUSE)
        self._record = client.register_script(RECORD)
        self._odd: dict[tuple[str, ...], str] = {}
        self._process = token_hex(8)
        self._requests = count()

    def outage(self, broker: str, service: str) -> str:
        """Why there was no decision: a key is not the limits' own, or Redis does not answer; without secrets."""
        odd = self._odd.get((self._broker_key(broker), self._service_key(service)))
        if odd is not None and not self._availability.is_away:
            return odd
        return f"{self._availability.where} does not answer ({self._availability.reason})"

    async def decide(
        self, broker: str, service: str, *, interval: float, slack: float, reserve: float
    ) -> Decision | None:
        """Ask whether a call may leave now. If cancelled, withdraw the grant that Redis may have given."""
        keys = (self._broker_key(broker), self._service_key(service))
        request = f"{self._process}-{next(self._requests)}"
        numbers = (interval * _MICROSECONDS, slack * _MICROSECONDS, reserve)
        try:
            reply = await self._ask(self._acquire, keys, (*map(repr, numbers), request), size=7)
        except anyio.get_cancelled_exc_class():
            with anyio.move_on_after(WITHDRAW_SECONDS, shield=True):
                await self._ask(self._withdraw, keys, (request,), size=1)
            raise
        return None if reply is None else _decision(service, reply)

    async def pause(self, broker: str, seconds: float) -> None:
        """Pause a broker's calls in every process."""
        await self._ask(self._pause, (self._broker_key(broker),), (round(seconds * _MICROSECONDS),), size=1)

    async def record(self, service: str, *, remaining: int, limit: int | None) -> ServiceQuota | None:
        """Record for every process what the gateway says is left of the day."""
        args = (remaining, -1 if limit is None else limit, SETTLING_SECONDS * _MICROSECONDS)
        reply = await self._ask(self._record, (self._service_key(service),), args, size=1)
        return None if reply is None else _quota(service, remaining, -1 if limit is None else limit, reply[0])

    async def aclose(self) -> None:
        """Close the connections, if they were opened here; the next request opens new ones."""
        if self._opened is not None:
            await self._opened.aclose()

    def _broker_key(self, broker: str) -> str:
        return f"{{{self._prefix}}}:broker:{broker}"

    def _service_key(self, service: str) -> str:
        return f"{{{self._prefix}}}:service:{service}"

    async def _ask(
        self,
        script: AsyncScript,
        keys: Sequence[str],
        args: Iterable[str | int],
        *,
        size: int,
    ) -> list[int] | None:
        if not self._availability.may_ask():
            return None
        try:
            with anyio.fail_after(self._timeout):
                async with self._slots:
                    reply = _numbers(await script(keys=keys, args=args), size)
        except Exception as error:  # redis-py and the server may raise anything: it is an outage
            if type(error) is not ResponseError or not _ODD_KEY.search(str(error)):
                self._availability.failed(error)
                return None
            reply = None
        self._availability.answered()
        self._judge(tuple(keys), is_odd=reply is None)
        return reply

    def _judge(self, keys: tuple[str, ...], *, is_odd: bool) -> None:
        if not is_odd:
            self._odd.pop(keys, None)
        elif keys not in self._odd:
            place = " or ".join(keys)
            self._odd[keys] = (
                f"the key {place} holds something else than these limits: delete it, or take another prefix"
            )
            logger.warning("%s: %s", self._availability.where, self._odd[keys])


def _numbers(reply: Iterable[Any], size: int) -> list[int]:
    numbers = [int(number) for number in reply]
    if len(numbers) != size:
        raise ValueError("not the script's answer")
    return numbers


def _connect(url: str, timeout: float) -> Redis:
    """Return a client that fails fast; a dropped connection is reopened once, as scripts may be sent twice."""
    try:
        return Redis.from_url(
            url,
            protocol=2,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        )
    except Exception:  # its text may quote the URL, and with it the password
        wrong = SettingsError(
            "url must be a Redis address such as redis://host:6379/0, rediss://… or unix://…", setting="url"
        )
    raise wrong


def _address(client: Redis) -> str:
    """Return which Redis it is, without user and password."""
    pool = getattr(client, "connection_pool", None)
    given = getattr(pool, "connection_kwargs", {})
    if "path" in given:
        return f"Redis at {given['path']}"
    if "host" in given or "port" in given:
        return f"Redis at {given.get('host', 'localhost')}:{given.get('port', 6379)}"
    return "Redis"


def _decision(service: str, reply: Sequence[int]) -> Decision:
    verdict, at, wait, paused, remaining, limit, ends = reply
    return Decision(
        granted=verdict == GRANTED,
        spent=verdict == SPENT,
        at=at,
        wait=wait / _MICROSECONDS,
        paused=paused / _MICROSECONDS,
        quota=None if not 0 <= ends < _NO_END else _quota(service, remaining, limit, ends),
    )


def _quota(service: str, remaining: int, limit: int, ends: int) -> ServiceQuota:
    return ServiceQuota(
        service=service,
        remaining=remaining,
        limit=None if limit < 0 else limit,
        resets_at=_EPOCH + timedelta(microseconds=ends),
    )
