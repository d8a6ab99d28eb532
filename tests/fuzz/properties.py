"""What holds of any answers through the whole client: order means nothing, nothing adds nothing, trades add up."""

from dataclasses import dataclass

from hypothesis import strategies as st

from tests.fuzz.answers import (
    CLASSES,
    HELD,
    ISINS,
    PLACES,
    PLAIN,
    Broker,
    World,
    balance_answers,
    contract_answers,
    rows,
    summaries,
    written,
)
from tests.fuzz.client import INVESTOR, ask

DISTINCT_ISINS = ISINS[:3]


def world_of(accounts, size=9, service=balance_answers):
    """Return a world of such accounts: (place, what is held, summary), paged by so many rows."""
    brokers = []
    for (name, number), held, summary in accounts:
        broker = Broker(name, number, takes_all=size == 9)
        service(broker, held, summary, (service is contract_answers, size, ("K1", "K2", "K3")))
        broker.answers = {each: (200, written(document)) for each, document in broker.answers.items()}
        brokers.append(broker)
    return World(brokers, [])


def holdings_of(*accounts, **how):
    """Return what the client makes of the accounts."""
    holdings = ask(world_of(accounts, **how), lambda koscom: koscom.holdings(INVESTOR))
    assert holdings.complete, holdings.failures
    return holdings


@st.composite
def distinct_rows(draw, *, by_code=True):
    """What an account holds: each number under one name, and each row of a class with a code of its own, or any."""
    held = {kind: draw(HELD[kind]) for kind in CLASSES}
    for kind, of in held.items():
        code = "fundCode" if kind == "FUND" else "isinCode"
        held[kind] = [
            {name: each for name, each in row.items() if name != ("valueAtCur", "valAtCur")[kind == "ETC"]}
            | ({code: DISTINCT_ISINS[place]} if by_code else {})
            for place, row in enumerate(of)
        ]
    return held


one_value = summaries.map(
    lambda summary: {name: each for name, each in summary.items() if name != "valAtCur"}
)


def some_accounts(held):
    return st.lists(
        st.tuples(st.sampled_from(PLACES), held, one_value),
        min_size=1,
        max_size=3,
        unique_by=lambda each: each[0],
    )


chances = st.randoms(use_true_random=False)
orders = st.tuples(some_accounts(distinct_rows()), chances, st.sampled_from((1, 2, 9))) | st.tuples(
    # Rows that are alike may not come on two pages.
    some_accounts(distinct_rows(by_code=False)),
    chances,
    st.just(9),
)


def judge_order(drawn):
    """Permuting rows, pages and brokers changes nothing."""
    accounts, chance, size = drawn
    mixed = [
        (place, {kind: chance.sample(of, len(of)) for kind, of in held.items()}, summary)
        for place, held, summary in accounts
    ]
    chance.shuffle(mixed)
    before, after = holdings_of(*accounts), holdings_of(*mixed, size=size)
    for name in ("positions", "cash", "all_totals", "doubts", "reconciliation"):
        assert getattr(after, name) == getattr(before, name), f"the order changes {name}"


NUMBERS = ("qty", "valAtTrade", "valAtCur", "valueAtCur", "proLoss")


@st.composite
def zeros(draw):
    """Some accounts, and a row with nothing in it: of which class, the row, and where."""
    kind = draw(st.sampled_from(CLASSES))
    row = {name: each for name, each in draw(rows(kind)).items() if name != "crcyCode"}
    nothing = row | {name: 0 for name in NUMBERS if name in row} | {"qty": 0}
    return draw(some_accounts(distinct_rows(by_code=False))), kind, nothing, draw(st.integers(0, 3))


def judge_zeros(drawn):
    """A row of zeros changes no sum, and raises no doubt."""
    accounts, kind, nothing, where = drawn
    ((place, held, summary), *others) = accounts
    more = [*held[kind][:where], nothing, *held[kind][where:]]
    before, after = holdings_of(*accounts), holdings_of((place, held | {kind: more}, summary), *others)
    known = {each.currency: each for each in after.all_totals}
    for each in before.all_totals:
        assert known.pop(each.currency) == each, "a row of zeros changes a sum"
    assert all(each.value == 0 for each in known.values()), "there is a sum of nothing"
    assert after.cash == before.cash
    assert after.doubts == before.doubts, "a row of zeros is a doubt"
    worths = [[each.net_worth for each in holdings.reconciliation] for holdings in (before, after)]
    assert worths[0] == worths[1], "a row of zeros changes a net worth"


@dataclass
class Trades:
    """Shares bought (sold: below 0) at a price on a day, and what the broker says of them."""

    traded: list
    deposit: int
    price: int
    broker: str

    def executed(self, today):
        return [trade for trade in self.traded if trade[0] <= today]

    def settled(self, today):
        """Return the trades whose money has moved: two days later."""
        return [trade for trade in self.traded if trade[0] + 2 <= today]

    def cash(self, today):
        return self.deposit - sum(shares * at for _, _, shares, at in self.settled(today))


trades = st.builds(
    Trades,
    st.lists(
        st.tuples(
            st.integers(0, 6), st.sampled_from(DISTINCT_ISINS), st.integers(-9, 9), st.integers(1, 10**6)
        ),
        max_size=6,
    ),
    st.integers(10**8, 10**9),
    st.integers(1, 10**6),
    st.sampled_from(("total", "no total", "settled", "contract")),
)


def judge_trades(drawn):
    """Net worth is the ledger's at every moment: shares are there at once, their money moves two days later."""
    for today in range(9):
        # A broker may also list what is settled, beside a total of that.
        listed = drawn.settled(today) if drawn.broker == "settled" else drawn.executed(today)
        held = {
            code: sum(shares for _, of, shares, _ in listed if of == code)
            for code in sorted({of for _, of, _, _ in listed})
        }
        spent = {code: sum(shares * at for _, of, shares, at in listed if of == code) for code in held}
        lines = [
            PLAIN["EQTY"]
            | {"isinCode": code, "qty": shares, "valAtTrade": spent[code], "valAtCur": shares * drawn.price}
            for code, shares in held.items()
        ]
        value = sum(held.values()) * drawn.price
        worth = value + drawn.deposit - sum(spent.values())
        summary = {
            "cashBalance": drawn.cash(today),
            "d1": drawn.cash(today + 1),
            "d2": drawn.cash(today + 2),
            "valueAtCur": value,
            "totalAccVal": worth if drawn.broker in {"total", "settled"} else None,
            "receivable": 0,
            "loanCredit": 0,
        }
        account = (PLACES[0], {"EQTY": lines, "FUND": [], "ETC": []}, summary)
        if drawn.broker == "contract":
            world = world_of([account], service=contract_answers)
            holdings = ask(world, lambda koscom: koscom.discretionary_holdings())
        else:
            holdings = holdings_of(account)
        totals = holdings.totals
        assert totals.net_worth == worth, f"day {today}: {totals.net_worth} is not the ledger's {worth}"
        assert totals.assets == totals.value + totals.cash + totals.unsettled
