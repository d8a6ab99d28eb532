"""The names that users depend on; a change here is a change of the public face."""

import inspect

import koscom_async
from koscom_async import (
    AccountOutcome,
    Holdings,
    Instrument,
    Koscom,
    KoscomError,
    Position,
    Settings,
    Statistics,
    Totals,
    notebook,
)

NAMES = """
AccountChange CashChange Explanation Group HoldingsDiff PositionChange
AccessDeniedError AccountOutcome AccountReconciliation AccountUnavailableError AssetClass AuthenticationError
BROKERS Backend Balance BalanceRow BalanceSummary Breaker BreakerOpenError Broker BrokerLimits BrokerOverrides BrokerStatistics BrokerUnavailableError Cash CashLot
ConnectionFailedError DeadlineExceededError Device Doubt DoubtKind Environment EquityRow FileTokenStore FundRow Holdings HoldingsStream
IncompleteHoldingsError Instrument Investor Koscom KoscomError Limits LimitsUnavailableError LearnedRefusal LinkedAccounts Lot MalformedResponseError MemoryTokenStore
OtherRow PagingError PlatformError Position Product QuotaExceededError RateLimitedError ReauthorizationRequiredError Registration
RequestRejectedError ResponseError ResponseMismatchError ResponseTooLargeError Retry ServiceQuota Settings SettingsError Statistics Timeouts Token TokenStore Totals Trace
Amendment Cancellation ContractStatus Cost DiscretionaryAccount DiscretionaryAccounts DiscretionaryAnswers
DiscretionaryBalance DiscretionaryCash DiscretionaryHoldingsStream DiscretionaryOrder DiscretionaryOutcome DiscretionaryRow
DiscretionaryRows DiscretionarySettlement DiscretionaryStream DiscretionaryTrade Execution ForeignCash InstrumentCode
OrderSide OutsideServiceHoursError OverloadedError SinkError TradeKind
TradeType TruncatedResponseError UntrustedEndpointError UsageError VirtualAccount __version__
Direction Measure Outcome Portfolio PortfolioCash PortfolioEquity PortfolioFund PortfolioLot PortfolioOther PortfolioOutcome PortfolioPosition PortfolioRow
Bar Bars Component Components IndexValue InvestorTrade InvestorTrades Issue Level Listing NetAssetValue OrderBook Quote Quotes Valuation ValuedPosition
Algorithm AlgorithmReturn AlgorithmRisk Company FraudReport Statement StatementLine
FileOrderStore MemoryOrderStore Order OrderAction OrderKind OrderOutcomeUnknownError OrderReceipt OrderStore
Answer AnswerField NotYetAvailableError Operation Parameter Row UndocumentedServiceError
Portfolios PortfoliosStream Transaction TransactionHistory TransactionStream TransactionType Transactions TransactionsOutcome WatchGroup Watched WatchedSymbol Watchlist WatchlistOutcome Watchlists WatchlistsStream
""".split()  # noqa: SIM905  # sixty names read better as text


def parameters(function):
    return list(inspect.signature(function).parameters)


def attributes(kind):
    return {name for name in dir(kind) if not name.startswith("_")}


def test_the_package_exports_these_names_and_no_others():
    assert sorted(koscom_async.__all__) == sorted(NAMES)
    assert all(hasattr(koscom_async, name) for name in NAMES)


def test_the_client_is_called_like_this():
    assert parameters(Koscom) == ["settings", "transport", "limiter", "tokens", "now", "observer", "orders"]
    assert parameters(Koscom.holdings) == ["self", "investor", "deadline", "after"]
    assert parameters(Koscom.stream_holdings) == ["self", "investor", "deadline", "after"]
    assert inspect.signature(Koscom.holdings).parameters["deadline"].kind is inspect.Parameter.KEYWORD_ONLY


def test_ways_out_are_called_like_this():
    assert parameters(Holdings.to_arrow) == parameters(Holdings.to_polars) == ["self", "table", "key"]
    assert parameters(Holdings.to_pandas) == ["self", "table", "key", "exact"]
    assert parameters(Holdings.plot) == ["self", "kind", "theme"]
    assert parameters(Holdings.to_html) == ["self"]
    assert notebook.__all__ == ["watched_holdings"]
    assert parameters(notebook.watched_holdings) == ["koscom", "investor", "deadline"]
    for kind in (Holdings, Position, AccountOutcome, Statistics):
        assert callable(kind._repr_html_)


def test_settings_take_these_values():
    assert parameters(Settings) == [
        "environment",
        "base_url",
        "market_url",
        "market_version",
        "api_key",
        "api_secret",
        "com_id",
        "srv_id",
        "retry",
        "limits",
        "timeouts",
        "breaker",
        "brokers",
        "redirect_uri",
        "scope",
        "page_limit",
        "call_limit",
        "max_accounts",
        "max_response_bytes",
        "max_answer_bytes",
        "max_answer_rows",
        "max_reading_bytes",
        "discretionary_brokers",
        "check_service_hours",
        "backend",
        "catalogue",
    ]


def test_records_have_these_attributes():
    assert attributes(Holdings) >= {
        "positions",
        "cash",
        "totals",
        "outcomes",
        "failures",
        "complete",
        "as_of",
        "reconciliation",
        "require_complete",
        "to_dicts",
        "to_arrow",
        "to_polars",
        "to_pandas",
        "to_html",
        "plot",
    }
    assert attributes(Position) >= {
        "instrument",
        "quantity",
        "cost",
        "value",
        "profit_loss",
        "return_pct",
        "weight",
        "lots",
    }
    assert attributes(Instrument) >= {"asset_class", "product", "code", "isin", "name", "currency"}
    assert attributes(Totals) >= {
        "cash",
        "cost",
        "value",
        "profit_loss",
        "return_pct",
        "liabilities",
        "net_worth",
        "reported_value",
        "reported_net_worth",
    }
    assert attributes(AccountOutcome) >= {"account", "error", "ok"}


def test_every_error_is_a_koscom_error():
    errors = [getattr(koscom_async, name) for name in NAMES if name.endswith("Error")]
    assert all(issubclass(error, KoscomError) for error in errors)
    facts = {"code", "category", "broker", "endpoint", "retriable", "attempts"}
    assert facts <= set(vars(KoscomError("x")))
