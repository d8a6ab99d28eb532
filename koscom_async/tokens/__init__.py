"""Where investors' tokens are kept between calls: the protocol of a store, and three of them.

Owns loading and saving. When a token is renewed, and by whom, is the transport's work.
"""

from koscom_async.tokens.file import FileTokenStore
from koscom_async.tokens.memory import MemoryTokenStore
from koscom_async.tokens.redis import RedisTokenStore
from koscom_async.tokens.store import LockingTokenStore, TokenStore, token_key

__all__ = [
    "FileTokenStore",
    "LockingTokenStore",
    "MemoryTokenStore",
    "RedisTokenStore",
    "TokenStore",
    "token_key",
]
