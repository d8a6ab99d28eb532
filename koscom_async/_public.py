"""The public names, and where each comes from; `koscom_async` itself loads them when the first one is asked for."""

from koscom_async._firm.streams import DiscretionaryHoldingsStream, DiscretionaryStream
from koscom_async.brokers import BROKERS, Broker
from koscom_async.client import HoldingsStream, Koscom
from koscom_async.errors import (
    AccessDeniedError,
    AccountUnavailableError,
    AuthenticationError,
    BrokerUnavailableError,
    ConnectionFailedError,
    DeadlineExceededError,
    IncompleteHoldingsError,
    KoscomError,
    MalformedResponseError,
    OutsideServiceHoursError,
    PagingError,
    PlatformError,
    QuotaExceededError,
    RateLimitedError,
    RequestRejectedError,
    ResponseError,
    ResponseMismatchError,
    SettingsError,
    TruncatedResponseError,
    UntrustedEndpointError,
    UsageError,
)
from koscom_async.models.account import (
    Balance,
    BalanceRow,
    BalanceSummary,
    EquityRow,
    ForeignCash,
    FundRow,
    OtherRow,
)
from koscom_async.models.breakdown import Group
from koscom_async.models.codes import AssetClass, Product, TradeType
from koscom_async.models.difference import AccountChange, CashChange, HoldingsDiff, PositionChange
from koscom_async.models.discretionary.account import DiscretionaryAccount, DiscretionaryAccounts
from koscom_async.models.discretionary.answers import (
    DiscretionaryAnswers,
    DiscretionaryOutcome,
    DiscretionaryRows,
)
from koscom_async.models.discretionary.balance import (
    DiscretionaryBalance,
    DiscretionaryCash,
    DiscretionaryRow,
)
from koscom_async.models.discretionary.codes import (
    Amendment,
    Cancellation,
    ContractStatus,
    Cost,
    InstrumentCode,
    OrderSide,
    TradeKind,
)
from koscom_async.models.discretionary.orders import DiscretionaryOrder, Execution
from koscom_async.models.discretionary.settlements import DiscretionarySettlement, DiscretionaryTrade
from koscom_async.models.explanation import Explanation
from koscom_async.models.holdings import Holdings
from koscom_async.models.investor import Device, Investor, Token
from koscom_async.models.member import LinkedAccounts, Registration, VirtualAccount
from koscom_async.models.outcome import AccountOutcome, Trace
from koscom_async.models.positions import Instrument, Lot, Position
from koscom_async.models.statistics import BrokerStatistics, ServiceQuota, Statistics
from koscom_async.models.totals import AccountReconciliation, Cash, CashLot, Totals
from koscom_async.settings import (
    Breaker,
    BrokerLimits,
    BrokerOverrides,
    Environment,
    Limits,
    Retry,
    Settings,
    Timeouts,
)

__all__ = [
    "BROKERS",
    "AccessDeniedError",
    "AccountChange",
    "AccountOutcome",
    "AccountReconciliation",
    "AccountUnavailableError",
    "Amendment",
    "AssetClass",
    "AuthenticationError",
    "Balance",
    "BalanceRow",
    "BalanceSummary",
    "Breaker",
    "Broker",
    "BrokerLimits",
    "BrokerOverrides",
    "BrokerStatistics",
    "BrokerUnavailableError",
    "Cancellation",
    "Cash",
    "CashChange",
    "CashLot",
    "ConnectionFailedError",
    "ContractStatus",
    "Cost",
    "DeadlineExceededError",
    "Device",
    "DiscretionaryAccount",
    "DiscretionaryAccounts",
    "DiscretionaryAnswers",
    "DiscretionaryBalance",
    "DiscretionaryCash",
    "DiscretionaryHoldingsStream",
    "DiscretionaryOrder",
    "DiscretionaryOutcome",
    "DiscretionaryRow",
    "DiscretionaryRows",
    "DiscretionarySettlement",
    "DiscretionaryStream",
    "DiscretionaryTrade",
    "Environment",
    "EquityRow",
    "Execution",
    "Explanation",
    "ForeignCash",
    "FundRow",
    "Group",
    "Holdings",
    "HoldingsDiff",
    "HoldingsStream",
    "IncompleteHoldingsError",
    "Instrument",
    "InstrumentCode",
    "Investor",
    "Koscom",
    "KoscomError",
    "Limits",
    "LinkedAccounts",
    "Lot",
    "MalformedResponseError",
    "OrderSide",
    "OtherRow",
    "OutsideServiceHoursError",
    "PagingError",
    "PlatformError",
    "Position",
    "PositionChange",
    "Product",
    "QuotaExceededError",
    "RateLimitedError",
    "Registration",
    "RequestRejectedError",
    "ResponseError",
    "ResponseMismatchError",
    "Retry",
    "ServiceQuota",
    "Settings",
    "SettingsError",
    "Statistics",
    "Timeouts",
    "Token",
    "Totals",
    "Trace",
    "TradeKind",
    "TradeType",
    "TruncatedResponseError",
    "UntrustedEndpointError",
    "UsageError",
    "VirtualAccount",
]
