"""Makes up an account's past: transactions that add up to what it holds now, in money and in every instrument.

Seeded, so that the same account always has the same past. Owns no account.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from attrs import evolve, field, frozen

from koscom_async.sandbox.ledger import Account, Movement

FIRST_DAY = date(2018, 1, 2)
LAST_DAY = date(2020, 12, 30)

SALE, PURCHASE, IN, OUT = "BID", "ASK", "DEP", "WID"
NOTHING, WON = Decimal(0), Decimal(1)
MAX_SHARES = 50
FALLBACK = {"KR7005930003": Decimal(71_400)}


@frozen
class _Draft:
    """A transaction before it is known what is left after it."""

    day: date
    kind: str
    code: str | None
    amount: Decimal
    quantity: Decimal = field(default=NOTHING)


def with_history(
    account: Account,
    *,
    rows: int | None = None,
    seed: int = 0,
    since: date = FIRST_DAY,
    until: date = LAST_DAY,
) -> Account:
    """Return the account with a past of `rows` transactions, or of as few as its holdings need.

    `ValueError` for fewer rows than that.
    """
    chance = Random(f"{seed}|{account.number}")
    drafts = list(_purchases(account, chance, since, until))
    spare = (rows if rows is not None else len(drafts) + 2) - len(drafts) - 2
    if spare < 0:
        raise ValueError(f"{len(drafts) + 2} transactions at least make this account, not {rows}")
    priced = list((_prices(account) or FALLBACK).items())
    for _ in range(spare // 2):
        drafts.extend(_round_trip(*chance.choice(priced), chance, since, until))
    if spare % 2:
        drafts.append(_Draft(_day(chance, since, until), IN, None, Decimal(chance.randrange(1, 1_000_000))))
    drafts.sort(key=lambda draft: draft.day)  # stable: what was bought on a day was bought before it was sold
    return evolve(account, movements=tuple(_movements(_balanced(drafts, account.summary.cash, since, until))))


def _purchases(account: Account, chance: Random, since: date, until: date) -> Iterator[_Draft]:
    """Buy everything that is held; what is not in won was not paid for with the account's won."""
    for row in account.equities:
        cost = row.cost if row.currency == "KRW" else NOTHING
        yield _Draft(_day(chance, since, until), PURCHASE, row.isin, -cost, row.quantity)
    for fund in account.funds:
        yield _Draft(_day(chance, since, until), PURCHASE, fund.code, -(fund.cost or fund.value))
    for other in account.others:
        # No code here either: the documents distinguish money from securities by the kind of transaction.
        yield _Draft(_day(chance, since, until), PURCHASE, None, -other.cost, other.quantity)


def _prices(account: Account) -> dict[str, Decimal]:
    """Return what each share is worth that was paid for in won."""
    return {
        row.isin: row.value / row.quantity
        for row in account.equities
        if row.currency == "KRW" and row.quantity
    }


def _round_trip(code: str, price: Decimal, chance: Random, since: date, until: date) -> tuple[_Draft, _Draft]:
    """Buy something and sell it again, so that nothing is left of it but a gain or a loss."""
    bought, sold = sorted((_day(chance, since, until), _day(chance, since, until)))
    quantity = Decimal(chance.randint(1, MAX_SHARES))
    paid, got = (quantity * (price * chance.randint(70, 130) / 100).quantize(WON) for _ in range(2))
    return (
        _Draft(bought, PURCHASE, code, -paid, quantity),
        _Draft(sold, SALE, code, got, -quantity),
    )


def _balanced(drafts: list[_Draft], cash: Decimal, since: date, until: date) -> Iterator[_Draft]:
    """Pay in at the beginning what all of it costs, and take out at the end what is more than the cash."""
    needed = -sum((draft.amount for draft in drafts if draft.amount < 0), NOTHING) + cash
    surplus = needed + sum((draft.amount for draft in drafts), NOTHING) - cash
    yield _Draft(since, IN, None, needed)
    yield from drafts
    yield _Draft(until, OUT, None, -surplus)


def _movements(drafts: Iterator[_Draft]) -> Iterator[Movement]:
    held: dict[str | None, Decimal] = {}
    for draft in drafts:
        held[draft.code] = after = held.get(draft.code, NOTHING) + draft.quantity
        yield Movement(
            draft.day,
            draft.kind,
            draft.code,
            draft.amount,
            draft.quantity,
            after if draft.quantity else NOTHING,
        )


def _day(chance: Random, since: date, until: date) -> date:
    return since + timedelta(chance.randint(0, (until - since).days))
