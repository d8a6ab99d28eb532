"""An investor whose account at Diamond has the rows of the manual's balance example: what is odd in real life.

Funds without a cost, two funds of one name, shares without a name, rows that do not add up to the summary, billions.
A test that needs them asks for the fixture `manuals_investor`; the sandbox's own example has plain numbers.
"""

from attrs import evolve

from koscom_async.sandbox import example_ledger
from koscom_async.sandbox.accounts.history import with_history
from koscom_async.sandbox.ledger import Equity, Fund, Ledger, Other, Summary

NUMBERS = {
    "diamond": "160635473367600099",
    "cyber": "160613251214500099",
    "star": "160646584478700099",
}
"""Those of the manual's list of linked accounts: their ends are alike."""

# Diamond: the rows of the documents' balance example, word for word. As in real life they do not add up to the summary:
# the documents' account had 157 of them.

SUMMARY = Summary(
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

EQUITIES = (
    Equity("KSP", "HK0000050325", "SUM", "120", "281764", "245400", "-36364", "-12.9"),
    Equity("KDQ", "HK0000054723", "SUM", "1186", "2326871", "1867950", "-458921", "-19.72"),
    Equity("KSP", "KR7000020008", "SUM", "19", "181519", "201400", "19881", "10.95"),
    Equity("KDQ", "USU652221081", "SUM", "71", "514957", "501970", "-12987", "-2.52"),
)

# Two funds share a name, cut at fifteen characters; no fund has a cost, and so all of it is "profit".
FUNDS = (
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

OTHERS = (
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


def manuals_ledger() -> Ledger:
    """Return the example's people, the first with the manual's rows at Diamond."""
    ledger = example_ledger()
    investor, stranger = ledger.people
    accounts = [
        evolve(
            account,
            number=NUMBERS[account.broker],
            alias=None,
            **(ROWS if account.broker == "diamond" else {}),
        )
        for account in investor.accounts
    ]
    pasts = [
        with_history(account, rows=len(before.movements))
        for account, before in zip(accounts, investor.accounts, strict=True)
    ]
    return Ledger((evolve(investor, accounts=tuple(pasts)), stranger), ledger.discretionary)


ROWS = {"summary": SUMMARY, "equities": EQUITIES, "funds": FUNDS, "others": OTHERS}
