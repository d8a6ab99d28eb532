"""Made-up holdings, for what is drawn from records: one merged answer, small enough to be checked by eye."""

from datetime import datetime, timedelta
from decimal import Decimal

from koscom_async import (
    AccountOutcome,
    Balance,
    BalanceSummary,
    Broker,
    BrokerUnavailableError,
    EquityRow,
    FundRow,
    OtherRow,
    Product,
    Trace,
    VirtualAccount,
)
from koscom_async._clock import KST
from koscom_async._merge import merge
from koscom_async.brokers import find_broker

NOW = datetime(2024, 5, 2, 9, 30, tzinfo=KST)
NUMBERS = {
    "cyber": "160613251214500099",
    "diamond": "160635473367600099",
    "star": "160646584478700099",
}


def account(broker="diamond", *, alias=None, number=None):
    known = find_broker(short_name=broker) if isinstance(broker, str) else broker
    return VirtualAccount(broker=known, number=number or NUMBERS[known.short_name], alias=alias)


def stranger(name):
    """A broker that the registry does not know, as the network names it."""
    return Broker(code="00777", short_name=name, name=name, name_ko="")


def summary(cash=1000, **others):
    amounts = {"cash": cash, "loan": 0, "receivable": 0} | others
    return BalanceSummary(**{name: None if each is None else Decimal(each) for name, each in amounts.items()})


def equity(name="동화약품", code="KR7000020008", *, quantity=19, cost=181519, value=201400, **others):
    return EquityRow(
        product=others.pop("product", Product.KOSPI),
        code=code,
        name=name,
        quantity=Decimal(quantity),
        cost=None if cost is None else Decimal(cost),
        value=Decimal(value),
        **others,
    )


def fund(name="삼성중소형FOCUS증권자1호[주식]", code="KRZ500395135", *, cost=0, value=72329965):
    return FundRow(code=code, name=name, cost=Decimal(cost), value=Decimal(value), profit_loss=Decimal(value))


def bond(name="국민주택1종11-07", *, quantity=5000000, cost=4719000, value=5792000):
    return OtherRow(
        product=Product.BOND,
        name=name,
        quantity=Decimal(quantity),
        cost=Decimal(cost),
        value=Decimal(value),
    )


def read(which, *, equities=(), funds=(), others=(), said=None, notes=()):
    balance = Balance(
        account=which,
        summary=said or summary(),
        equities=tuple(equities),
        funds=tuple(funds),
        others=tuple(others),
        notes=tuple(notes),
    )
    return AccountOutcome(account=which, balance=balance, as_of=NOW, trace=Trace(calls=1, seconds=0.25))


def unread(which, error=None):
    error = error or BrokerUnavailableError(
        "broker server cannot serve", code="3600", attempts=4, advice="the broker is down: ask again later"
    )
    return AccountOutcome(account=which, error=error, as_of=NOW, trace=Trace(calls=4, seconds=1.5))


def holdings(*outcomes, as_of=NOW):
    return merge(outcomes, as_of=as_of)


def foreign(value):
    return equity("Apple", "US0378331005", quantity=10, cost="1500.25", value=value, currency="USD")


def yesterday():
    """Three accounts that could be read."""
    return holdings(
        read(
            account("diamond"),
            equities=[
                equity(),
                equity("삼성전자", "KR7005930003", quantity=200, cost=13760000, value=14280000),
                equity("카카오", "KR7035720002", quantity=30, cost=1500000, value=1290000),
            ],
            others=[bond()],
            said=summary(6976542),
        ),
        read(
            account("cyber"),
            equities=[
                equity("NAVER", "KR7035420009", quantity=7, cost=1449000, value=1386000),
                foreign("1912.4"),
            ],
            funds=[fund()],
        ),
        read(account("star"), others=[bond(quantity=10)]),
        as_of=NOW - timedelta(days=1),
    )


def today():
    """The same, a day later: one account cannot be read, and in the others something of each kind happened."""
    return holdings(
        read(
            account("diamond"),
            equities=[
                equity(value=190000),
                equity("삼성전자", "KR7005930003", quantity=150, cost=10320000, value=10830000),
                equity("SK하이닉스", "KR7000660001", quantity=12, cost=1560000, value=1692000),
            ],
            others=[bond()],
            said=summary(9876542),
        ),
        read(
            account("cyber"),
            equities=[
                equity("NAVER", "KR7035420009", quantity=9, cost=1863000, value=1800000),
                foreign("1950.1"),
            ],
            funds=[fund(cost=1)],
        ),
        unread(account("star")),
    )
