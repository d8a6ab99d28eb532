"""How four brokers write the discretionary service's rows and answers; the documents' own shape in `FirmDialect`."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from attrs import frozen

from koscom_async.sandbox.firm.question import FirmQuestion
from koscom_async.sandbox.firm.records import (
    SELL,
    Cost,
    DiscretionaryAccount,
    Entry,
    Execution,
    Order,
    Paper,
    Security,
)
from koscom_async.sandbox.reply import Literal, java_double, plain, scientific_text

OK = "200"

Wire = dict[str, Any]


@frozen
class Names:
    """An endpoint's blocks: of the answer, the list's container, and the list."""

    body: str
    container: str
    rows: str


@frozen(kw_only=True)
class FirmAnswer:
    """An answer before a broker spells it; it bends to the same faults as a balance of the account service."""

    question: FirmQuestion
    names: Names
    account: Any
    asset_class: str
    platform_id: str
    rows: tuple[Any, ...]
    total: int
    next_page: str | None
    request_id: str
    code: str = OK
    message: str = "OK"


class FirmDialect:
    """A broker that writes as the documents do; the subclasses say what is different."""

    broker: ClassVar[str] = ""
    page_size: ClassVar[int] = 100
    end_of_pages: ClassVar[object] = "null"
    loan_name: ClassVar[str] = "totLoanAmt"
    days: ClassVar[tuple[tuple[str, int], ...]] = (("-D0", 0), ("-D1", 1), ("", 2))
    """The views of the cash: what follows the currency's code, and after how many days."""

    def number(self, number: Decimal) -> Literal | str:
        """Spell an amount, a quantity or a rate."""
        return plain(number)

    def text(self, text: str) -> str:
        """Spell a text."""
        return text

    def account_number(self, number: str) -> str:
        """Spell an account's number."""
        return number

    def absent(self) -> Any:
        """Spell what there is not."""
        return None

    def listed(self, rows: Sequence[Any]) -> Any:
        """Spell a list."""
        return list(rows)

    def document(self, answer: FirmAnswer, rows: Sequence[Wire]) -> Wire:
        """Return the whole answer in the documents' order of blocks."""
        page = self.end_of_pages if answer.next_page is None else answer.next_page
        echo = answer.question.echo
        if "qrAccNo" in echo:
            echo = {**echo, "qrAccNo": self.account_number(answer.account.number)}
        document: Wire = {
            "commonHeader": {
                "reqIdPlatform": answer.platform_id,
                "reqIdConsumer": self.text(answer.request_id),
                "certDn": None,
                "ci": None,
            },
            "resp": {"respCode": answer.code, "respMsg": answer.message},
            answer.names.body: {
                "queryParameter": echo,
                "queryResult": {"totalCnt": answer.total, "count": len(answer.rows), "page": page},
            },
        }
        if answer.code == OK:
            document[answer.names.container] = {answer.names.rows: self.listed(rows)}
        return document

    def contract(self, account: DiscretionaryAccount) -> Wire:
        """Spell one line of the list of accounts."""
        return {
            "accNo": account.number,
            "accName": account.holder,
            "virtualAccNo": account.virtual_number,
            "contractStatus": account.contract_status,
        }

    def balance(self, account: DiscretionaryAccount, securities: Sequence[Security]) -> Wire:
        """Spell an account's cash and some of its securities."""
        return {
            "accInfo": {
                "accNo": self.account_number(account.number),
                "accName": self.text(account.holder),
            },
            "cashBalInfo": self.listed(
                [
                    self.cash(account, currency, suffix, days)
                    for currency in account.currencies
                    for suffix, days in self.days
                ]
            ),
            "securitiesBalInfo": self.listed([self.security(security) for security in securities]),
        }

    def cash(self, account: DiscretionaryAccount, currency: str, suffix: str, days: int) -> Wire:
        """Spell one view of the cash in one currency."""
        cash = account.cash(currency, days=days)
        return {
            "cashBalance": self.number(cash),
            "margin": self.number(Decimal(0)),
            "substitute": self.number(Decimal(0)),
            "receivable": self.number(Decimal(0)),
            "totCreditAmt": self.number(Decimal(0)),
            self.loan_name: self.number(Decimal(0)),
            "valAtCur": self.number(cash),
            "crcyCode": f"{currency}{suffix}",
            "cashAvWithdraw": self.number(account.cash(currency, days=0)),
        }

    def security(self, security: Security) -> Wire:
        """Spell one security."""
        profit = security.value - security.cost
        rate = (profit / security.cost).quantize(Decimal("0.01")) if security.cost else Decimal(0)
        return {
            "assetType": security.paper.product,
            **self.where(security.paper),
            "loanCreditType": self.absent(),
            "loanCreditAmt": self.number(Decimal(0)),
            "qty": self.number(security.quantity),
            "valAtTrade": self.number(security.cost),
            "valAtCur": self.number(security.value),
            "proLoss": self.number(profit),
            "earningRate": self.number(rate),
            "lastBuyDate": _day(security.last_bought),
            "maturity": self.absent(),
            "foreignDeposit": self.number(Decimal(0)),
            "wonDeposit": self.number(Decimal(0)),
            "currencyRate": self.number(security.paper.rate),
            "isinInfo": self.codes(security.paper),
        }

    def where(self, paper: Paper) -> Wire:
        """Spell exchange and currency, which only foreign instruments have."""
        is_foreign = paper.currency != "KRW"
        return {
            "exchange": paper.exchange or self.absent(),
            "crcyCode": paper.currency if is_foreign else self.absent(),
        }

    def codes(self, paper: Paper) -> Any:
        """Spell every code of an instrument."""
        return self.listed(
            [
                {"isinType": kind, "isinCode": code, "isinName": self.text(paper.name)}
                for kind, code in paper.codes
            ]
        )

    def order(self, account: DiscretionaryAccount, order: Order) -> Wire:
        """Spell an order with its executions."""
        return {
            **self.whose(account),
            "modifyType": "1" if order.original and not order.is_cancellation else "0",
            "cancelType": "1" if order.is_cancellation else "0",
            "orderNo": order.number,
            "orgOrderNo": order.original or self.absent(),
            "sellBuyType": order.side,
            "orderType": order.kind,
            **self.where(order.paper),
            "orderQty": self.number(order.quantity),
            "orderPrice": self.number(order.price),
            "execSumQty": self.number(order.executed),
            "orderExecType": order.state or ("체결" if order.executions else "거부"),
            "cmsnType": self.absent(),
            "settDays": self.number(Decimal(2)),
            "buyQtyUnit": self.number(Decimal(1)),
            "sellQtyUnit": self.number(Decimal(1)),
            "orderTime": _time(order.placed_at),
            "orderRejectReason": self.absent()
            if order.state or order.executions
            else order.reason or "증거금 부족",
            "isinInfo": self.codes(order.paper),
            "execList": self.listed([self.execution(each) for each in order.executions]),
        }

    def execution(self, execution: Execution) -> Wire:
        """Spell one execution."""
        return {
            "execQty": self.number(execution.quantity),
            "execPrice": self.number(execution.price),
            "execNo": self.number(Decimal(execution.number)),
            "execTime": _time(execution.at),
        }

    def settlement(self, account: DiscretionaryAccount, order: Order) -> Wire:
        """Spell what is to be settled for an order."""
        return {
            **self.whose(account),
            "sellBuyType": order.side,
            **self.where(order.paper),
            "settQty": self.number(order.executed),
            "settAmt": self.number(order.amount),
            "tradeType": "현금매도" if order.side == SELL else "현금매수",
            "loanCreditDate": self.absent(),
            "loanCreditAmt": self.number(Decimal(0)),
            "settDate": _day(order.settles_on),
            "costTotal": self.number(order.cost_total),
            "isinInfo": self.codes(order.paper),
            "costInfo": self.costs(order.costs),
        }

    def entry(self, account: DiscretionaryAccount, entry: Entry) -> Wire:
        """Spell one line of the trade book."""
        order = entry.order
        where = self.where(order.paper) if order else {"exchange": self.absent(), "crcyCode": entry.currency}
        return {
            "isinInfo": self.codes(order.paper) if order else self.listed([]),
            "costInfo": self.costs(order.costs if order else ()),
            **self.whose(account),
            "transDate": _day(entry.day),
            "transType": entry.kind,
            "changeAmt": self.number(entry.amount),
            "changeQty": self.number(order.quantity_change if order else Decimal(0)),
            "qty": self.number(entry.quantity),
            "amt": self.number(entry.cash),
            **where,
            "subject": "위탁자",
            "summary": "매매" if order else "이체입금",
        }

    def costs(self, costs: Sequence[Cost]) -> Any:
        """Spell costs."""
        return self.listed([{"costName": each.name, "cost": self.number(each.amount)} for each in costs])

    def whose(self, account: DiscretionaryAccount) -> Wire:
        """Spell whose row it is."""
        return {"accNo": self.account_number(account.number), "accName": self.text(account.holder)}


def _day(day: date) -> str:
    return f"{day:%Y%m%d}"


def _time(moment: datetime) -> str:
    return f"{moment:%Y%m%d%H%M%S}{moment.microsecond // 10_000:02d}"


class _Diamond(FirmDialect):
    """As the documents, in Java's doubles, and its pages end with the word."""

    broker = "diamond"
    page_size = 3

    def number(self, number: Decimal) -> Literal | str:
        return java_double(number)


class _Cyber(FirmDialect):
    """Two rows a page, which end with null; the text of the manual's table has the letter O."""

    broker = "cyber"
    page_size = 2
    end_of_pages = None
    days = (("-DO", 0), ("-D1", 1), ("", 2))

    def account_number(self, number: str) -> str:
        return f"{number[:3]}-{number[3:5]}-{number[5:]}"


class _Star(FirmDialect):
    """Text for every number, padded texts, a single object for one row, and each absent thing in another way."""

    broker = "star"
    page_size = 2
    loan_name = "totlLoanAmt"

    def number(self, number: Decimal) -> Literal | str:
        return scientific_text(number)

    def text(self, text: str) -> str:
        return f" {text} "

    def absent(self) -> Any:
        return "null"

    def listed(self, rows: Sequence[Any]) -> Any:
        return rows[0] if len(rows) == 1 else list(rows) or None


class _Comet(FirmDialect):
    """A broker that no registry lists, which tells of the cash on settlement basis only, and of absent as nothing."""

    broker = "comet"
    days = (("-D0", 0),)

    def absent(self) -> Any:
        return ""


FIRM_DIALECTS: dict[str, FirmDialect] = {
    dialect.broker: dialect for dialect in (_Diamond(), _Cyber(), _Star(), _Comet())
}
