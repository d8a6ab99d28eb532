"""Accounts as the services hand them to the merge, in few words."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

from koscom_async import (
    AccountOutcome,
    Balance,
    BalanceRow,
    BalanceSummary,
    Broker,
    EquityRow,
    FundRow,
    Holdings,
    KoscomError,
    OtherRow,
    Position,
    Product,
    TradeType,
    VirtualAccount,
)
from koscom_async._merge import merge

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=timezone(timedelta(hours=9), "KST"))

DIAMOND = Broker("00992", "diamond", "Diamond (virtual)", "다이아몬드 증권", supports_all=True)
CYBER = Broker("00991", "cyber", "Cyber (virtual)", "사이버 증권", supports_all=False)
STAR = Broker("00993", "star", "Star (virtual)", "스타 증권", supports_all=False)

Amount = Decimal | int | str | None


def amount(value: Amount) -> Decimal | None:
    return None if value is None else Decimal(value)


def account(broker: Broker = STAR, number: str = "160646584478700099") -> VirtualAccount:
    return VirtualAccount(broker=broker, number=number, alias=broker.short_name)


def share(
    code: str | None = "KR7005930003",
    quantity: Amount = 10,
    cost: Amount = 100,
    value: Amount = 120,
    *,
    product: str | None = "KSP",
    trade_type: str = "NRM",
    name: str | None = None,
    currency: str = "KRW",
    profit_loss: Amount = None,
    return_rate: Amount = None,
    rate: Amount = None,
    loan: Amount = None,
) -> EquityRow:
    return EquityRow(
        code=code,
        quantity=amount(quantity),
        cost=amount(cost),
        value=amount(value),
        product=None if product is None else Product(product),
        trade_type=TradeType(trade_type),
        name=name,
        currency=currency,
        profit_loss=amount(profit_loss),
        return_rate=amount(return_rate),
        rate=amount(rate),
        loan=amount(loan),
    )


def fund(
    code: str | None,
    name: str,
    value: Amount,
    cost: Amount = 0,
    *,
    profit_loss: Amount = None,
    return_rate: Amount = None,
) -> FundRow:
    return FundRow(
        code=code,
        name=name,
        cost=amount(cost),
        value=amount(value),
        profit_loss=amount(profit_loss),
        return_rate=amount(return_rate),
    )


def bond(
    name: str | None, quantity: Amount, cost: Amount, value: Amount, *, product: str | None = "BOND"
) -> OtherRow:
    return OtherRow(
        name=name,
        quantity=amount(quantity),
        cost=amount(cost),
        value=amount(value),
        product=None if product is None else Product(product),
        trade_type=TradeType.TOTAL,
    )


def summary(
    cash: Amount = 0,
    *,
    d1: Amount = None,
    d2: Amount = None,
    loan: Amount = 0,
    receivable: Amount = 0,
    cost: Amount = None,
    value: Amount = None,
    total: Amount = None,
    withdrawable: Amount = None,
) -> BalanceSummary:
    return BalanceSummary(
        cash=amount(cash),
        cash_d1=amount(d1),
        cash_d2=amount(d2),
        loan=amount(loan),
        receivable=amount(receivable),
        cost=amount(cost),
        value=amount(value),
        total_value=amount(total),
        withdrawable=amount(withdrawable),
    )


def balance_of(
    who: VirtualAccount, *rows: BalanceRow, summed: BalanceSummary | None = None, is_summed: bool = True
) -> Balance:
    return Balance(
        account=who,
        summary=(summed or summary()) if is_summed else None,
        equities=tuple(row for row in rows if isinstance(row, EquityRow)),
        funds=tuple(row for row in rows if isinstance(row, FundRow)),
        others=tuple(row for row in rows if isinstance(row, OtherRow)),
    )


def read(
    who: VirtualAccount, *rows: BalanceRow, summed: BalanceSummary | None = None, is_summed: bool = True
) -> AccountOutcome:
    """The outcome of an account that was read."""
    return AccountOutcome(
        account=who, balance=balance_of(who, *rows, summed=summed, is_summed=is_summed), as_of=NOW
    )


def failed(who: VirtualAccount, error: KoscomError) -> AccountOutcome:
    """The outcome of an account that could not be read."""
    return AccountOutcome(account=who, error=error, as_of=NOW)


def merged(*outcomes: AccountOutcome) -> Holdings:
    return merge(outcomes, as_of=NOW)


def held(*rows: BalanceRow) -> Holdings:
    """One account with these rows and no cash."""
    return merged(read(account(), *rows))


def only(holdings: Holdings) -> Position:
    """The one position that there is."""
    (position,) = holdings.positions
    return position


def mixed(*more):
    """Holdings of a share at two brokers, one of which also has a fund without a cost, and dollars; and of `more`."""
    return merged(
        read(
            account(DIAMOND),
            share(value="120.5"),
            fund("KRZ1", "삼성", 72329965),
            summed=summary(1000, d1=900),
        ),
        read(
            account(CYBER),
            share(quantity="0.25", cost=None),
            share("US0378331005", currency="USD", value="1.25"),
        ),
        *more,
    )
