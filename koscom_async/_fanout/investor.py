"""Every linked account of an investor: authorize, read the list of accounts, ask them all.

Does not know what a question means: `client` says which service reads an account, and which stream carries the answers.
Imported with the first client, and with it all that a request needs, so that no request waits for an import.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date
from functools import partial
from importlib import import_module
from typing import Any, TypeVar

from koscom_async._clock import korean_now
from koscom_async._fanout.streams import OutcomeStream
from koscom_async._fanout.tasks import Fanout, conclude, unique_accounts
from koscom_async._fanout.transactions import TransactionStream, follow
from koscom_async._services.account import AccountService
from koscom_async._services.member import MemberService
from koscom_async._services.oauth import OAuthService
from koscom_async._services.operation import Deadline, deadline_at
from koscom_async._services.resolve import resolve_code, resolve_range
from koscom_async._services.tasks import Notifier, background
from koscom_async._transport.gateway import Gateway
from koscom_async.models.codes import TransactionType
from koscom_async.models.investor import Investor
from koscom_async.models.member import LinkedAccounts
from koscom_async.observer import Operation

# What libraries would import in the middle of the first call. stdnum brings pydoc along, and holds the loop for 20 ms.
for _name in ("stdnum.isin", "encodings.idna"):
    import_module(_name)

AnyStream = TypeVar("AnyStream", bound=OutcomeStream[Any, Any])


class InvestorFanout:
    """Asks about every linked account of an investor, each once, and reports to the observer."""

    def __init__(
        self, gateway: Gateway, oauth: OAuthService, member: MemberService, account: AccountService
    ) -> None:
        self._gateway = gateway
        self._oauth = oauth
        self._member = member
        self._account = account

    @asynccontextmanager
    async def stream(
        self,
        kind: type[AnyStream],
        investor: Investor,
        read: Callable[..., Awaitable[Any]],
        *,
        operation: str,
        deadline: float | None,
        **question: Any,
    ) -> AsyncIterator[AnyStream]:
        """Yield each account's outcome as it is ready; `read` is the account service's.

        `question` is what is asked: it goes to `read`, and to the stream, whose merged answer names it.
        """
        due, asked_at = deadline_at(deadline), korean_now()
        observed = Operation(name=operation)
        with self._gateway.observe(observed):
            linked = await self._linked(investor, due)
            accounts = unique_accounts(linked.accounts)
            fanout = Fanout(partial(read, investor, deadline=due, **question), kind.make_outcome)
            async with fanout.run(accounts) as outcomes:
                yield kind(outcomes, asked_at, linked.terms_expire_on, **question)
            conclude(observed, asked=outcomes.asked, read=sum(each.ok for each in outcomes.delivered))

    @asynccontextmanager
    async def stream_transactions(
        self,
        investor: Investor,
        since: date,
        until: date,
        *,
        isin: str | None,
        side: TransactionType | str | None,
        deadline: float | None,
    ) -> AsyncIterator[TransactionStream]:
        """Yield one stream of what moved in every account, the earliest first."""
        window, due = resolve_range(since, until), deadline_at(deadline)
        kind = resolve_code(TransactionType, side, "side")
        asked_at, changed = korean_now(), Notifier()
        observed = Operation(name="transactions")
        with self._gateway.observe(observed):
            linked = await self._linked(investor, due)
            accounts = unique_accounts(linked.accounts)
            async with background() as group:
                feed = partial(
                    self._account.feed_transactions,
                    investor,
                    window=window,
                    isin=isin,
                    side=kind,
                    group=group,
                    notifier=changed,
                    deadline=due,
                )
                in_order = sorted(accounts, key=lambda account: account.key)
                followed = [follow(place, account, feed) for place, account in enumerate(in_order)]
                stream = TransactionStream(
                    followed, changed, as_of=asked_at, consent_expires_on=linked.terms_expire_on
                )
                try:
                    yield stream
                finally:
                    stream.close()
            conclude(observed, asked=len(accounts), read=sum(each.ok for each in stream.outcomes))

    async def _linked(self, investor: Investor, deadline: Deadline) -> LinkedAccounts:
        await self._oauth.authorize(investor, deadline=deadline)
        return await self._member.read_accounts(investor, deadline=deadline)
