"""Every linked account of an investor: authorize, read the list of accounts, ask them all, or those still to be read.

Does not know what a question means: `client` says which service reads an account, and which stream carries the answers.
Imported with the first client, and with it all that a request needs, so that no request waits for an import.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
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
from koscom_async._services.operation import Deadline, deadline_at, new_trace
from koscom_async._services.resolve import expect, resolve_code, resolve_range
from koscom_async._services.tasks import Notifier, background
from koscom_async._transport.gateway import Gateway
from koscom_async._transport.limits.tickets import Ticket
from koscom_async.errors import KoscomError, QuotaExceededError, ReauthorizationRequiredError, UsageError
from koscom_async.models.codes import TransactionType
from koscom_async.models.holdings import Holdings
from koscom_async.models.investor import Investor
from koscom_async.models.member import LinkedAccounts, VirtualAccount
from koscom_async.models.outcome import AccountOutcome
from koscom_async.observer import Operation

# What libraries would import in the middle of the first call. stdnum brings pydoc along, and holds the loop for 20 ms.
for _name in ("stdnum.isin", "encodings.idna"):
    import_module(_name)

AnyStream = TypeVar("AnyStream", bound=OutcomeStream[Any, Any])

_GIVE_HOLDINGS = "pass what koscom.holdings(investor) returned, or Holdings.from_json(…) of it"


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
        after: Holdings | None = None,
        **question: Any,
    ) -> AsyncIterator[AnyStream]:
        """Yield each account's outcome as it is ready; `read` is the account service's.

        `question` is what is asked: it goes to `read`, and to the stream, whose merged answer names it. What stands of
        the earlier answer `after` is not asked for again, and is in the merged answer.
        """
        earlier = None if after is None else expect(Holdings, after, "after", advice=_GIVE_HOLDINGS)
        due, asked_at = deadline_at(deadline), korean_now()
        observed = Operation(name=operation)
        place = self._gateway.limiter.ticket((operation, earlier is None), due.seconds)
        with self._gateway.observe(observed), place as ticket:
            linked = await self._linked(investor, ticket, due)
            accounts = unique_accounts(linked.accounts)
            kept = standing(earlier, accounts, linked.terms_expire_on, asked_at) if earlier else ()
            known = {outcome.account.key for outcome in kept}
            as_of = min(asked_at, earlier.as_of) if earlier and any(each.ok for each in kept) else asked_at
            fanout = Fanout(partial(read, investor, deadline=due, **question), kind.make_outcome, ticket)
            async with fanout.run([each for each in accounts if each.key not in known]) as outcomes:
                yield kind(outcomes, as_of, linked.terms_expire_on, kept=kept, **question)
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
        place = self._gateway.limiter.ticket(observed.name, due.seconds)
        with self._gateway.observe(observed), place as ticket:
            linked = await self._linked(investor, ticket, due)
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
                followed = [follow(number, account, feed, ticket) for number, account in enumerate(in_order)]
                stream = TransactionStream(
                    followed, changed, as_of=asked_at, consent_expires_on=linked.terms_expire_on
                )
                try:
                    yield stream
                finally:
                    stream.close()
            conclude(observed, asked=len(accounts), read=sum(each.ok for each in stream.outcomes))

    async def _linked(self, investor: Investor, ticket: Ticket | None, deadline: Deadline) -> LinkedAccounts:
        await self._oauth.authorize(investor, deadline=deadline)
        return await self._member.read_accounts(investor, new_trace(ticket), deadline=deadline)


def standing(
    earlier: Holdings, accounts: Sequence[VirtualAccount], consent_ends_on: date | None, now: datetime
) -> tuple[AccountOutcome, ...]:
    """Return the outcomes of an earlier answer that stand: accounts that were read, and failures that would come again.

    An account that is listed otherwise than before is a new one, and one that is not linked any more is left out. A
    failure stands only under the same consent. Raises `UsageError` where the earlier answer can only be another
    investor's.
    """
    linked = {account.key: account for account in accounts}
    before = {outcome.account.key: outcome for outcome in earlier.outcomes if outcome.account.key in linked}
    if linked and earlier.outcomes and not before:
        raise UsageError(
            "after is the answer of another investor: none of its accounts is linked to this one",
            advice="pass this investor's earlier answer, or ask without `after`",
        )
    is_same_consent = earlier.consent_expires_on == consent_ends_on
    return tuple(
        outcome
        for key, outcome in before.items()
        if outcome.account == linked[key]
        if outcome.balance is not None or (is_same_consent and _would_come_again(outcome.error, now))
    )


def _would_come_again(error: KoscomError | None, now: datetime) -> bool:
    if isinstance(error, QuotaExceededError):
        return now < error.resets_at
    # Who had to log in may have done so: whether there is a token was checked before.
    return error is not None and not error.retriable and not isinstance(error, ReauthorizationRequiredError)
