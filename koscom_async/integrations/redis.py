"""What processes share through Redis (extra `redis`): the limits. Names only; the work is the transport's."""

from koscom_async._transport.redis_limiter import RedisLimiter

__all__ = ["RedisLimiter"]
