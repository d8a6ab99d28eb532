"""The discretionary service (일임매매): its five endpoints as a table, and the one way to answer them all."""

from collections.abc import Callable, Iterable, Sequence
from datetime import time
from typing import Any, cast

from attrs import frozen

from koscom_async.sandbox.dialects import Balance
from koscom_async.sandbox.documents import example_answer
from koscom_async.sandbox.endpoints.endpoint import Request, cut
from koscom_async.sandbox.fault_kinds import FaultKind
from koscom_async.sandbox.firm.question import FirmQuestion, read_question
from koscom_async.sandbox.firm.records import DiscretionaryAccount, Order, Paper
from koscom_async.sandbox.firm.spelling import FIRM_DIALECTS, FirmAnswer, FirmDialect, Names, Wire
from koscom_async.sandbox.ledger import Account, AssetClass
from koscom_async.sandbox.question import AccountQuestion
from koscom_async.sandbox.reply import Reply, json_reply, refused
from koscom_async.sandbox.state import State

CLOSES, OPENS = time(8, 30), time(16)

Rows = Callable[[DiscretionaryAccount, FirmQuestion], Iterable[Any]]
Spell = Callable[[FirmDialect, DiscretionaryAccount, Sequence[Any]], Sequence[Wire]]


@frozen
class _FirmRows:
    """Some rows of an account, which pages are cut from."""

    broker: str
    number: str
    rows: tuple[Any, ...]
    source: DiscretionaryAccount | None = None
    again: Callable[[DiscretionaryAccount], tuple[Any, ...]] | None = None

    def rows_of(self, asset_class: object) -> tuple[Any, ...]:
        """Return the rows, which are of one query already."""
        del asset_class
        return self.rows


@frozen(kw_only=True)
class FirmEndpoint:
    """One endpoint: which fields its question has, which rows it is about, and how they are spelled."""

    name: str
    body_block: str
    names: Names
    fields: tuple[str, ...] = ()
    rows: Rows
    spell: Spell
    keeps_hours: bool = False

    def __call__(self, request: Request, state: State, fault: FaultKind) -> Reply:
        """Answer one page."""
        dialect = FIRM_DIALECTS.get(request.broker)
        if dialect is None:
            raise refused("3002", description=request.broker)
        message = request.message()
        recorded = example_answer(self.name, message.values)
        if recorded is not None:
            return Reply(body=recorded)
        question = read_question(
            message, broker=request.broker, body_block=self.body_block, fields=self.fields
        )
        self._check_hours(request.broker, state)
        asked = self._rows_asked_for(request.broker, question, state)
        question = cast("FirmQuestion", fault.read(cast("AccountQuestion", question)))
        key = cast("AssetClass", f"{self.name} {question.asset_class} {question.side} {question.day}")
        rows, next_page = cut(cast("Account", asked), key, question.paged, page_size=dialect.page_size)
        answer = FirmAnswer(
            question=question,
            names=self.names,
            account=asked,
            asset_class=question.asset_class,
            platform_id=state.platform_id(),
            rows=rows,
            total=len(asked.rows),
            next_page=next_page,
            request_id=question.request_id,
        )
        # A page is a page: the faults bend rows, totals, keys and whose they are, which both kinds have.
        bent = fault.alter(cast("Balance", answer), lambda: cast("Account", _foreign(asked, state)))
        answer = cast("FirmAnswer", bent)
        spelled = self.spell(dialect, answer.account.source, answer.rows)
        return json_reply(dialect.document(answer, spelled))

    def _check_hours(self, broker: str, state: State) -> None:
        if not self.keeps_hours or state.now is None:
            return
        if CLOSES <= state.now().time() < OPENS:
            raise refused("7000", broker=broker, description="before 08:30 or after 16:00 only")

    def _rows_asked_for(self, broker: str, question: FirmQuestion, state: State) -> _FirmRows:
        listed = tuple(each for each in state.desk.accounts if each.broker == broker)
        if "qrAccNo" not in self.fields:
            return _FirmRows(broker=broker, number="", rows=listed)
        number = question.account.replace("-", "")
        account = next((each for each in listed if each.number == number), None)
        if account is None:
            raise refused("4001", broker=broker)

        def rows(of: DiscretionaryAccount) -> tuple[Any, ...]:
            return tuple(self.rows(of, question))

        return _FirmRows(broker=broker, number=account.number, rows=rows(account), source=account, again=rows)


def _foreign(asked: _FirmRows, state: State) -> _FirmRows:
    """Return another account's rows; where there is none, the same rows under another number."""
    others = [
        each for each in state.desk.accounts if each.broker == asked.broker and each.number != asked.number
    ]
    if not others or asked.again is None:
        return _FirmRows(broker=asked.broker, number="0000000000000", rows=asked.rows, source=asked.source)
    other = others[0]
    return _FirmRows(
        broker=asked.broker, number=other.number, rows=asked.again(other), source=other, again=asked.again
    )


def _is_asked(paper: Paper, question: FirmQuestion) -> bool:
    codes = [code for _, code in paper.codes]
    return paper.asset_class == question.asset_class and (question.isin is None or question.isin in codes)


def _orders(orders: Iterable[Order], question: FirmQuestion) -> Iterable[Order]:
    for order in orders:
        if not _is_asked(order.paper, question) or question.side not in {"0", order.side}:
            continue
        if question.order_number in {None, order.number}:
            yield order


def _contracts(_: DiscretionaryAccount, __: FirmQuestion) -> Iterable[Any]:
    return ()


def _securities(account: DiscretionaryAccount, question: FirmQuestion) -> Iterable[Any]:
    return (each for each in account.securities if _is_asked(each.paper, question))


def _ordered(account: DiscretionaryAccount, question: FirmQuestion) -> Iterable[Any]:
    day = question.day or account.today
    return (order for order in _orders(account.orders, question) if order.day == day)


def _unsettled(account: DiscretionaryAccount, question: FirmQuestion) -> Iterable[Any]:
    return (each for each in _orders(account.unsettled, question) if question.day in {None, each.day})


def _book(account: DiscretionaryAccount, question: FirmQuestion) -> Iterable[Any]:
    since, until = question.since or account.today, question.until or account.today
    return (entry for entry in account.book if since <= entry.day <= until)


_PAGED = ("count", "page")
_ORDER = ("qrAssetType", "qrSellBuyType", "qrAccNo", "qrOrderDate", "qrIsinCode", *_PAGED)

FIRM_ENDPOINTS: tuple[FirmEndpoint, ...] = (
    FirmEndpoint(
        name="accountlist",
        body_block="accountListRequestBody",
        names=Names("accountListResponseBody", "accountList", "account"),
        fields=_PAGED,
        rows=_contracts,
        spell=lambda dialect, _, rows: [dialect.contract(each) for each in rows],
    ),
    FirmEndpoint(
        name="balancelist",
        body_block="balanceListRequestBody",
        names=Names("balanceListResponseBody", "balanceList", "balance"),
        fields=("qrAccNo", "qrAssetType", *_PAGED),
        rows=_securities,
        spell=lambda dialect, account, rows: [dialect.balance(account, rows)],
        keeps_hours=True,
    ),
    FirmEndpoint(
        name="orderdetail",
        body_block="orderDetailListRequestBody",
        names=Names("orderDetailListResponseBody", "orderDetailList", "orderDetail"),
        fields=(*_ORDER, "qrOrderNo"),
        rows=_ordered,
        spell=lambda dialect, account, rows: [dialect.order(account, each) for each in rows],
    ),
    FirmEndpoint(
        name="settlelist",
        body_block="settleListRequestBody",
        names=Names("settleListResponseBody", "settleList", "settleInfo"),
        fields=_ORDER,
        rows=_unsettled,
        spell=lambda dialect, account, rows: [dialect.settlement(account, each) for each in rows],
        keeps_hours=True,
    ),
    FirmEndpoint(
        name="tradebook",
        body_block="tradeBookListRequestBody",
        names=Names("tradeBookListResponseBody", "tradeBookList", "tradeBook"),
        fields=("qrAccNo", "qrFromDate", "qrToDate", *_PAGED),
        rows=_book,
        spell=lambda dialect, account, rows: [dialect.entry(account, each) for each in rows],
    ),
)
