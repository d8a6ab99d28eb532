"""What a token store is: its protocol, the key of a token, and the store in memory.

Does not decide when a token is renewed: that is the transport's work.
"""

from contextlib import AbstractAsyncContextManager
from hashlib import sha256
from typing import Protocol, runtime_checkable

from koscom_async.errors import ConnectionFailedError
from koscom_async.models.investor import Investor, Token
from koscom_async.settings import Settings


@runtime_checkable
class TokenStore(Protocol):
    """Keeps tokens, each under its investor's key (see `token_key`). Write your own for a database.

    What `load`, `save` or `lock` raises reaches the caller as `ConnectionFailedError`; a `KoscomError` as it is.
    """

    async def load(self, key: str) -> Token | None:
        """Return the token that was saved last, or `None`."""

    async def save(self, key: str, token: Token) -> None:
        """Keep a token in the place of an earlier one; once this returns, it must not be lost."""


@runtime_checkable
class LockingTokenStore(TokenStore, Protocol):
    """A store that several processes share, so that one of them renews a token while the others wait."""

    def lock(self, key: str) -> AbstractAsyncContextManager[object]:
        """Return a context in which no other task or process renews the token of this key.

        `load` and `save` are called inside. Leaving must not fail for a lock that ran out.
        """


class MemoryTokenStore:
    """Tokens in the memory of one process: the default. They are gone when it ends.

    Give one to several clients to let them share it, within one event loop.
    """

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self._tokens)}>"

    async def load(self, key: str) -> Token | None:
        """Return the token that was saved last, or `None`."""
        return self._tokens.get(key)

    async def save(self, key: str, token: Token) -> None:
        """Keep a token in the place of an earlier one."""
        self._tokens[key] = token


def token_key(settings: Settings, investor: Investor) -> str:
    """Return the key of an investor's token: a digest, from which neither `ci` nor API key can be read.

    Gateway and API key are part of it, since a token is only good for those it was issued to: one of the
    sandbox must never be sent to production.
    """
    parts = (settings.base_url, settings.api_key, investor.ci)
    return sha256("\n".join(parts).encode()).hexdigest()


def store_failed(words: str, *, advice: str) -> ConnectionFailedError:
    """Return the error of a store that cannot do its work."""
    return ConnectionFailedError(words, code="token-store", retriable=False, advice=advice)
