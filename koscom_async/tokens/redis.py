"""Tokens in Redis, for several processes that serve the same investors. Needs the extra `redis`.

Owns the keys, and how long they live. Without a seal, Redis' own access control and TLS protect the tokens. Connection
and lock are redis-py's (SET NX with a time to live, released by a script that compares the owner), which many run and
know.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from math import ceil
from typing import Any, Self
from uuid import uuid4

import anyio

from koscom_async._clock import utc_now
from koscom_async._hints import missing
from koscom_async._lazy import redis_asyncio
from koscom_async.errors import SettingsError
from koscom_async.models.investor import Token
from koscom_async.tokens.records import read_text, token_text
from koscom_async.tokens.seal import Seal

LOCK_SECONDS = 60.0
POLL_SECONDS = 0.05
KEEP_DAYS = 90.0
"""How long a token that is never saved again is kept: its refresh token's life is not in any answer."""
_MOST_DAYS = 36_500.0


class RedisTokenStore:
    """Tokens under `prefix` and the investor's key, through a redis-py client (`redis.asyncio.Redis`).

    The client is the caller's to close. `lock_seconds` is when a lock runs out whose owner has died: longer than
    a renewal can take (see `Settings.timeouts`), or two processes might renew the same token. A token is forgotten
    `keep_days` after it was saved last, or when it expires, if that is later: give the life of your refresh tokens.
    With `seal` (`FernetSeal`, or your own) tokens are encrypted, and one that is not sealed is not believed.
    Raises `SettingsError` for a token that the seal does not open, and for a `keep_days` that makes no sense.
    Raises what redis-py raises where Redis cannot be reached; the client's calls raise it as
    `ConnectionFailedError`.
    """

    def __init__(
        self,
        redis: "redis_asyncio.Redis",
        *,
        prefix: str = "koscom:token:",
        lock_seconds: float = LOCK_SECONDS,
        keep_days: float = KEEP_DAYS,
        seal: Seal | None = None,
    ) -> None:
        self._redis = redis
        self._prefix = prefix
        self._lock_seconds = lock_seconds
        self._keep_seconds = _seconds(keep_days)
        self._seal = seal

    @classmethod
    def from_url(cls, url: str, **options: Any) -> Self:
        """Return a store with a client of its own, at an address such as `redis://localhost:6379/0`."""
        try:
            from redis.asyncio import Redis  # an extra
        except ImportError as error:
            raise missing("the Redis token store needs redis-py", extra="redis", name="redis") from error
        return cls(Redis.from_url(url), **options)

    def __repr__(self) -> str:
        # The client's own repr shows the address with its password.
        return f"<{type(self).__name__} {self._prefix}>"

    async def load(self, key: str) -> Token | None:
        """Return the token that was saved last, or `None`."""
        text = await self._redis.get(self._prefix + key)
        return None if text is None else read_text(text, key=key, seal=self._seal)

    async def save(self, key: str, token: Token) -> None:
        """Keep a token in the place of an earlier one."""
        life_seconds = 0.0 if token.expires_at is None else (token.expires_at - utc_now()).total_seconds()
        seconds = max(self._keep_seconds, ceil(life_seconds))
        await self._redis.set(self._prefix + key, token_text(token, key=key, seal=self._seal), ex=seconds)

    @asynccontextmanager
    async def lock(self, key: str) -> AsyncIterator[None]:
        """Let one process at a time renew the token of this key."""
        from redis.exceptions import LockError  # an extra

        lock = self._redis.lock(f"{self._prefix}{key}:lock", timeout=self._lock_seconds, sleep=POLL_SECONDS)
        owner = uuid4().hex
        try:
            await lock.acquire(token=owner)
            yield
        finally:
            # By the name of its owner: a caller that is cancelled while Redis grants the lock does not know yet that
            # it has it. A lock that ran out has no owner.
            with anyio.CancelScope(shield=True), suppress(LockError):
                await lock.do_release(owner.encode())

    async def aclose(self) -> None:
        """Close the client's connections."""
        await self._redis.aclose()


def _seconds(days: object) -> int:
    if isinstance(days, bool) or not isinstance(days, int | float) or not 0 < days <= _MOST_DAYS:
        raise SettingsError(
            f"keep_days must be above 0 and at most {_MOST_DAYS:g}, got {days!r}", setting="keep_days"
        )
    return ceil(days * 86_400)
