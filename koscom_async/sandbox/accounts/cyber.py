"""What the investor holds at Cyber: pages of shares, one bought on margin, and funds with a known cost.

The summary agrees with the rows.
"""

from koscom_async.sandbox.ledger import Account, Equity, Fund, Summary

_EQUITIES = (
    Equity("KSP", "KR7000020008", "NRM", "50", "480000", "530000", "50000", "10.42", "동화약품"),
    Equity("KSP", "KR7005930003", "NRM", "100", "6800000", "7140000", "340000", "5", "삼성전자"),
    Equity("KSP", "KR7005930003", "CRD", "40", "2760000", "2856000", "96000", "3.48", "삼성전자"),
    Equity("KSP", "KR7000660001", "NRM", "12", "1560000", "1692000", "132000", "8.46", "SK하이닉스"),
    Equity("KSP", "KR7035420009", "NRM", "7", "1449000", "1386000", "-63000", "-4.35", "NAVER"),
    Equity("ETF", "KR7069500007", "NRM", "30", "1050000", "1077000", "27000", "2.57", "KODEX 200"),
    Equity("KDQ", "KR7035900000", "NRM", "25", "1875000", "1700000", "-175000", "-9.33", "JYP Ent."),
)

_FUNDS = (
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

_SUMMARY = Summary(
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
    broker="cyber", number="160613251214500099", summary=_SUMMARY, equities=_EQUITIES, funds=_FUNDS
)
