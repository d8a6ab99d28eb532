"""What merging costs: accounts' rows to holdings, in CPU seconds; it must grow with the rows and no faster.

Two shapes of one investor's 64 accounts: `shared`, where each instrument is held in twenty of them, and `distinct`,
where half of the rows are instruments of their own. Also a single account of 5,000 rows. Rounds are interleaved with a
yardstick, which adds up quantity, cost and value by code in plain Python, and knows nothing else; ratios to it carry
over to other machines. Lots are made when they are first read, so that has its column. `hold` is the longest slice: for
how long the event loop is held.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from stdnum.isin import calc_check_digit

from koscom_async import (
    AccountOutcome,
    Balance,
    BalanceRow,
    BalanceSummary,
    EquityRow,
    FundRow,
    Holdings,
    OtherRow,
    Product,
    TradeType,
    VirtualAccount,
)
from koscom_async._merge import merge, merging
from koscom_async.brokers import BROKERS
from koscom_async.models.outcome import AccountFailure, AccountSuccess

NOW = datetime(2026, 1, 5, 9, tzinfo=timezone(timedelta(hours=9)))
SIZES = (1_000, 10_000, 100_000)
ACCOUNTS = 64
HOLDERS = 20
"""In how many of the accounts an instrument is held that is not held in one alone."""

TARGET_SECONDS = 0.15
"""For 100,000 rows."""


def isin(index: int) -> str:
    """Return a Korean share's ISIN, its check digit right."""
    code = f"KR7{index:08d}"
    return code + calc_check_digit(code)


def row(index: int, holder: int) -> BalanceRow:
    """Return what an account says of an instrument: sixteen in twenty are shares, three funds, one a bond."""
    cost = None if (index + holder) % 40 == 0 else Decimal(281_764 + 7 * index + holder)
    value = Decimal(245_400 + 11 * index + holder)
    quantity, kind = Decimal(10 + index % 90), index % 20
    if kind < 16:
        product = Product.FUTURE if index % 100 == 3 else Product.KOSDAQ if kind % 3 else Product.KOSPI
        trade = TradeType.MARGIN if (index + holder) % 50 == 7 else TradeType.NORMAL
        name = f"주식 {index}" if holder % 2 else None
        return EquityRow(
            product=product,
            code=isin(index),
            name=name,
            quantity=quantity,
            trade_type=trade,
            cost=cost,
            value=value,
        )
    if kind < 19:
        cost = Decimal(0) if holder % 3 == 0 else cost
        return FundRow(code=f"KRZ{index:09d}", name=f"증권자투자신탁{index}[주식]", cost=cost, value=value)
    return OtherRow(
        product=Product.BOND,
        name=f"국민주택1종{index}",
        quantity=quantity,
        trade_type=TradeType.TOTAL,
        cost=cost,
        value=value,
    )


Held = list[list[tuple[int, int]]]
"""For each account the instruments that it holds, and as which of their holders."""


def shared(rows: int) -> Held:
    """Return who holds what; every instrument is held in twenty accounts."""
    held: Held = [[] for _ in range(ACCOUNTS)]
    for index in range(rows // HOLDERS):
        for holder in range(HOLDERS):
            held[(7 * index + 3 * holder) % ACCOUNTS].append((index, holder))
    return held


def distinct(rows: int) -> Held:
    """Return who holds what; every second row is of an instrument that is held nowhere else."""
    held = shared(rows // 2)
    for index in range(rows // 2):
        held[index % ACCOUNTS].append((10_000_000 + index, 0))
    return held


SHAPES: dict[str, Callable[[int], Held]] = {"shared": shared, "distinct": distinct}


def outcomes(held: Held) -> list[AccountSuccess | AccountFailure]:
    """Return accounts, one after the other as they are read; what their summaries say is a little off, as in life."""
    made: list[Any] = []
    for number, instruments in enumerate(held):
        rows = [row(index, holder) for index, holder in instruments]
        account = VirtualAccount(broker=BROKERS[number % len(BROKERS)], number=f"1606000000000{number:05d}")
        summary = BalanceSummary(
            cash=Decimal(1),
            loan=Decimal(0),
            receivable=Decimal(0),
            cost=Decimal(sum(int(each.cost or 0) for each in rows) + 5),
            value=Decimal(sum(int(each.value or 0) for each in rows) + number % 3),
        )
        balance = Balance(
            account=account,
            summary=summary,
            equities=tuple(each for each in rows if isinstance(each, EquityRow)),
            funds=tuple(each for each in rows if isinstance(each, FundRow)),
            others=tuple(each for each in rows if isinstance(each, OtherRow)),
        )
        made.append(AccountOutcome(account=account, balance=balance, as_of=NOW))
    return made


def single(rows: int) -> Held:
    """Return one account that holds everything."""
    return [[(index, 0) for index in range(rows)]]


class Cost(NamedTuple):
    """One round: CPU seconds of a merge, of its longest slice, of reading all lots after it, and of the yardstick."""

    merge: float
    hold: float
    lots: float
    yardstick: float


def plain_sums(made: list[AccountSuccess | AccountFailure]) -> dict[str | None, list[Decimal]]:
    """Add up numbers by code: what no merge can do without, in the fewest words."""
    sums: dict[str | None, list[Decimal]] = {}
    nothing = Decimal(0)
    for outcome in made:
        for each in outcome.balance.rows if outcome.balance else ():
            added = sums.setdefault(each.code, [nothing, nothing, nothing])
            added[0] += each.quantity or nothing
            added[1] += each.cost or nothing
            added[2] += each.value or nothing
    return sums


def longest_slice(made: list[AccountSuccess | AccountFailure]) -> float:
    """Return the CPU seconds of the longest slice."""
    kept: list[Holdings] = []  # else the last slice would be charged with taking the answer apart

    def kept_at_the_end() -> Iterator[None]:
        kept.append((yield from merging(made, as_of=NOW)))

    longest, slices = 0.0, kept_at_the_end()
    while not kept:
        began = time.process_time()
        next(slices, None)
        longest = max(longest, time.process_time() - began)
    return longest


def cost(made: list[AccountSuccess | AccountFailure]) -> Cost:
    """Merge once at once and once in slices."""
    began = time.process_time()
    holdings = merge(made, as_of=NOW)
    merged = time.process_time()
    for position in holdings.positions:
        len(position.lots)
    read = time.process_time()
    del holdings
    resumed = time.process_time()
    plain_sums(made)
    summed = time.process_time()
    return Cost(merged - began, longest_slice(made), read - merged, summed - resumed)


def measured(name: str, size: int, held: Held, *, rounds: int) -> dict[str, object]:
    """Print the medians of a shape and size, and return them."""
    made = outcomes(held)
    costs = [cost(made) for _ in range(rounds)]
    merge_, hold, lots, yardstick = (statistics.median(each) for each in zip(*costs, strict=True))
    ratio = statistics.median(each.merge / each.yardstick for each in costs)
    positions = len(merge(made, as_of=NOW).positions)
    print(
        f"{name:<9} {size:>8} {positions:>10} {merge_:>8.3f} {merge_ / size * 1e6:>9.2f} {ratio:>8.2f}"
        f" {hold * 1e3:>8.1f} {lots:>7.3f}"
    )
    return {
        "shape": name,
        "rows": size,
        "positions": positions,
        "cpu_seconds": merge_,
        "ratio_to_plain_sums": ratio,
        "longest_slice_seconds": hold,
        "lots_seconds": lots,
        "plain_sums_seconds": yardstick,
    }


def main() -> None:
    """Print CPU seconds by shape and size; `--json FILE` keeps them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="rows in all")
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    options = parser.parse_args()
    print(f"merging, {ACCOUNTS} accounts, medians of {options.rounds} rounds")
    print(
        f"{'shape':<9} {'rows':>8} {'positions':>10} {'CPU s':>8} {'us a row':>9} {'x plain':>8}"
        f" {'hold ms':>8} {'lots s':>7}"
    )
    kept = [
        measured(name, size, shape(size), rounds=options.rounds)
        for name, shape in SHAPES.items()
        for size in options.sizes
    ]
    kept.append(measured("single", 5_000, single(5_000), rounds=options.rounds))
    for each in kept:
        if (each["shape"], each["rows"]) == ("shared", 100_000):
            print(f"target: shared, 100000 rows in {TARGET_SECONDS} s; {each['cpu_seconds']:.3f} s here")
    if options.json:
        options.json.write_text(json.dumps(kept, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
