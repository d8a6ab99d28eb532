"""The columns of holdings as tables: name, type, unit and meaning of each, and how it is read.

Data only: does not need the libraries that build frames from it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Literal

from attrs import frozen

from koscom_async._decimals import EXACT
from koscom_async.errors import KoscomError
from koscom_async.export.rows import ROWS, Row, TableName
from koscom_async.models.holdings import Holdings
from koscom_async.models.positions import Position


@frozen
class Exact:
    """A decimal with so many places behind the point, of 38 digits in all."""

    places: int


Type = Exact | Literal["text", "texts", "flag", "count", "seconds", "moment", "day"]

# Money of any currency; fractional shares and face amounts; rates as brokers send them, perhaps computed as doubles.
MONEY, QUANTITY, REPORTED_RATE = Exact(6), Exact(8), Exact(18)
RETURN, WEIGHT = Exact(2), Exact(6)  # as the merge cuts and rounds them

CURRENCY, WON, NONE = "`currency`", "KRW", ""


@frozen
class Column:
    """One column: `read` takes it from a row's record."""

    name: str
    type: Type
    unit: str = ""
    meaning: str = ""
    read: Callable[[Any], object] = lambda _: None
    is_computed: bool = False
    """Whether the library computes it, with more digits than any broker sent; only such a number is rounded."""


def _from(part: str, name: str) -> Callable[[Any], object]:
    """Read an attribute of one of the row's parts; a missing part has no known attributes."""
    return lambda row: getattr(getattr(row, part), name, None)


def _column(part: str, name: str, kind: Type, unit: str, meaning: str) -> Column:
    return Column(name, kind, unit, meaning, _from(part, name))


_INSTRUMENT = (
    _column("instrument", "asset_class", "text", NONE, "asset class: EQTY, FUND or ETC"),
    _column("instrument", "product", "text", NONE, "product kind, such as KSP, ETF, BOND"),
    _column("instrument", "code", "text", NONE, "ISIN or fund code"),
    _column("instrument", "isin", "text", NONE, "ISIN"),
    _column("instrument", "name", "text", NONE, "name, as the broker sends it"),
    _column("instrument", "currency", "text", NONE, "currency of the amounts"),
)
KEY = Column(
    "key", "text", NONE, "the caller's name for the investor, where one is given", lambda row: row.key
)
_ACCOUNT = (
    Column(
        "account_key",
        "text",
        NONE,
        "the account, in this process or below `key`: what to join on, also across investors",
        lambda row: row.account_key,
    ),
    Column(
        "account_index",
        "count",
        NONE,
        "row of the account in `accounts` of the same holdings",
        lambda row: row.account_index,
    ),
    Column("broker_code", "text", NONE, "the broker's code", lambda row: row.account.broker.code),
    Column("broker", "text", NONE, "the broker's short name", lambda row: row.account.broker.short_name),
    Column(
        "account",
        "text",
        NONE,
        "its first and last four digits; of several such at a broker, which (#2)",
        _from("account", "masked_number"),
    ),
    _column("account", "alias", "text", NONE, "the investor's own label"),
)
_WHOLE = (
    Column(
        "complete", "flag", NONE, "whether every linked account was read", lambda row: row.holdings.complete
    ),
    Column(
        "asked_at",
        "moment",
        "KST",
        "when the question was asked: nothing is older",
        lambda row: row.holdings.as_of,
    ),
)
_DOUBTFUL = Column(
    "doubtful",
    "flag",
    NONE,
    "whether it may be counted twice: see `Holdings.doubts`",
    lambda row: row.is_doubtful,
)
INEXACT = Column(
    "inexact",
    "text",
    NONE,
    "columns whose number has more digits than they hold: null here, whole in `to_dicts()`",
    lambda _: None,
)


def _doubts(row: Row) -> int:
    account = row.account
    return 0 if account is None else sum(each.account.key == account.key for each in row.holdings.doubts)


_POSITIONS = (
    *_INSTRUMENT,
    _column("position", "quantity", QUANTITY, "shares; a bond's face amount", "sum over the lots"),
    _column("position", "cost", MONEY, CURRENCY, "sum over the lots; 0 where no broker reports one"),
    _column("position", "value", MONEY, CURRENCY, "sum over the lots"),
    _column("position", "profit_loss", MONEY, CURRENCY, "value less cost, where every lot has a cost"),
    _column("position", "return_pct", RETURN, "%", "profit and loss in percent of the cost, cut"),
    _column("position", "weight", WEIGHT, "0 to 1", "share of securities and cash in KRW"),
    Column(
        "value_in_won",
        MONEY,
        WON,
        "value at the brokers' own exchange rates, rounded half to even",
        _from("position", "value_in_won"),
        is_computed=True,
    ),
    _column("position", "credit_value", MONEY, CURRENCY, "value of the lots on margin or loan"),
    _column("position", "loan", MONEY, CURRENCY, "what is owed for the lots"),
    _column(
        "position", "matched_by", "text", NONE, "what makes the lots one instrument: code, name or nothing"
    ),
    Column(
        "brokers",
        "texts",
        NONE,
        "short names of the brokers that hold it",
        lambda row: _brokers(row.position),
    ),
    Column("lots", "count", "rows", "number of lots", lambda row: len(row.position.lots)),
    _DOUBTFUL,
    *_WHOLE,
    INEXACT,
)
_LOTS = (
    *_INSTRUMENT,
    *_ACCOUNT,
    _column("lot", "trade_type", "text", NONE, "how it is held: NRM, CRD, LOAN or SUM"),
    _column("lot", "quantity", QUANTITY, "shares; a bond's face amount", "as the broker sent it"),
    _column("lot", "cost", MONEY, CURRENCY, "as the broker sent it; 0 where it reports none"),
    _column("lot", "value", MONEY, CURRENCY, "as the broker sent it"),
    _column(
        "lot", "profit_loss", MONEY, CURRENCY, "as the broker sent it; some leave it out: add up positions"
    ),
    _column("lot", "return_rate", REPORTED_RATE, "% or fraction", "as the broker sent it: brokers differ"),
    _column("lot", "rate", REPORTED_RATE, "KRW", "won for `rate_units` of a foreign currency"),
    _column("lot", "rate_units", "count", "units", "1 or 100; nothing where neither is proven"),
    _column("lot", "loan", MONEY, CURRENCY, "what is owed for this row"),
    _DOUBTFUL,
    *_WHOLE,
    INEXACT,
)
_CASH = (
    Column("currency", "text", NONE, "currency of the amounts", lambda row: row.currency),
    *_ACCOUNT,
    _column("cash", "balance", MONEY, CURRENCY, "settled today"),
    _column("cash", "balance_d1", MONEY, CURRENCY, "the same money as it stands tomorrow: never add them"),
    _column("cash", "balance_d2", MONEY, CURRENCY, "and the day after"),
    _column("cash", "counted", MONEY, CURRENCY, "of the three, what net worth counts"),
    _column("cash", "basis", "text", NONE, "which of the three that is: D0, D1 or D2"),
    _column("cash", "withdrawable", MONEY, CURRENCY, "what can be withdrawn"),
    _column("cash", "receivable", MONEY, CURRENCY, "what is not paid yet"),
    _column("cash", "loan", MONEY, CURRENCY, "loans"),
    *_WHOLE,
    INEXACT,
)
_ACCOUNTS = (
    *_ACCOUNT,
    Column(
        "broker_name",
        "text",
        NONE,
        "the broker's Korean name",
        lambda row: row.account.broker.name_ko or None,
    ),
    _column("outcome", "ok", "flag", NONE, "whether the account was read, whole"),
    Column(
        "error",
        "text",
        NONE,
        "kind of the error",
        lambda row: _error(row, lambda error: type(error).__name__),
    ),
    Column(
        "error_code",
        "text",
        NONE,
        "the platform's code, or a word",
        lambda row: _error(row, lambda error: error.code),
    ),
    Column(
        "error_message", "text", NONE, "what went wrong", lambda row: _error(row, lambda error: error.message)
    ),
    Column(
        "advice", "text", NONE, "what to do about it", lambda row: _error(row, lambda error: error.advice)
    ),
    Column(
        "retriable",
        "flag",
        NONE,
        "whether asking again may help",
        lambda row: _error(row, lambda error: error.retriable),
    ),
    _column("reconciliation", "rows", "count", "rows", "number of rows that were read"),
    _column("reconciliation", "rows_value", MONEY, WON, "value of the rows, derivatives left out"),
    _column("reconciliation", "reported_value", MONEY, WON, "value by the broker's summary"),
    _column("reconciliation", "value_difference", MONEY, WON, "rows less summary"),
    _column("reconciliation", "rows_cost", MONEY, WON, "cost of the rows, derivatives left out"),
    _column("reconciliation", "reported_cost", MONEY, WON, "cost by the broker's summary"),
    _column("reconciliation", "cost_difference", MONEY, WON, "rows less summary"),
    _column("reconciliation", "reason", "text", NONE, "what is likely to make them differ"),
    _column("reconciliation", "cash", MONEY, WON, "cash, settled today"),
    _column("reconciliation", "unsettled", MONEY, WON, "what unsettled trades add to it"),
    _column("reconciliation", "cash_basis", "text", NONE, "view of the cash that net worth counts"),
    _column(
        "reconciliation", "cash_basis_proven", "flag", NONE, "whether the broker's own total confirms it"
    ),
    _column("reconciliation", "liabilities", MONEY, WON, "loans, and what is not paid yet"),
    _column("reconciliation", "net_worth", MONEY, WON, "value and counted cash less liabilities"),
    _column(
        "reconciliation", "reported_net_worth", MONEY, WON, "by the broker's summary, debts not deducted"
    ),
    Column("doubts", "count", NONE, "what may be counted twice in it: see `Holdings.doubts`", _doubts),
    _column("outcome", "as_of", "moment", "KST", "when the answer was complete, or given up"),
    Column("calls", "count", "calls", "sent for this account", lambda row: row.outcome.trace.calls),
    Column("retries", "count", "calls", "of them, not the first try", lambda row: row.outcome.trace.retries),
    Column("pages", "count", "pages", "read", lambda row: row.outcome.trace.pages),
    Column(
        "seconds_waited",
        "seconds",
        "s",
        "on limits and before retries",
        lambda row: row.outcome.trace.seconds_waited,
    ),
    Column("seconds", "seconds", "s", "until the outcome", lambda row: row.outcome.trace.seconds),
    *_WHOLE,
    INEXACT,
)

TABLES: Mapping[TableName, tuple[Column, ...]] = {
    "positions": _POSITIONS,
    "lots": _LOTS,
    "cash": _CASH,
    "accounts": _ACCOUNTS,
}


def columns_of(
    holdings: Holdings, table: TableName, *, key: str | None
) -> Iterator[tuple[Column, list[object]]]:
    """Yield each column of a table with its values, unconverted; with a key, that column first."""
    columns = TABLES[table] if key is None else (KEY, *TABLES[table])
    return values_of(rows_of(holdings, table, key=key), columns)


def rows_of(holdings: Holdings, table: TableName, *, key: str | None) -> list[Row]:
    """Return the rows of a table, each with the caller's name for the investor."""
    return list(ROWS[table](holdings, key))


def values_of(rows: Sequence[Any], columns: Iterable[Column]) -> Iterator[tuple[Column, list[object]]]:
    """Yield each column with its values in these rows, unconverted."""
    for column in columns:
        values = [_plain_text(column.read(row)) for row in rows]
        yield column, [_rounded(value, column.type) for value in values] if column.is_computed else values


def _plain_text(value: object) -> object:
    """Make plain text of an open enum."""
    return str(value) if isinstance(value, str) else value


def _rounded(value: object, kind: Type) -> object:
    if not isinstance(value, Decimal) or not isinstance(kind, Exact):
        return value
    step = Decimal(1).scaleb(-kind.places)
    return value.quantize(step, ROUND_HALF_EVEN, EXACT)


def _brokers(position: Position) -> list[str]:
    return list(dict.fromkeys(lot.account.broker.short_name for lot in position.lots))


def _error(row: Row, fact: Callable[[KoscomError], object]) -> object:
    error = row.outcome.error if row.outcome else None
    return None if error is None else fact(error)


def type_name(kind: Type) -> str:
    """Return a column type by its Arrow name."""
    return f"decimal128(38, {kind.places})" if isinstance(kind, Exact) else _TYPE_NAMES[kind]


_TYPE_NAMES = {
    "text": "string",
    "texts": "list<string>",
    "flag": "bool",
    "count": "int64",
    "seconds": "double",
    "moment": "timestamp[us, tz=Asia/Seoul]",
    "day": "date32",
}
