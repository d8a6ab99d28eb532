"""What somebody else holds at the same three brokers: the data that must never show up at the investor's."""

from koscom_async.sandbox.ledger import Account, Equity, Summary


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
