"""What a contract account holds (일임 계좌잔고): cash by currency and day, and securities; the merge's view of both."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache

from attrs import field, frozen

from koscom_async._decimals import exactly, owed
from koscom_async._record import Record
from koscom_async.models._fields import NOT_ON_THE_WIRE, raw_field
from koscom_async.models.account import (
    WON,
    Balance,
    BalanceRow,
    BalanceSummary,
    EquityRow,
    ForeignCash,
    FundRow,
    OtherRow,
)
from koscom_async.models.codes import (
    AssetClass,
    InstrumentCode,
    Product,
    TradeType,
    best_first,
    identifies,
    main_code,
    main_name,
)
from koscom_async.models.currencies import LONGEST_CODE, currency_of, units_by_deposits
from koscom_async.models.member import VirtualAccount

__all__ = ["DiscretionaryBalance", "DiscretionaryCash", "DiscretionaryRow"]

# The text of the manual writes the first suffix with the letter O.
_CASH_CODE = re.compile(r"(.+?)(?:-D([012O]))?", re.IGNORECASE)
_CURRENCY = re.compile(r"[A-Z]{3}", re.IGNORECASE)
_DAYS = {"": 2, "0": 0, "O": 0, "1": 1, "2": 2}


@frozen(kw_only=True, eq=False, repr=False)
class DiscretionaryCash(Record):
    """One row of cash (예수금): a currency's money as it stands after some of its settlements.

    `KRW-D0`, `KRW-D1` and `KRW` are three views of one amount; never add them.
    """

    code: str | None = None
    """통화코드 (`crcyCode`): currency and suffix, as sent; absent means KRW"""
    balance: Decimal | None = None
    """현금잔고 (`cashBalance`)"""
    margin: Decimal | None = None
    """증거금 (`margin`)"""
    substitute: Decimal | None = None
    """대용금 (`substitute`)"""
    receivable: Decimal | None = None
    """미수미납금 (`receivable`)"""
    credit: Decimal | None = None
    """`totCreditAmt`: total credit by its name, 총대출금 (total loans) in the manual's table"""
    loan: Decimal | None = None
    """`totLoanAmt`: total loans by its name, 총신용금액 (total credit) in the manual's table"""
    value: Decimal | None = None
    """평가금액 (`valAtCur`)"""
    withdrawable: Decimal | None = None
    """출금가능현금 (`cashAvWithdraw`)"""
    raw: Mapping[str, object] = raw_field()

    @property
    def currency(self) -> str:
        """The currency without its suffix; a code of another form stands for itself."""
        return WON if self.code is None else _currency_and_days(self.code)[0]

    @property
    def settled_in_days(self) -> int | None:
        """How many days' settlements it counts: 0, 1 or 2; `None` where the broker sent no code."""
        return None if self.code is None else _currency_and_days(self.code)[1]

    @property
    def owed(self) -> Decimal | None:
        """Credit and loans together: the manual confuses the two, but not their sum."""
        with exactly():
            return owed(self.credit, self.loan)


def _currency_and_days(code: str) -> tuple[str, int | None]:
    return _cut_code(code) if len(code) <= LONGEST_CODE else (code, None)


@lru_cache(maxsize=256)
def _cut_code(code: str) -> tuple[str, int | None]:
    match = _CASH_CODE.fullmatch(code)
    currency = currency_of(match[1]) if match else ""
    if match and _CURRENCY.fullmatch(currency):
        return currency, _DAYS[(match[2] or "").upper()]
    return code.upper(), None


@frozen(kw_only=True, eq=False, repr=False)
class DiscretionaryRow(Record):
    """One security of a contract account; amounts are in `currency`."""

    asset_class: AssetClass = field(metadata=NOT_ON_THE_WIRE)
    """자산유형, as it was asked for (`qrAssetType`)"""
    product: Product | None = None
    """상품구분 (`assetType`)"""
    exchange: str | None = None
    """거래소명 (`exchange`), of exchanges other than KRX"""
    currency: str = WON
    """통화코드 (`crcyCode`); absent means KRW"""
    loan_type: str | None = None
    """신용/대출구분 (`loanCreditType`), the broker's word"""
    loan: Decimal | None = None
    """신용/대출금 (`loanCreditAmt`)"""
    quantity: Decimal | None = None
    """잔고수량 (`qty`)"""
    cost: Decimal | None = None
    """매수금액 (`valAtTrade`)"""
    value: Decimal | None = None
    """평가금액 (`valAtCur`)"""
    profit_loss: Decimal | None = None
    """평가손익 (`proLoss`), as reported"""
    return_rate: Decimal | None = None
    """수익률 (`earningRate`), as reported: a fraction in the manual's example, not a percent"""
    last_bought_on: date | None = None
    """최종매수일 (`lastBuyDate`), KST"""
    matures_on: date | None = None
    """만기일 (`maturity`), KST"""
    foreign_deposit: Decimal | None = None
    """외화예수금 (`foreignDeposit`)"""
    won_deposit: Decimal | None = None
    """원화예수금 (`wonDeposit`)"""
    rate: Decimal | None = None
    """기준환율 (`currencyRate`): won for one unit of `currency` or for 100; brokers send 0 for none"""
    codes: tuple[InstrumentCode, ...] = ()
    """종목코드 (`isinInfo`): every code of this one instrument"""
    raw: Mapping[str, object] = raw_field()

    @property
    def code(self) -> str | None:
        """The code that identifies best: the standard code, else a fund code, else another; or `None`."""
        return main_code(self.codes, self.asset_class)

    @property
    def name(self) -> str | None:
        """The instrument's name."""
        return main_name(self.codes)

    @property
    def trade_type(self) -> TradeType | None:
        """How it is held, as far as the broker's word for it is clear: 대출 is a loan, 신용 and 융자 are margin."""
        word = self.loan_type or ""
        if "대출" in word:
            return TradeType.LOAN
        return TradeType.MARGIN if "융자" in word or "신용" in word else None


_ROWS: Mapping[AssetClass, type[BalanceRow]] = {
    AssetClass.EQUITY: EquityRow,
    AssetClass.FUND: FundRow,
    AssetClass.OTHER: OtherRow,
}


@frozen(kw_only=True, eq=False, repr=False)
class DiscretionaryBalance(Record):
    """One contract account: every page of every asset class. `notes` say what was tolerated on the way."""

    account: VirtualAccount
    cash: tuple[DiscretionaryCash, ...] = ()
    securities: tuple[DiscretionaryRow, ...] = ()
    notes: tuple[str, ...] = ()

    def as_balance(self) -> Balance:
        """Return the balance as holdings are made of it: three views of each currency's cash, rows by class."""
        rows = [_row(row) for row in self.securities]
        by_currency: dict[str, list[DiscretionaryCash]] = {}
        for cash in self.cash:
            by_currency.setdefault(cash.currency, []).append(cash)
        won = by_currency.pop(WON, None)
        return Balance(
            account=self.account,
            summary=_summary(won) if won else None,
            equities=tuple(row for row in rows if isinstance(row, EquityRow)),
            funds=tuple(row for row in rows if isinstance(row, FundRow)),
            others=tuple(row for row in rows if isinstance(row, OtherRow)),
            foreign_cash=tuple(_foreign(code, rows_) for code, rows_ in sorted(by_currency.items())),
            notes=self.notes,
        )


def _row(row: DiscretionaryRow) -> BalanceRow:
    codes = best_first(row.codes, row.asset_class)
    code = next((each for each in codes[:1] if identifies(each, row.asset_class)), InstrumentCode())
    others = [each for each in codes if each is not code]
    dates = (
        {"last_bought_on": row.last_bought_on, "matures_on": row.matures_on}
        if row.asset_class is AssetClass.FUND
        else {}
    )
    return _ROWS.get(row.asset_class, OtherRow)(
        product=row.product,
        code=code.code,
        other_codes=tuple(each.code for each in others if each.code is not None),
        code_kinds=tuple(each.kind for each in (code, *others)) if codes else (),
        name=row.name,
        quantity=row.quantity,
        trade_type=row.trade_type,
        cost=row.cost,
        value=row.value,
        profit_loss=row.profit_loss,
        return_rate=row.return_rate,
        currency=row.currency,
        rate=row.rate,
        rate_units=units_by_deposits(row.rate, row.foreign_deposit, row.won_deposit),
        loan=row.loan,
        raw=row.raw,
        **dates,
    )


def _views(rows: list[DiscretionaryCash]) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Return what is settled today, tomorrow and after all. A currency with one row and no day in its code is both."""
    by_day = {row.settled_in_days: row.balance for row in rows}
    settled = rows[0].balance if by_day.keys() == {2} else by_day.get(0, by_day.get(None))
    return settled, by_day.get(1), by_day.get(2)


def _first(amounts: Iterable[Decimal | None]) -> Decimal | None:
    return next((amount for amount in amounts if amount is not None), None)


def _by_day(rows: list[DiscretionaryCash]) -> list[DiscretionaryCash]:
    return sorted(rows, key=lambda row: row.settled_in_days or 0)


def _summary(rows: list[DiscretionaryCash]) -> BalanceSummary:
    rows = _by_day(rows)
    settled, tomorrow, later = _views(rows)
    # What is owed stands in each view again, so it is taken from one and not added up.
    return BalanceSummary(
        cash=settled,
        cash_d1=tomorrow,
        cash_d2=later,
        substitute=_first(row.substitute for row in rows),
        receivable=_first(row.receivable for row in rows),
        loan=_first(row.owed for row in rows),
        withdrawable=_first(row.withdrawable for row in rows),
        raw={str(index): row.raw for index, row in enumerate(rows)},
    )


def _foreign(currency: str, rows: list[DiscretionaryCash]) -> ForeignCash:
    rows = _by_day(rows)
    settled, tomorrow, later = _views(rows)
    return ForeignCash(
        currency=currency,
        balance=settled,
        balance_d1=tomorrow,
        balance_d2=later,
        receivable=_first(row.receivable for row in rows),
        loan=_first(row.owed for row in rows),
        withdrawable=_first(row.withdrawable for row in rows),
    )
