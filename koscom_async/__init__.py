"""What an investor owns at every Korean broker, right now: an asyncio client for Koscom's Open API platform."""

import logging

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
    LimitsUnavailableError,
    MalformedResponseError,
    PagingError,
    PlatformError,
    QuotaExceededError,
    RateLimitedError,
    ReauthorizationRequiredError,
    RequestRejectedError,
    ResponseError,
    ResponseMismatchError,
    SettingsError,
    TruncatedResponseError,
    UntrustedEndpointError,
    UsageError,
)
from koscom_async.models.account import Balance, BalanceRow, BalanceSummary, EquityRow, FundRow, OtherRow
from koscom_async.models.breakdown import Group
from koscom_async.models.codes import AssetClass, Product, TradeType
from koscom_async.models.difference import AccountChange, CashChange, HoldingsDiff, PositionChange
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
from koscom_async.tokens import FileTokenStore, MemoryTokenStore, TokenStore

__version__ = "0.1.0"

__all__ = [
    "BROKERS",
    "AccessDeniedError",
    "AccountChange",
    "AccountOutcome",
    "AccountReconciliation",
    "AccountUnavailableError",
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
    "Cash",
    "CashChange",
    "CashLot",
    "ConnectionFailedError",
    "DeadlineExceededError",
    "Device",
    "Environment",
    "EquityRow",
    "Explanation",
    "FileTokenStore",
    "FundRow",
    "Group",
    "Holdings",
    "HoldingsDiff",
    "HoldingsStream",
    "IncompleteHoldingsError",
    "Instrument",
    "Investor",
    "Koscom",
    "KoscomError",
    "Limits",
    "LimitsUnavailableError",
    "LinkedAccounts",
    "Lot",
    "MalformedResponseError",
    "MemoryTokenStore",
    "OtherRow",
    "PagingError",
    "PlatformError",
    "Position",
    "PositionChange",
    "Product",
    "QuotaExceededError",
    "RateLimitedError",
    "ReauthorizationRequiredError",
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
    "TokenStore",
    "Totals",
    "Trace",
    "TradeType",
    "TruncatedResponseError",
    "UntrustedEndpointError",
    "UsageError",
    "VirtualAccount",
    "__version__",
]

# Quiet unless the program that uses this says otherwise.
logging.getLogger(__name__).addHandler(logging.NullHandler())
