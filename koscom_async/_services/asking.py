"""Asking about one account: what every question to the account service has in common.

Owns the call's form. Which questions are asked, and what becomes of the answers, is each query's own.
"""

from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen

from koscom_async._services.confidential import secrets_of
from koscom_async._transport.call_log import CallLog
from koscom_async._transport.gateway import Gateway
from koscom_async._wire.call import Answer, Call
from koscom_async._wire.endpoints import Endpoint, account_path
from koscom_async._wire.envelope import Question
from koscom_async._wire.requests import new_request_id
from koscom_async.models.investor import Investor
from koscom_async.models.member import VirtualAccount
from koscom_async.settings import Settings


@frozen(kw_only=True)
class AccountAsker:
    """Asks one endpoint about one account."""

    endpoint: Endpoint
    gateway: Gateway = field(repr=False)
    settings: Settings
    investor: Investor
    account: VirtualAccount
    log: CallLog

    @property
    def broker(self) -> str:
        """The short name of the account's broker."""
        return self.account.broker.short_name

    @property
    def trusts_totals(self) -> bool:
        """Whether fewer rows than announced fail the account."""
        return self.settings.overrides_of(self.broker).trust_totals

    async def ask(
        self,
        request: Callable[..., Mapping[str, object]],
        reader: Callable[[Question], Callable[[object], Answer]],
        **datum: Any,
    ) -> Answer:
        """Send the body that `request` makes of these data, and return what the reader makes of the answer."""
        request_id = new_request_id()
        question = Question(
            account_number=self.account.number,
            request_id=request_id,
            strict_request_id=self.settings.overrides_of(self.broker).check_request_id,
        )
        answer = await self.gateway.ask(
            Call(
                endpoint=self.endpoint,
                path=account_path(self.endpoint, self.account, self.settings.base_url),
                broker=self.broker,
                account=self.account.masked_number,
                investor=self.investor,
                body=request(
                    self.settings,
                    self.investor,
                    request_id=request_id,
                    account_number=self.account.number,
                    **datum,
                ),
                read=reader(question),
                secrets=secrets_of(self.settings, self.investor, self.account),
            ),
            self.log,
        )
        self.log.note(*getattr(answer, "notes", ()))
        return answer
