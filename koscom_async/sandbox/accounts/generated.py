"""Any number of people, accounts, rows and transactions, drawn from a seed and consistent in themselves."""

from decimal import Decimal
from random import Random

from koscom_async.sandbox.accounts.history import with_history
from koscom_async.sandbox.ledger import (
    Account,
    Equity,
    Fund,
    Ledger,
    Person,
    Summary,
    WatchGroup,
    made_up_person,
    with_check_digit,
)

BROKERS = ("diamond", "cyber", "star")
FIRST_NUMBER = 160_700_000_000_000_000
NUMBERS_A_PERSON = 1_000
ONE_FUND_IN = 5
MAX_SHARES, MAX_PRICE = 500, 200_000
WATCHED = 6


def generated(
    *, investors: int = 2, accounts: int = 3, rows: int = 10, transactions: int = 100, seed: int = 0
) -> Ledger:
    """Return a ledger of `investors`, each with `accounts` in turn at diamond, cyber and star.

    Each account holds `rows` securities and has a past of `transactions`, which add up to them and to its cash;
    `ValueError` where there are too few of them for that. The same arguments make the same ledger.
    """
    if accounts > NUMBERS_A_PERSON:
        raise ValueError(f"a person has {NUMBERS_A_PERSON} accounts at most, not {accounts}")
    return Ledger(
        tuple(
            _person(seat, accounts=accounts, rows=rows, transactions=transactions, seed=seed)
            for seat in range(investors)
        )
    )


def _person(seat: int, *, accounts: int, rows: int, transactions: int, seed: int) -> Person:
    return made_up_person(
        f"generated {seed} {seat}",
        name=f"홍길동{seat}",
        accounts=tuple(
            with_history(_account(seat, place, rows=rows, seed=seed), rows=transactions, seed=seed)
            for place in range(accounts)
        ),
    )


def _account(seat: int, place: int, *, rows: int, seed: int) -> Account:
    chance = Random(f"{seed}|{seat}|{place}")
    funds = tuple(_fund(number, chance) for number in range(rows // ONE_FUND_IN))
    equities = tuple(_equity(number, chance) for number in range(rows - len(funds)))
    cash = chance.randrange(10_000_000)
    securities: tuple[Equity | Fund, ...] = (*equities, *funds)
    cost = sum((row.cost for row in securities), Decimal(0))
    value = sum((row.value for row in securities), Decimal(0))
    summary = Summary(
        cash=str(cash),
        receivable="0",
        loan="0",
        cost=str(cost),
        value=str(value),
        profit_loss=str(value - cost),
        total=str(value + cash),
    )
    codes = [row.isin for row in equities]
    watched = tuple(chance.sample(codes, min(WATCHED, len(codes))))
    return Account(
        broker=BROKERS[place % len(BROKERS)],
        number=str(FIRST_NUMBER + NUMBERS_A_PERSON * seat + place),
        summary=summary,
        equities=equities,
        funds=funds,
        watchlist=(WatchGroup("관심종목00", watched),) if watched else (),
    )


def _equity(number: int, chance: Random) -> Equity:
    quantity = chance.randint(1, MAX_SHARES)
    cost, value = (quantity * chance.randrange(100, MAX_PRICE) for _ in range(2))
    rate = ((value - cost) * Decimal(100) / cost).quantize(Decimal("0.01"))
    return Equity(
        "KSP",
        with_check_digit(f"KR79{number:05d}00"),
        "NRM",
        str(quantity),
        str(cost),
        str(value),
        str(value - cost),
        str(rate),
    )


def _fund(number: int, chance: Random) -> Fund:
    cost, value = (chance.randrange(100_000, 50_000_000) for _ in range(2))
    return Fund(f"KRZ5{number:07d}0", f"생성펀드{number}호", str(cost), str(value), str(value - cost))
