"""What an investor owns at every Korean broker, right now: an asyncio client for Koscom's Open API platform."""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:  # the public names, listed here and nowhere else
    from koscom_async._fanout.firm import (
        DiscretionaryHoldingsStream as DiscretionaryHoldingsStream,
        DiscretionaryStream as DiscretionaryStream,
    )
    from koscom_async._fanout.streams import (
        HoldingsStream as HoldingsStream,
        PortfoliosStream as PortfoliosStream,
        WatchlistsStream as WatchlistsStream,
    )
    from koscom_async._fanout.transactions import TransactionStream as TransactionStream
    from koscom_async._services.catalogue.order_store import (
        FileOrderStore as FileOrderStore,
        MemoryOrderStore as MemoryOrderStore,
        OrderStore as OrderStore,
    )
    from koscom_async.brokers import (
        BROKERS as BROKERS,
        Broker as Broker,
    )
    from koscom_async.client import Koscom as Koscom
    from koscom_async.errors import (
        AccessDeniedError as AccessDeniedError,
        AccountUnavailableError as AccountUnavailableError,
        AuthenticationError as AuthenticationError,
        BreakerOpenError as BreakerOpenError,
        BrokerUnavailableError as BrokerUnavailableError,
        ConnectionFailedError as ConnectionFailedError,
        DeadlineExceededError as DeadlineExceededError,
        IncompleteHoldingsError as IncompleteHoldingsError,
        KoscomError as KoscomError,
        LimitsUnavailableError as LimitsUnavailableError,
        MalformedResponseError as MalformedResponseError,
        NotYetAvailableError as NotYetAvailableError,
        OrderOutcomeUnknownError as OrderOutcomeUnknownError,
        OutsideServiceHoursError as OutsideServiceHoursError,
        OverloadedError as OverloadedError,
        PagingError as PagingError,
        PlatformError as PlatformError,
        QuotaExceededError as QuotaExceededError,
        RateLimitedError as RateLimitedError,
        ReauthorizationRequiredError as ReauthorizationRequiredError,
        RequestRejectedError as RequestRejectedError,
        ResponseError as ResponseError,
        ResponseMismatchError as ResponseMismatchError,
        ResponseTooLargeError as ResponseTooLargeError,
        SettingsError as SettingsError,
        SinkError as SinkError,
        TruncatedResponseError as TruncatedResponseError,
        UndocumentedServiceError as UndocumentedServiceError,
        UntrustedEndpointError as UntrustedEndpointError,
        UsageError as UsageError,
    )
    from koscom_async.models.account import (
        Balance as Balance,
        BalanceRow as BalanceRow,
        BalanceSummary as BalanceSummary,
        EquityRow as EquityRow,
        ForeignCash as ForeignCash,
        FundRow as FundRow,
        OtherRow as OtherRow,
    )
    from koscom_async.models.breakdown import Group as Group
    from koscom_async.models.catalogue.answer import Answer as Answer, Row as Row
    from koscom_async.models.catalogue.operation import (
        AnswerField as AnswerField,
        Operation as Operation,
        Parameter as Parameter,
    )
    from koscom_async.models.catalogue.orders import (
        Order as Order,
        OrderAction as OrderAction,
        OrderKind as OrderKind,
        OrderReceipt as OrderReceipt,
    )
    from koscom_async.models.catalogue.reference import (
        Algorithm as Algorithm,
        AlgorithmReturn as AlgorithmReturn,
        AlgorithmRisk as AlgorithmRisk,
        Company as Company,
        FraudReport as FraudReport,
        Statement as Statement,
        StatementLine as StatementLine,
    )
    from koscom_async.models.codes import (
        AssetClass as AssetClass,
        Direction as Direction,
        InstrumentCode as InstrumentCode,
        Measure as Measure,
        Product as Product,
        TradeType as TradeType,
        TransactionType as TransactionType,
    )
    from koscom_async.models.difference import (
        AccountChange as AccountChange,
        CashChange as CashChange,
        HoldingsDiff as HoldingsDiff,
        PositionChange as PositionChange,
    )
    from koscom_async.models.discretionary.account import (
        DiscretionaryAccount as DiscretionaryAccount,
        DiscretionaryAccounts as DiscretionaryAccounts,
    )
    from koscom_async.models.discretionary.answers import (
        DiscretionaryAnswers as DiscretionaryAnswers,
        DiscretionaryOutcome as DiscretionaryOutcome,
        DiscretionaryRows as DiscretionaryRows,
    )
    from koscom_async.models.discretionary.balance import (
        DiscretionaryBalance as DiscretionaryBalance,
        DiscretionaryCash as DiscretionaryCash,
        DiscretionaryRow as DiscretionaryRow,
    )
    from koscom_async.models.discretionary.codes import (
        Amendment as Amendment,
        Cancellation as Cancellation,
        ContractStatus as ContractStatus,
        Cost as Cost,
        OrderSide as OrderSide,
        TradeKind as TradeKind,
    )
    from koscom_async.models.discretionary.orders import (
        DiscretionaryOrder as DiscretionaryOrder,
        Execution as Execution,
    )
    from koscom_async.models.discretionary.settlements import (
        DiscretionarySettlement as DiscretionarySettlement,
        DiscretionaryTrade as DiscretionaryTrade,
    )
    from koscom_async.models.doubts import Doubt as Doubt, DoubtKind as DoubtKind
    from koscom_async.models.explanation import Explanation as Explanation
    from koscom_async.models.gathered import (
        PortfolioLot as PortfolioLot,
        PortfolioPosition as PortfolioPosition,
        Portfolios as Portfolios,
        Watched as Watched,
        WatchedSymbol as WatchedSymbol,
        Watchlists as Watchlists,
    )
    from koscom_async.models.holdings import (
        AccountReconciliation as AccountReconciliation,
        Cash as Cash,
        CashLot as CashLot,
        Holdings as Holdings,
        Totals as Totals,
    )
    from koscom_async.models.investor import (
        Device as Device,
        Investor as Investor,
        Token as Token,
    )
    from koscom_async.models.market.bars import Bar as Bar, Bars as Bars
    from koscom_async.models.market.issues import Issue as Issue, Listing as Listing
    from koscom_async.models.market.others import (
        Component as Component,
        Components as Components,
        InvestorTrade as InvestorTrade,
        InvestorTrades as InvestorTrades,
        NetAssetValue as NetAssetValue,
    )
    from koscom_async.models.market.quotes import (
        IndexValue as IndexValue,
        Level as Level,
        OrderBook as OrderBook,
        Quote as Quote,
        Quotes as Quotes,
    )
    from koscom_async.models.market.valuation import (
        Valuation as Valuation,
        ValuedPosition as ValuedPosition,
    )
    from koscom_async.models.member import (
        LinkedAccounts as LinkedAccounts,
        Registration as Registration,
        VirtualAccount as VirtualAccount,
    )
    from koscom_async.models.outcome import (
        AccountOutcome as AccountOutcome,
        Outcome as Outcome,
        PortfolioOutcome as PortfolioOutcome,
        Trace as Trace,
        TransactionsOutcome as TransactionsOutcome,
        WatchlistOutcome as WatchlistOutcome,
    )
    from koscom_async.models.portfolio import (
        Portfolio as Portfolio,
        PortfolioCash as PortfolioCash,
        PortfolioEquity as PortfolioEquity,
        PortfolioFund as PortfolioFund,
        PortfolioOther as PortfolioOther,
        PortfolioRow as PortfolioRow,
        WatchGroup as WatchGroup,
        Watchlist as Watchlist,
    )
    from koscom_async.models.positions import (
        Instrument as Instrument,
        Lot as Lot,
        Position as Position,
    )
    from koscom_async.models.statistics import (
        BrokerStatistics as BrokerStatistics,
        LearnedRefusal as LearnedRefusal,
        ServiceQuota as ServiceQuota,
        Statistics as Statistics,
    )
    from koscom_async.models.transactions import (
        Transaction as Transaction,
        TransactionHistory as TransactionHistory,
        Transactions as Transactions,
    )
    from koscom_async.settings import (
        Backend as Backend,
        Breaker as Breaker,
        BrokerLimits as BrokerLimits,
        BrokerOverrides as BrokerOverrides,
        Environment as Environment,
        Limits as Limits,
        Retry as Retry,
        Settings as Settings,
        Timeouts as Timeouts,
    )
    from koscom_async.tokens import (
        FileTokenStore as FileTokenStore,
        MemoryTokenStore as MemoryTokenStore,
        TokenStore as TokenStore,
    )
else:  # type checkers must not see this: they would take any name for an attribute

    def __getattr__(name: str) -> Any:
        """Import a public name when it is first used, so that a program loads no more than it uses."""
        if (
            name.startswith("_") and name != "__all__"
        ):  # a submodule: the import system asks before it imports it
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from koscom_async._lazy import listed, load

        return [*sorted(listed(__name__)), "__version__"] if name == "__all__" else load(__name__, name)

    def __dir__() -> list[str]:
        return __getattr__("__all__")
