"""Any number of people of whom no two hold the same, so that an answer that reaches the wrong one is recognised.

What a person has is drawn from the seed when it is looked at: a hundred thousand people cost little. Each has as many
rows at each broker as the others, and so costs as many calls.
"""

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache, partial
from random import Random
from typing import NamedTuple

from attrs import evolve

from koscom_async.sandbox.accounts.history import with_history
from koscom_async.sandbox.ledger import (
    Account,
    Deferred,
    Equity,
    Fund,
    Movement,
    Other,
    Person,
    Row,
    Summary,
    WatchGroup,
    made_up_person,
)

KEPT = 1_000
"""So many people's accounts, and so many accounts' pasts, are kept for the next question."""


class _Paper(NamedTuple):
    product: str
    code: str
    name: str
    price: int


SHARES = (
    _Paper("KSP", "KR7005930003", "삼성전자", 71_400),
    _Paper("KSP", "KR7000660001", "SK하이닉스", 141_000),
    _Paper("KSP", "KR7035420009", "NAVER", 198_000),
    _Paper("KSP", "KR7035720002", "카카오", 43_000),
    _Paper("KSP", "KR7005380001", "현대차", 186_500),
    _Paper("KSP", "KR7051910008", "LG화학", 396_000),
    _Paper("KSP", "KR7000020008", "동화약품", 10_600),
    _Paper("KDQ", "KR7035900000", "JYP Ent.", 68_000),
    _Paper("ETF", "KR7069500007", "KODEX 200", 35_900),
)
FUNDS = (
    _Paper("02", "KRZ503210020", "한빛배당성장증권자2호[주식]", 1_070),
    _Paper("12", "KRZ503210038", "한빛글로벌채권증권자1호[채권]", 1_015),
    _Paper("02", "KRZ503210046", "한빛가치증권자3호[주식]", 932),
)
BOND = _Paper("BOND", "", "국고채권03500-3312", 1)
DOLLARS = _Paper("ETC", "US0378331005", "Apple", 191)


class _Broker(NamedTuple):
    first_number: int
    shares: int
    funds: int
    bonds: int = 0
    foreign: int = 0


BROKERS = {
    "diamond": _Broker(160_800_000_000_000_000, shares=3, funds=1, bonds=1),
    "cyber": _Broker(160_900_000_000_000_000, shares=7, funds=3),
    "star": _Broker(161_000_000_000_000_000, shares=2, funds=0, bonds=1, foreign=1),
}


def people_of_crowd(size: int, *, seed: int) -> tuple[Person, ...]:
    """Return so many people, whose accounts are made when they are looked at."""
    return tuple(_person(seat, seed) for seat in range(size))


def _person(seat: int, seed: int) -> Person:
    keys = [(broker, _number(broker, seat)) for broker in BROKERS]
    accounts = Deferred(partial(_accounts, seat, seed), keys=keys)
    return made_up_person(f"{seed} {seat}", name=f"홍길동{seat}", accounts=accounts)


def _number(broker: str, seat: int) -> str:
    return str(BROKERS[broker].first_number + seat)


@lru_cache(KEPT)
def _accounts(seat: int, seed: int) -> tuple[Account, ...]:
    return tuple(_account(broker, seat, seed) for broker in BROKERS)


def _account(broker: str, seat: int, seed: int) -> Account:
    chance, has = Random(f"{seed}|{seat}|{broker}"), BROKERS[broker]
    shares = [_share(paper, chance) for paper in chance.sample(SHARES, has.shares)]
    foreign = [_share(DOLLARS, chance, currency="USD") for _ in range(has.foreign)]
    account = Account(
        broker=broker,
        number=_number(broker, seat),
        summary=_NOTHING,
        equities=(*shares, *foreign),
        funds=tuple(_fund(paper, chance) for paper in FUNDS[: has.funds]),
        others=tuple(_bond(chance) for _ in range(has.bonds)),
        watchlist=(WatchGroup("관심종목", tuple(each.code for each in chance.sample(SHARES, 3))),),
    )
    # The last five digits are the person's own: of a hundred thousand, no two have the same cash.
    account = evolve(
        account, summary=_summary(account.rows, Decimal(chance.randrange(1, 90) * 100_000 + seat))
    )
    return evolve(account, movements=Deferred(partial(_past, account, seed)))


@lru_cache(KEPT)
def _past(account: Account, seed: int) -> Sequence[Movement]:
    return with_history(account, rows=40, seed=seed).movements


def _amounts(paper: _Paper, quantity: int, chance: Random, *, most: int = 30) -> tuple[str, str, str, str]:
    """Return cost, value, profit and rate: it was bought for so many percent more or less than it is worth."""
    value = Decimal(paper.price * quantity)
    cost = (value * (100 + chance.randint(-most, most)) / 100).quantize(Decimal(1))
    rate = ((value - cost) * 100 / cost).quantize(Decimal("0.01"))
    return str(cost), str(value), str(value - cost), str(rate)


def _share(paper: _Paper, chance: Random, *, currency: str = "KRW") -> Equity:
    quantity = chance.randint(1, 60)
    amounts = _amounts(paper, quantity, chance)
    return Equity(
        paper.product, paper.code, "NRM", str(quantity), *amounts, name=paper.name, currency=currency
    )


def _fund(paper: _Paper, chance: Random) -> Fund:
    amounts = _amounts(paper, chance.randint(500, 9_000), chance)
    return Fund(paper.code, paper.name, *amounts, fund_type=paper.product)


def _bond(chance: Random) -> Other:
    face = chance.randint(1, 20) * 1_000_000
    cost, value, _, rate = _amounts(BOND, face, chance, most=4)
    return Other(BOND.product, BOND.name, "NRM", str(face), cost, value, rate)


def _summary(rows: Sequence[Row], cash: Decimal) -> Summary:
    """Return the account's sums in won; what is in dollars is outside of them."""
    won = [row for row in rows if row.currency == "KRW"]
    cost, value = (sum((getattr(row, name) for row in won), Decimal(0)) for name in ("cost", "value"))
    return evolve(_NOTHING, cash=cash, cost=cost, value=value, profit_loss=value - cost, total=value + cash)


_NOTHING = Summary(cash="0", receivable="0", loan="0", cost="0", value="0", profit_loss="0", total="0")
