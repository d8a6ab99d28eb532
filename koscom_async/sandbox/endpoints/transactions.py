"""The transactions of the account service (거래내역 조회): a range of dates that each broker bounds in its own way."""

import re

from attrs import evolve

from koscom_async.sandbox.dialects import Balance, Dialect, Service
from koscom_async.sandbox.documents import recorded_answer
from koscom_async.sandbox.endpoints.balance import find_account
from koscom_async.sandbox.endpoints.endpoint import Visit
from koscom_async.sandbox.fault_kinds import FaultKind
from koscom_async.sandbox.ledger import Account, AssetClass, Shelf
from koscom_async.sandbox.paging import cut
from koscom_async.sandbox.question import TransactionsQuestion, read_transactions_question
from koscom_async.sandbox.reply import Reply, refused
from koscom_async.sandbox.state import State

__all__ = ["answer_transactions"]

SIDES = frozenset({"", "ALL", "BID", "ASK", "DEP", "WID"})
EVERY_SIDE = frozenset({"", "ALL"})
_CODE = re.compile(r"[A-Z0-9]{6,12}")


def answer_transactions(visit: Visit, state: State, fault: FaultKind) -> Reply:
    """Answer one page of a range of dates."""
    dialect = state.dialect(visit.broker)
    question = read_transactions_question(visit.message(), body_block="transactionHistoryRequestBody")
    account = find_account(visit, question, state)
    if (recorded := recorded_answer(account, "transaction", visit.message(), question)) is not None:
        return recorded
    _check(question, visit.broker)
    shelf = _shelf(account, question, dialect)
    answer = Balance(
        service=Service.TRANSACTIONS,
        question=question,
        asset_class=AssetClass.ALL,
        account=shelf,
        platform_id=state.platform_id(),
        rows=(),
        total=len(shelf.entries),
        next_page=None,
        request_id=question.request_id,
    )
    if (question.until - question.since).days + 1 > state.most_days(visit.broker):
        return _too_long(answer, dialect, state.most_days(visit.broker))
    query = f"{question.since}|{question.until}|{question.isin}|{question.side}"
    rows, next_page = cut(
        shelf,
        AssetClass.ALL,
        fault.read(question).paged,
        page_size=dialect.history_page_size,
        query=query,
    )
    answer = evolve(answer, rows=rows, next_page=next_page)
    foreign = state.ledger.foreign_to
    return dialect.reply(fault.bend(answer, lambda: _shelf(foreign(account), question, dialect)))


def _check(question: TransactionsQuestion, broker: str) -> None:
    if question.since > question.until:
        raise refused("7000", broker=broker, description="fromDate is after toDate")
    if question.side not in SIDES:
        raise refused("6008", broker=broker)
    if question.isin and not _CODE.fullmatch(question.isin):
        raise refused("6007", broker=broker)


def _too_long(answer: Balance, dialect: Dialect, days: int) -> Reply:
    """Refuse with 6006 and the number of days: where the number stands, no document says, so each does it its way."""
    if dialect.broker == "star":
        return dialect.reply(
            evolve(answer, code="6006", message=f"조회기간은 최대 {days}일까지 가능합니다", rows=(), total=0)
        )
    suffix = f"({days})" if dialect.broker == "diamond" else f" [max {days} days]"
    raise refused("6006", broker=dialect.broker, suffix=suffix)


def _shelf(account: Account, question: TransactionsQuestion, dialect: Dialect) -> Shelf:
    movements = [
        movement
        for movement in account.movements
        if question.since <= movement.day <= question.until
        and question.isin in {"", movement.code}
        and (question.side in EVERY_SIDE or question.side == movement.kind)
    ]
    return account.shelf(reversed(movements) if dialect.newest_first else movements)
