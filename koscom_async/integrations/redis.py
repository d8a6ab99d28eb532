"""What processes share through Redis (extra `redis`): limits and tokens. Names only; the work is done elsewhere."""

from koscom_async._transport.limits.redis_limiter import RedisLimiter
from koscom_async.tokens.redis import RedisTokenStore

__all__ = ["RedisLimiter", "RedisTokenStore"]
