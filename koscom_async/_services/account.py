"""The account service (계좌 서비스): one account, every page, every asset class."""

import anyio

from koscom_async._services.balance import BalanceQuery
from koscom_async._services.capabilities import Capabilities
from koscom_async._services.deadline import deadline_at, until
from koscom_async._services.located import located
from koscom_async._transport.call_log import CallLog
from koscom_async._transport.gateway import Gateway
from koscom_async._wire.endpoints import BALANCE
from koscom_async.models.account import Balance
from koscom_async.models.investor import Investor
from koscom_async.models.member import VirtualAccount
from koscom_async.observer import Operation
from koscom_async.settings import Settings


class AccountService:
    """Questions about one linked account."""

    def __init__(self, gateway: Gateway, settings: Settings) -> None:
        self._gateway = gateway
        self._settings = settings
        self._capabilities = Capabilities(settings)

    async def balance(
        self, investor: Investor, account: VirtualAccount, *, deadline: float | None = None
    ) -> Balance:
        """Return the account's balance (계좌잔고): its summary and every row of every asset class.

        Amounts are exact, in the row's currency; `None` is what the broker did not send. Brokers that support it
        are asked once for everything, the others once for each class and page, within `deadline` seconds.
        Raises a `PlatformError` where the platform or the broker refuses, a `ResponseError` where the answer cannot be
        believed (another account's, rows missing, endless pages, broken), `ConnectionFailedError` where none came,
        `DeadlineExceededError` in time. Manual: 계좌 서비스, "계좌잔고 조회 API".
        """
        log = CallLog(started=anyio.current_time())
        return await self.read_balance(investor, account, log, end=deadline_at(deadline))

    async def read_balance(
        self, investor: Investor, account: VirtualAccount, log: CallLog, *, end: float
    ) -> Balance:
        """Read a balance until `end`, on the event loop's clock, and write down in `log` what it took."""
        query = BalanceQuery(
            gateway=self._gateway,
            settings=self._settings,
            capabilities=self._capabilities,
            investor=investor,
            account=account,
            log=log,
        )
        operation = Operation(
            name=BALANCE.name, broker=account.broker.short_name, account=account.masked_number
        )
        with self._gateway.operation(operation), located(BALANCE, account), until(end):
            return await query.read()
