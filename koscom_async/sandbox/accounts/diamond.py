"""What the investor holds at Diamond: the rows of the documents' balance example, word for word.

As in real life the rows do not add up to the summary: the documents' account had 157 of them.
"""

from koscom_async.sandbox.ledger import Account, Equity, Fund, Other, Summary

_SUMMARY = Summary(
    cash="6976542",
    d1="6976542",
    d2="6976542",
    substitute="98163580",
    receivable="0",
    substitute_margin="762635",
    loan="0",
    cost="369827563509",
    value="389165300498",
    profit_loss="19337736989",
    total="389172277040",
    withdrawable="6976542",
)

_EQUITIES = (
    Equity("KSP", "HK0000050325", "SUM", "120", "281764", "245400", "-36364", "-12.9"),
    Equity("KDQ", "HK0000054723", "SUM", "1186", "2326871", "1867950", "-458921", "-19.72"),
    Equity("KSP", "KR7000020008", "SUM", "19", "181519", "201400", "19881", "10.95"),
    Equity("KDQ", "USU652221081", "SUM", "71", "514957", "501970", "-12987", "-2.52"),
)

# Two funds share a name, cut at fifteen characters; no fund has a cost, and so all of it is "profit".
_FUNDS = (
    Fund(
        code="KRZ500395135",
        name="삼성중소형FOCUS증권자1호[주식]",
        cost="0",
        value="72329965",
        profit_loss="72329965",
        return_pct="-9.58",
        first_bought="2016-01-12",
        last_bought="2016-01-13",
    ),
    Fund(
        code="KRZ500395136",
        name="삼성중소형FOCUS증권자1호[주식]",
        cost="0",
        value="8747937",
        profit_loss="8747937",
        return_pct="-12.52",
        first_bought="2015-08-20",
        last_bought="2015-09-10",
    ),
    Fund(
        code="KRZ501831185",
        name="메리츠코리아증권투자신탁1호[주",
        cost="0",
        value="8416030",
        profit_loss="8416030",
        return_pct="-15.83",
        first_bought="2015-08-18",
        last_bought="2015-08-19",
    ),
)

_OTHERS = (
    Other("BOND", "국민주택1종11-07", "SUM", "10000000000", "9438000000", "11584000000", "22.73"),
    Other("BOND", "한국지역난방공사13-1", "SUM", "10000000000", "9992000000", "10168000000", "1.76"),
    Other("BOND", "주택금융공사MBS2016-10(1-4)", "SUM", "10000000000", "10000000000", "10145000000", "1.45"),
    Other("BOND", "주택금융공사MBS2016-7(1-5)", "SUM", "20000000000", "20000000000", "20616000000", "3.08"),
    Other("BOND", "강원도개발공사121", "SUM", "10000000000", "10000000000", "10024000000", "0.24"),
    Other("DLS", "우리투자증권(DLS)1120", "SUM", "54000000000", "54000000000", "55409400000", "2.61"),
    Other("ELS", "NH투자증권(ELB)759", "SUM", "20000000000", "20000000000", "20500000000", "2.5"),
    *(
        Other("CP", f"루카스 20131227-89-{part}", "SUM", "1000000000", "991452055", "1000000000", "0.86")
        for part in (2, 6, 7, 12, 14, 15)
    ),
)

DIAMOND = Account(
    broker="diamond",
    number="160635473367600099",
    summary=_SUMMARY,
    equities=_EQUITIES,
    funds=_FUNDS,
    others=_OTHERS,
)
