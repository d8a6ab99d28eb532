"""The protocol of a token store, and under which key an investor's token is kept."""

from contextlib import AbstractAsyncContextManager
from hashlib import sha256
from typing import Protocol, runtime_checkable

from koscom_async.models.investor import Investor, Token
from koscom_async.settings import Settings


class TokenStore(Protocol):
    """Keeps tokens, each under its investor's key (see `token_key`). Write your own for a database."""

    async def load(self, key: str) -> Token | None:
        """Return the token that was saved last, or `None`."""

    async def save(self, key: str, token: Token) -> None:
        """Keep a token in the place of an earlier one; once this returns, it must not be lost."""


@runtime_checkable
class LockingTokenStore(TokenStore, Protocol):
    """A store that several processes share, so that one of them renews a token while the others wait."""

    def lock(self, key: str) -> AbstractAsyncContextManager[object]:
        """Return a context in which nobody else, in any process, renews the token of this key.

        `load` and `save` are called inside. Leaving must not fail for a lock that ran out.
        """


def token_key(settings: Settings, investor: Investor) -> str:
    """Return the key of an investor's token: a digest, from which neither `ci` nor API key can be read.

    Gateway and API key are part of it, since a token is only good for those it was issued to: one of the
    sandbox must never be sent to production.
    """
    parts = (settings.base_url, settings.api_key, investor.ci)
    return sha256("\n".join(parts).encode()).hexdigest()
