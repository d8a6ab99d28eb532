"""What an ordinary investor holds at Diamond, Cyber and Star, and what a stranger holds there. Data only."""

from koscom_async.sandbox.ledger import Account, Equity, Fund, Other, Summary

# Diamond: shares, and a fund that Cyber has, too. What was bought yesterday is held, and paid the day after tomorrow.

_DIAMOND_EQUITIES = (
    Equity("KSP", "KR7000020008", "NRM", "19", "181519", "201400", "19881", "10.95", "동화약품"),
    Equity("KSP", "KR7035720002", "NRM", "30", "1500000", "1290000", "-210000", "-14", "카카오"),
    Equity("KSP", "KR7005380001", "NRM", "5", "870000", "932500", "62500", "7.18", "현대차"),
    Equity("ETF", "KR7360750004", "NRM", "40", "620000", "714000", "94000", "15.16", "TIGER 미국S&P500"),
)

_DIAMOND_FUNDS = (
    Fund(
        code="KRZ500395135",
        name="삼성중소형FOCUS증권자1호[주식]",
        cost="3000000",
        value="2712600",
        profit_loss="-287400",
        return_pct="-9.58",
        first_bought="2016-01-12",
        last_bought="2016-01-13",
        fund_type="02",
    ),
)

_DIAMOND_SUMMARY = Summary(
    cash="2450000",
    d1="2450000",
    d2="1590000",  # twenty of 카카오, at 43,000
    substitute="1980000",
    receivable="0",
    substitute_margin="0",
    loan="0",
    cost="6171519",
    value="5850500",
    profit_loss="-321019",
    total="7440500",
    withdrawable="1590000",
)

DIAMOND = Account(
    broker="diamond",
    number="160752318840214203",
    alias="장기투자",
    summary=_DIAMOND_SUMMARY,
    equities=_DIAMOND_EQUITIES,
    funds=_DIAMOND_FUNDS,
)


# Cyber: pages of shares, one bought on margin, and funds with a known cost. The summary agrees with the rows.

_CYBER_EQUITIES = (
    Equity("KSP", "KR7000020008", "NRM", "50", "480000", "530000", "50000", "10.42", "동화약품"),
    Equity("KSP", "KR7005930003", "NRM", "100", "6800000", "7140000", "340000", "5", "삼성전자"),
    Equity("KSP", "KR7005930003", "CRD", "40", "2760000", "2856000", "96000", "3.48", "삼성전자"),
    Equity("KSP", "KR7000660001", "NRM", "12", "1560000", "1692000", "132000", "8.46", "SK하이닉스"),
    Equity("KSP", "KR7035420009", "NRM", "7", "1449000", "1386000", "-63000", "-4.35", "NAVER"),
    Equity("ETF", "KR7069500007", "NRM", "30", "1050000", "1077000", "27000", "2.57", "KODEX 200"),
    Equity("KDQ", "KR7035900000", "NRM", "25", "1875000", "1700000", "-175000", "-9.33", "JYP Ent."),
)

_CYBER_FUNDS = (
    Fund(
        code="KRZ500395135",
        name="삼성중소형FOCUS증권자1호[주식]",
        cost="5000000",
        value="4521000",
        profit_loss="-479000",
        return_pct="-9.58",
        first_bought="2016-03-02",
        last_bought="2016-04-04",
        fund_type="02",
    ),
    Fund(
        code="KRZ503210020",
        name="한빛배당성장증권자2호[주식]",
        cost="2000000",
        value="2140000",
        profit_loss="140000",
        return_pct="7",
        first_bought="2019-05-07",
        last_bought="2019-05-07",
        fund_type="02",
    ),
    Fund(
        code="KRZ503210038",
        name="한빛글로벌채권증권자1호[채권]",
        cost="3000000",
        value="3045000",
        profit_loss="45000",
        return_pct="1.5",
        first_bought="2020-01-15",
        last_bought="2021-01-15",
        maturity="2031-01-15",
        fund_type="12",
    ),
)

_CYBER_SUMMARY = Summary(
    cash="1250000",
    d1="1250000",
    d2="1180000",
    substitute="8200000",
    receivable="0",
    substitute_margin="0",
    loan="2760000",  # what the shares on margin (CRD) cost
    cost="25974000",
    value="26087000",
    profit_loss="113000",
    total="27337000",
    withdrawable="1180000",
)

CYBER = Account(
    broker="cyber",
    number="160814972205138517",
    alias="펀드와 주식",
    summary=_CYBER_SUMMARY,
    equities=_CYBER_EQUITIES,
    funds=_CYBER_FUNDS,
)


# Star: shares, one of them in dollars, and a bond; no funds.
#
# The summary agrees with the rows in won; the row in dollars is outside of it. The account service's tables
# have no field for a currency, so the sandbox borrows `crcyCode` from the discretionary service's.

_STAR_EQUITIES = (
    Equity("KSP", "KR7000020008", "SUM", "31", "310000", "328600", "18600", "6", "동화약품"),
    Equity("KSP", "KR7005930003", "SUM", "60", "4200000", "4284000", "84000", "2", "삼성전자"),
    Equity(
        "ETC", "US0378331005", "SUM", "10", "1500.25", "1912.40", "412.15", "27.47", "Apple", currency="USD"
    ),
)

_STAR_OTHERS = (Other("BOND", "국민주택1종11-07", "SUM", "5000000", "4719000", "5792000", "22.74"),)

_STAR_SUMMARY = Summary(
    cash="340000",
    receivable="0",
    loan="0",
    cost="9229000",
    value="10404600",
    profit_loss="1175600",
    total="10744600",
    withdrawable="340000",
)

STAR = Account(
    broker="star",
    number="160690427731862944",
    alias="달러 주식",
    summary=_STAR_SUMMARY,
    equities=_STAR_EQUITIES,
    others=_STAR_OTHERS,
)


# The stranger: data that must never show up at the investor's.


def _account(broker: str, number: str, shares: int) -> Account:
    cost, value, cash = 40_000 * shares, 42_000 * shares, 1_000_000
    row = Equity(
        "KSP", "KR7051910008", "SUM", str(shares), str(cost), str(value), str(value - cost), "5", "LG화학"
    )
    summary = Summary(
        cash=str(cash),
        receivable="0",
        loan="0",
        cost=str(cost),
        value=str(value),
        profit_loss=str(value - cost),
        total=str(value + cash),
    )
    return Account(broker=broker, number=number, summary=summary, equities=(row,))


STRANGERS_ACCOUNTS = (
    _account("diamond", "160635473367600177", 3),
    _account("cyber", "160613251214500177", 5),
    _account("star", "160646584478700177", 8),
)
