"""One question to the gateway, as the layers hand it on."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, TypeVar

from attrs import field, frozen

from koscom_async._wire.endpoints import Endpoint
from koscom_async.models.investor import Investor, Token

Answer = TypeVar("Answer")


@frozen(kw_only=True)
class Call(Generic[Answer]):
    """One question: where, with what body, and how to read and check its answer.

    `investor` is on whose behalf it is asked, where the endpoint wants an access token: the newest that is known
    is put in `token` before the call leaves. `broker` is whose limits it counts against; `account` the account's
    masked number. `read` gets the JSON document of a successful answer, and raises an error of ours if it must not
    be believed. `keep` is what must happen with an answer that is there, even if nobody waits for it any more.
    `secrets` are the texts that no error may repeat from an answer. `method` and `params` (the
    query of the URL, never a secret) are for endpoints that are not POSTs; those without a `body` send none.
    """

    endpoint: Endpoint
    path: str
    broker: str
    body: Any = field(repr=False)
    read: Callable[[object], Answer] = field(repr=False)
    investor: Investor | None = field(default=None, repr=False)
    token: Token | None = None
    keep: Callable[[Answer], Awaitable[None]] | None = field(default=None, repr=False)
    account: str | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    method: str = "POST"
    params: Mapping[str, str] = field(factory=dict, repr=False)

    def signed(self, token: Token) -> "Call[Answer]":
        """Return the same question with an access token; every call takes this way, and `evolve` would cost double."""
        return Call(
            endpoint=self.endpoint,
            path=self.path,
            broker=self.broker,
            body=self.body,
            read=self.read,
            investor=self.investor,
            token=token,
            keep=self.keep,
            account=self.account,
            secrets=(*self.secrets, *token.secrets),
            method=self.method,
            params=self.params,
        )
