"""Where investors' tokens are kept between calls: in memory, in a file, in Redis, or in a store of the user's own.

Loads and saves. Does not renew: that is the transport's work.
"""

from koscom_async.tokens.file import FileTokenStore
from koscom_async.tokens.redis import RedisTokenStore
from koscom_async.tokens.store import LockingTokenStore, MemoryTokenStore, TokenStore, token_key

__all__ = [
    "FileTokenStore",
    "LockingTokenStore",
    "MemoryTokenStore",
    "RedisTokenStore",
    "TokenStore",
    "token_key",
]
