"""The member service (서비스 연동): is the investor registered, and which accounts are linked."""

from collections.abc import Callable
from functools import partial

from koscom_async._clock import korean_now
from koscom_async._services.operation import Deadline, deadline_at, new_trace, operation
from koscom_async._services.query import secrets_of
from koscom_async._services.resolve import expect_investor
from koscom_async._transport.gateway import Gateway
from koscom_async._transport.statistics import TraceBuilder
from koscom_async._wire.endpoints import COMMON, CONSENT, REGISTRATION, Answer, Call, Endpoint
from koscom_async._wire.member import read_linked_accounts, read_registration
from koscom_async._wire.requests import member_request, new_request_id
from koscom_async.errors import AccessDeniedError
from koscom_async.models.investor import Investor
from koscom_async.models.member import LinkedAccounts, Registration
from koscom_async.settings import Settings


class MemberService:
    """Questions about the investor's membership, asked with the API key alone."""

    def __init__(self, gateway: Gateway, settings: Settings) -> None:
        self._gateway = gateway
        self._settings = settings

    async def registration(self, investor: Investor, *, deadline: float | None = None) -> Registration:
        """Return whether the investor has joined the portal (회원 가입 여부 확인), and until when the consent runs.

        Raises `PlatformError`, `ResponseError`, `ConnectionFailedError` or `DeadlineExceededError`.
        Manual: 서비스 연동, "회원 가입 여부 확인".
        """
        return await self._ask(REGISTRATION, read_registration, investor, deadline=deadline_at(deadline))

    async def accounts(self, investor: Investor, *, deadline: float | None = None) -> LinkedAccounts:
        """Return the virtual accounts that the investor linked to this service (가상계좌 리스트 조회), as listed.

        Raises `AccessDeniedError` (code `consent-ended`) where the consent has ended and no account is listed any more,
        and `PlatformError`, `ResponseError`, `ConnectionFailedError` or `DeadlineExceededError`.
        Manual: 서비스 연동, "가상계좌 리스트 조회".
        """
        return await self.read_accounts(investor, deadline=deadline_at(deadline))

    async def read_accounts(
        self, investor: Investor, trace: TraceBuilder | None = None, *, deadline: Deadline
    ) -> LinkedAccounts:
        """Read the list of linked accounts before the deadline; `trace` counts what it takes."""
        read = partial(_read_consented, max_accounts=self._settings.max_accounts)
        return await self._ask(CONSENT, read, investor, trace, deadline=deadline)

    async def _ask(
        self,
        endpoint: Endpoint,
        read: Callable[[object], Answer],
        investor: Investor,
        trace: TraceBuilder | None = None,
        *,
        deadline: Deadline,
    ) -> Answer:
        expect_investor(investor)
        call = Call(
            endpoint=endpoint,
            path=endpoint.path,
            broker=COMMON,
            body=member_request(self._settings, investor, request_id=new_request_id()),
            read=read,
            investor=investor,
            secrets=secrets_of(investor),
        )
        trace = trace or new_trace()
        with operation(self._gateway, endpoint, deadline=deadline, trace=trace):
            return await self._gateway.ask(call, trace)


def _read_consented(document: object, *, max_accounts: int) -> LinkedAccounts:
    """Read the list of accounts; an empty one after the end of the consent does not mean that nothing is held."""
    linked = read_linked_accounts(document, max_accounts=max_accounts)
    ended_on = linked.terms_expire_on
    if linked.accounts or ended_on is None or ended_on >= korean_now().date():
        return linked
    raise AccessDeniedError(
        f"the investor's consent ended on {ended_on}, and no account is linked any more",
        code="consent-ended",
        advice="have the investor renew the consent on the platform's portal, and link the accounts again",
    )
