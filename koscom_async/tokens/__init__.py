"""Where investors' tokens are kept between calls: in memory, in a file, in Redis, or in a store of the user's own.

Loads, saves and seals. Does not renew: that is the transport's work. The file's and Redis's stores, and the seals, are
loaded where they are used, as most programs use none.
"""

from typing import TYPE_CHECKING, Any

from koscom_async.tokens.store import LockingTokenStore, MemoryTokenStore, TokenStore, token_key

if TYPE_CHECKING:
    from koscom_async.tokens.file import FileTokenStore
    from koscom_async.tokens.redis import RedisTokenStore
    from koscom_async.tokens.seal import FernetSeal, KeyringSeal, Seal
else:

    def __getattr__(name: str) -> Any:
        from koscom_async._lazy import load

        return load(__name__, name)


__all__ = [
    "FernetSeal",
    "FileTokenStore",
    "KeyringSeal",
    "LockingTokenStore",
    "MemoryTokenStore",
    "RedisTokenStore",
    "Seal",
    "TokenStore",
    "token_key",
]
