"""Tokens in the memory of one process: the default. They are gone when it ends."""

from koscom_async.models.investor import Token


class MemoryTokenStore:
    """A dictionary. Give one to several clients to let them share it, within one event loop."""

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
