"""What somebody else holds at the same three brokers: the data that must never show up at the investor's."""

from koscom_async.sandbox.ledger import Account, Equity, Other, Summary

# What the investor holds at Star: shares, one of them in dollars, and a bond that Diamond has too; no funds.
#
# The summary agrees with the rows in won; the row in dollars is outside of it. The account service's tables
# have no field for a currency, so the sandbox borrows `crcyCode` from the discretionary service's.

_EQUITIES = (
    Equity("KSP", "KR7000020008", "SUM", "31", "310000", "328600", "18600", "6", "동화약품"),
    Equity("KSP", "KR7005930003", "SUM", "60", "4200000", "4284000", "84000", "2", "삼성전자"),
    Equity(
        "ETC", "US0378331005", "SUM", "10", "1500.25", "1912.40", "412.15", "27.47", "Apple", currency="USD"
    ),
)

_OTHERS = (Other("BOND", "국민주택1종11-07", "SUM", "5000000", "4719000", "5792000", "22.74"),)

_SUMMARY = Summary(
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
    broker="star", number="160646584478700099", summary=_SUMMARY, equities=_EQUITIES, others=_OTHERS
)


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
