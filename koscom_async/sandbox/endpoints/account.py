"""The member service (서비스 연동), and the account service's balance, transactions and watchlist.

Each finds the account, cuts the page and has a dialect spell it. The portfolio has a page of its own.
"""

import re

from attrs import evolve

from koscom_async.brokers import find_broker
from koscom_async.sandbox.dialects import Balance, Dialect, Service
from koscom_async.sandbox.documents import recorded_answer
from koscom_async.sandbox.endpoints.endpoint import Request, cut
from koscom_async.sandbox.fault_kinds import FaultKind
from koscom_async.sandbox.ledger import Account, AccountView, AssetClass
from koscom_async.sandbox.question import (
    AccountQuestion,
    TransactionsQuestion,
    read_account_question,
    read_member_question,
    read_transactions_question,
    read_watchlist_question,
)
from koscom_async.sandbox.reply import Reply, json_reply, refused
from koscom_async.sandbox.state import State

TERMS_EXPIRE = "20991231"


def answer_registration(request: Request, state: State, fault: FaultKind) -> Reply:
    """Answer 회원 가입 여부 확인: a person who is unknown, or has another name, is not a member."""
    question = read_member_question(request.message())
    person = state.ledger.person(question.ci)
    if person is None or person.name != question.name:
        return json_reply({"result": "nonMember"})
    return json_reply({"result": "member", "commonTermsExpireDate": TERMS_EXPIRE})


def answer_consent(request: Request, state: State, fault: FaultKind) -> Reply:
    """Answer 가상계좌 리스트 조회; the endpoints are the gateway's own addresses."""
    question = read_member_question(request.message())
    person = state.ledger.person(question.ci)
    if person is None:
        raise refused("3007")
    accounts = [_linked(account, request.base_url) for account in person.accounts]
    return json_reply({"vtAccList": accounts, "serviceTermsExpireDate": TERMS_EXPIRE})


def _linked(account: Account, base_url: str) -> dict[str, str]:
    broker = find_broker(short_name=account.broker)
    return {
        "comId": broker.code if broker else "",
        "vtAccNo": account.number,
        "vtAccAlias": account.alias or account.broker,
        "endpoint": f"{base_url}/v1/{account.broker}/account/",
    }


# What all endpoints of the account service do first: find the account, and the asset class.


def find_account(request: Request, question: AccountQuestion, state: State) -> Account:
    """Return the account of the request, or refuse a caller who may not see it."""
    person = state.ledger.person(question.ci)
    if person is None:
        raise refused("3007")
    if request.owner is not person:
        raise refused("2100", description="the access token is another investor's")
    found = state.ledger.account(request.broker, question.account)
    if found is None:
        raise refused("4001", broker=request.broker)
    owner, account = found
    if owner is not person:
        raise refused("4003", broker=request.broker)
    return account


def find_class(question: AccountQuestion, dialect: Dialect) -> AssetClass:
    """Return the asset class that is asked for, or refuse one that the broker does not know."""
    try:
        asset_class = AssetClass(question.asset_class)
    except ValueError:
        raise refused("6001", broker=dialect.broker) from None
    if asset_class is AssetClass.ALL and not dialect.supports_all:
        raise refused("6001", broker=dialect.broker)
    return asset_class


def answer_balance(request: Request, state: State, fault: FaultKind) -> Reply:
    """Answer one page of one account."""
    dialect = state.dialect(request.broker)
    question = read_account_question(request.message(), body_block="balanceRequestBody")
    account = find_account(request, question, state)
    if (recorded := recorded_answer(account, "balance", request.message(), question)) is not None:
        return recorded
    asset_class = find_class(question, dialect)
    rows, next_page = cut(
        account, asset_class, fault.read(question).paged, page_size=state.page_size(request.broker)
    )
    balance = Balance(
        question=question,
        asset_class=asset_class,
        account=account,
        platform_id=state.platform_id(),
        rows=rows,
        total=len(account.rows_of(asset_class)),
        next_page=next_page,
        request_id=question.request_id,
    )
    return dialect.reply(fault.alter(balance, lambda: state.ledger.foreign_to(account)))


SIDES = frozenset({"", "ALL", "BID", "ASK", "DEP", "WID"})
EVERY_SIDE = frozenset({"", "ALL"})
_CODE = re.compile(r"[A-Z0-9]{6,12}")


def answer_transactions(request: Request, state: State, fault: FaultKind) -> Reply:
    """Answer one page of a range of dates."""
    dialect = state.dialect(request.broker)
    question = read_transactions_question(request.message(), body_block="transactionHistoryRequestBody")
    account = find_account(request, question, state)
    if (recorded := recorded_answer(account, "transaction", request.message(), question)) is not None:
        return recorded
    _check(question, request.broker)
    view = _view(account, question, dialect)
    answer = Balance(
        service=Service.TRANSACTIONS,
        question=question,
        asset_class=AssetClass.ALL,
        account=view,
        platform_id=state.platform_id(),
        rows=(),
        total=len(view.entries),
        next_page=None,
        request_id=question.request_id,
    )
    if (question.until - question.since).days + 1 > state.max_days(request.broker):
        return _too_long(answer, dialect, state.max_days(request.broker))
    query = f"{question.since}|{question.until}|{question.isin}|{question.side}"
    rows, next_page = cut(
        view,
        AssetClass.ALL,
        fault.read(question).paged,
        page_size=dialect.history_page_size,
        query=query,
    )
    answer = evolve(answer, rows=rows, next_page=next_page)
    foreign = state.ledger.foreign_to
    return dialect.reply(fault.alter(answer, lambda: _view(foreign(account), question, dialect)))


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


def _view(account: Account, question: TransactionsQuestion, dialect: Dialect) -> AccountView:
    movements = [
        movement
        for movement in account.movements
        if question.since <= movement.day <= question.until
        and question.isin in {"", movement.code}
        and (question.side in EVERY_SIDE or question.side == movement.kind)
    ]
    return account.view(reversed(movements) if dialect.newest_first else movements)


WITHOUT_PAGES = 1_000_000


def answer_watchlist(request: Request, state: State, fault: FaultKind) -> Reply:
    """Answer the groups of one account: in pages where a query was sent, all at once where none was."""
    dialect = state.dialect(request.broker)
    question = read_watchlist_question(request.message(), body_block="interestSymbolListRequestBody")
    account = find_account(request, question, state)
    if (recorded := recorded_answer(account, "interest", request.message(), question)) is not None:
        return recorded
    if question.has_query and not dialect.supports_interest_query:
        raise refused("6004", broker=request.broker, suffix=" (queryType)")
    view = account.view(account.watchlist)
    rows, next_page = cut(
        view,
        AssetClass.ALL,
        fault.read(question).paged,
        page_size=dialect.page_size if question.has_query else WITHOUT_PAGES,
        query="watchlist",
    )
    answer = Balance(
        service=Service.WATCHLIST,
        question=question,
        asset_class=AssetClass.ALL,
        account=view,
        platform_id=state.platform_id(),
        rows=rows,
        total=len(view.entries),
        next_page=next_page,
        request_id=question.request_id,
    )

    foreign = state.ledger.foreign_to
    return dialect.reply(fault.alter(answer, lambda: (other := foreign(account)).view(other.watchlist)))
