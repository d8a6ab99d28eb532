"""The client's parts and the types in its signatures, each loaded when it is first used.

Does not load anything by itself: a program that only imports the client waits neither for httpx nor for what reads
answers, and `typing.get_type_hints` finds each type all the same.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from httpx import AsyncBaseTransport as AsyncBaseTransport

    from koscom_async._fanout.firm import (
        Brokers as Brokers,
        Discretionary as Discretionary,
        DiscretionaryHoldingsStream as DiscretionaryHoldingsStream,
    )
    from koscom_async._fanout.investor import InvestorFanout as InvestorFanout
    from koscom_async._fanout.streams import (
        HoldingsStream as HoldingsStream,
        PortfoliosStream as PortfoliosStream,
        WatchlistsStream as WatchlistsStream,
        read_whole as read_whole,
    )
    from koscom_async._fanout.transactions import (
        TransactionStream as TransactionStream,
        read_history as read_history,
    )
    from koscom_async._services.account import AccountService as AccountService
    from koscom_async._services.member import MemberService as MemberService
    from koscom_async._services.oauth import OAuthService as OAuthService
    from koscom_async._services.raw import call_raw as call_raw
    from koscom_async._services.resolve import BrokerLike as BrokerLike, resolve_code as resolve_code
    from koscom_async._transport.gateway import Gateway as Gateway
    from koscom_async._transport.limits.limiter import Limiter as Limiter
    from koscom_async.models.gathered import Portfolios as Portfolios, Watchlists as Watchlists
    from koscom_async.models.holdings import Holdings as Holdings
    from koscom_async.models.statistics import Statistics as Statistics
    from koscom_async.models.transactions import TransactionHistory as TransactionHistory
    from koscom_async.observer import Observer as Observer
    from koscom_async.tokens import TokenStore as TokenStore
else:

    def __getattr__(name: str) -> Any:
        from koscom_async._lazy import load

        return load(__name__, name)
