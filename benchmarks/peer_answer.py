"""What each peer comes back with, and how it is held against the sandbox's ledger.

Owns the judgement and its words. How a peer got there is its own.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal

from attrs import define, field, frozen

from koscom_async.sandbox import Ledger
from koscom_async.sandbox.ledger import Equity, Fund, Row

Instrument = tuple[str, str | None, str | None]
"""Asset class, code, and, where there is no code, the name."""


@frozen
class Held:
    """So much of one instrument; `quantity` is `None` where brokers send none."""

    instrument: Instrument
    quantity: Decimal | None
    value: Decimal | None


@frozen(kw_only=True)
class PeerAnswer:
    """What a user of the peer sees: rows by account, positions, and which accounts it says that it could not read.

    `calls` left for the gateway.
    """

    rows: dict[str, list[Held]]
    positions: list[Held]
    named: frozenset[str]
    calls: int


@define
class Judgement:
    """How right it was, summed over rounds; an account is short where rows of it are missing, or are too many."""

    rows: int = 0
    rows_there: int = 0
    lost: int = 0
    named: int = 0
    right: int = 0
    wrong: int = 0
    absent: int = 0
    short: Counter[str] = field(factory=Counter)


def judge(answer: PeerAnswer, ledger: Ledger, into: Judgement) -> None:
    """Add one answer's judgement."""
    truth = {account.number: list(map(_held, account.rows)) for account in ledger.accounts}
    brokers = {account.number: account.broker for account in ledger.accounts}
    for number, rows in truth.items():
        got = Counter(answer.rows.get(number, []))
        right = (got & Counter(rows)).total()
        into.rows += right
        into.rows_there += len(rows)
        if number in answer.named:
            into.named += 1
        elif got != Counter(rows) or number not in answer.rows:
            into.lost += 1
            label = f"{brokers[number]} …{number[-4:]}: {right} of {len(rows)} rows"
            into.short[label] += 1
    _judge_positions(answer, (rows for number, rows in truth.items() if number not in answer.named), into)


def _judge_positions(answer: PeerAnswer, believed: Iterable[list[Held]], into: Judgement) -> None:
    """Hold the positions against the sums over the accounts that the peer does not say are missing."""
    expected = Counter(summed(row for rows in believed for row in rows))
    got = Counter(answer.positions)
    right = (got & expected).total()
    into.right += right
    into.wrong += got.total() - right
    into.absent += expected.total() - right


def summed(rows: Iterable[Held]) -> list[Held]:
    """Return one position for each instrument."""
    by_instrument: dict[Instrument, list[Held]] = defaultdict(list)
    for row in rows:
        by_instrument[row.instrument].append(row)
    return [
        Held(instrument, _sum(each.quantity for each in held), _sum(each.value for each in held))
        for instrument, held in by_instrument.items()
    ]


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    total = Decimal(0)
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total


def _held(row: Row) -> Held:
    match row:
        case Equity():
            return Held(("EQTY", row.isin, None), row.quantity, row.value)
        case Fund():
            return Held(("FUND", row.code, None), None, row.value)
    return Held(("ETC", None, row.name), row.quantity, row.value)
