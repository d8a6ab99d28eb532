"""Limits and tokens that processes share through Redis (extra `redis`). Names only: a short import for both."""

from koscom_async._transport.limits.redis_limiter import RedisLimiter
from koscom_async.tokens.redis import RedisTokenStore

__all__ = ["RedisLimiter", "RedisTokenStore"]
