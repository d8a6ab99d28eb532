"""The rows of the tables that holdings can be had as: which records stand behind each. Columns read from them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

from attrs import frozen

from koscom_async.export.records import (
    AccountRecord,
    CashLotRecord,
    HoldingsRecord,
    InstrumentRecord,
    LotRecord,
    OutcomeRecord,
    PositionRecord,
    ReconciliationRecord,
)

TableName = Literal["positions", "lots", "cash", "accounts"]


@frozen
class Row:
    """What a row is made of; the parts that its table does not use are not there."""

    holdings: HoldingsRecord
    account_index: int | None = None
    account: AccountRecord | None = None
    instrument: InstrumentRecord | None = None
    position: PositionRecord | None = None
    lot: LotRecord | None = None
    currency: str | None = None
    cash: CashLotRecord | None = None
    outcome: OutcomeRecord | None = None
    reconciliation: ReconciliationRecord | None = None


def _positions(holdings: HoldingsRecord) -> Iterator[Row]:
    for position in holdings.positions:
        yield Row(holdings, instrument=position.instrument, position=position)


def _lots(holdings: HoldingsRecord) -> Iterator[Row]:
    index = _indices(holdings.outcomes)
    for position in holdings.positions:
        for lot in position.lots:
            account = lot.account
            yield Row(
                holdings,
                account_index=index.get(account.key),
                account=account,
                instrument=position.instrument,
                lot=lot,
            )


def _cash(holdings: HoldingsRecord) -> Iterator[Row]:
    index = _indices(holdings.outcomes)
    for cash in holdings.cash:
        for lot in cash.lots:
            account = lot.account
            yield Row(
                holdings,
                account_index=index.get(account.key),
                account=account,
                currency=cash.currency,
                cash=lot,
            )


def _accounts(holdings: HoldingsRecord) -> Iterator[Row]:
    reconciled = {each.account.key: each for each in holdings.reconciliation}
    for index, outcome in enumerate(holdings.outcomes):
        account = outcome.account
        yield Row(
            holdings,
            account_index=index,
            account=account,
            outcome=outcome,
            reconciliation=reconciled.get(account.key),
        )


ROWS: Mapping[TableName, Callable[[HoldingsRecord], Iterable[Row]]] = {
    "positions": _positions,
    "lots": _lots,
    "cash": _cash,
    "accounts": _accounts,
}


def _indices(outcomes: Sequence[OutcomeRecord]) -> Mapping[tuple[str, str], int]:
    return {outcome.account.key: index for index, outcome in enumerate(outcomes)}
