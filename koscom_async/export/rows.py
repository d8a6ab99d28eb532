"""Holdings as plain data: any record as JSON-ready values, and the rows of each table, from which columns are read."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from enum import Enum
from hashlib import blake2b
from secrets import token_bytes
from typing import Any, Literal

import attrs
from attrs import frozen

from koscom_async._masking import HIDDEN, hidden, masked_number
from koscom_async.errors import KoscomError
from koscom_async.models.doubts import doubtful_marks, has_any
from koscom_async.models.holdings import AccountReconciliation, CashLot, Holdings
from koscom_async.models.member import VirtualAccount
from koscom_async.models.outcome import AccountOutcome
from koscom_async.models.positions import Instrument, Lot, Position

_ERROR_FACTS = (
    "code",
    "category",
    "broker",
    "endpoint",
    "account",
    "retriable",
    "attempts",
    "message",
    "advice",
)
_FURTHER_FACTS = ("retry_after", "resets_at", "opens_at", "available_at", "budget")
"""What an error's advice may speak of, where the error has it."""


def plain(value: object) -> Any:
    """Return any record or value as JSON-ready data, with nothing rounded and no secret shown.

    - a decimal becomes text without an exponent (`"369827563509"`);
    - a date or a time becomes ISO 8601 text, an open enum its code;
    - a field marked `masked` shows its first and last four characters, one marked `omitted` nothing, and one that a
      repr hides only whether it is there;
    - what a record names in `_plain_properties` is shown beside its fields;
    - an error becomes its kind and its facts.
    """
    match value:
        case Decimal():
            return f"{value:f}"
        case Enum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case date() | time():
            return value.isoformat()
        case _:
            return _composite(value)


def dicts_of(record: Any) -> Any:
    """Return what a record's own `to_dicts()` returns, or its plain form where it has none."""
    return record.to_dicts() if hasattr(record, "to_dicts") else plain(record)


def _composite(value: object) -> Any:
    match value:
        case KoscomError():
            facts = {fact: getattr(value, fact) for fact in _ERROR_FACTS}
            further = {fact: getattr(value, fact, None) for fact in _FURTHER_FACTS}
            shown = {fact: plain(each) for fact, each in further.items() if each is not None}
            return {"type": type(value).__name__, **facts, **shown}
        case Mapping():
            return {str(key): plain(each) for key, each in value.items()}
        case Sequence():
            return [plain(each) for each in value]
        case _ if attrs.has(type(value)):
            return _record(value)
    raise TypeError(f"{type(value).__name__} has no plain form")


def _record(record: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for attribute in attrs.fields(type(record)):
        name, marks = attribute.name, attribute.metadata
        if marks.get("omitted"):
            continue
        value = getattr(record, name)
        if (masked := marks.get("masked")) and value is not None:
            value = getattr(record, masked) if isinstance(masked, str) else masked_number(value)
        elif attribute.repr is hidden and value is not None:
            value = HIDDEN
        if "plain" in marks:
            fields[name] = {part: plain(getattr(value, part)) for part in marks["plain"]}
        else:
            fields[name] = plain(value)
    for name in getattr(record, "_plain_properties", ()):
        fields[name] = plain(getattr(record, name))
    return fields


TableName = Literal["positions", "lots", "cash", "accounts"]


@frozen
class Row:
    """The records behind a table's row; `None` where the table does not use them."""

    holdings: Holdings
    key: str | None = None
    account_index: int | None = None
    account: VirtualAccount | None = None
    instrument: Instrument | None = None
    position: Position | None = None
    lot: Lot | None = None
    currency: str | None = None
    cash: CashLot | None = None
    outcome: AccountOutcome | None = None
    reconciliation: AccountReconciliation | None = None
    is_doubtful: bool = False

    @property
    def account_key(self) -> str | None:
        """The account, without its number, which a digest alone would not hide: most of its digits can be tried."""
        if self.account is None:
            return None
        if self.key is not None:
            return f"{self.key}/{self.account_index}"
        number = "/".join(self.account.key).encode("utf-8", "surrogatepass")
        return blake2b(number, key=_OF_THIS_PROCESS, digest_size=8).hexdigest()


_OF_THIS_PROCESS = token_bytes(16)


def _positions(holdings: Holdings, key: str | None) -> Iterator[Row]:
    marks = doubtful_marks(holdings.doubts)
    for position in holdings.positions:
        doubtful = has_any(position.lots, marks)
        yield Row(holdings, key, instrument=position.instrument, position=position, is_doubtful=doubtful)


def _lots(holdings: Holdings, key: str | None) -> Iterator[Row]:
    index, marks = _indices(holdings.outcomes), doubtful_marks(holdings.doubts)
    for position in holdings.positions:
        for lot in position.lots:
            account = lot.account
            yield Row(
                holdings,
                key,
                account_index=index.get(account.key),
                account=account,
                instrument=position.instrument,
                lot=lot,
                is_doubtful=has_any((lot,), marks),
            )


def _cash(holdings: Holdings, key: str | None) -> Iterator[Row]:
    index = _indices(holdings.outcomes)
    for cash in holdings.cash:
        for lot in cash.lots:
            account = lot.account
            yield Row(
                holdings,
                key,
                account_index=index.get(account.key),
                account=account,
                currency=cash.currency,
                cash=lot,
            )


def _accounts(holdings: Holdings, key: str | None) -> Iterator[Row]:
    reconciled = {each.account.key: each for each in holdings.reconciliation}
    for index, outcome in enumerate(holdings.outcomes):
        account = outcome.account
        yield Row(
            holdings,
            key,
            account_index=index,
            account=account,
            outcome=outcome,
            reconciliation=reconciled.get(account.key),
        )


ROWS: Mapping[TableName, Callable[[Holdings, str | None], Iterable[Row]]] = {
    "positions": _positions,
    "lots": _lots,
    "cash": _cash,
    "accounts": _accounts,
}


def _indices(outcomes: Sequence[AccountOutcome]) -> Mapping[tuple[str, str], int]:
    return {outcome.account.key: index for index, outcome in enumerate(outcomes)}
