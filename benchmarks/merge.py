"""What merging costs: accounts' rows to holdings, in CPU seconds; it must grow with the rows and no faster.

Two shapes of one investor's 64 accounts: `shared`, where each instrument is held in twenty of them, and `distinct`,
where half of the rows are instruments of their own. Lots are made when they are first read, so that has its column.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from stdnum.isin import calc_check_digit

from koscom_async import (
    AccountOutcome,
    Balance,
    BalanceRow,
    BalanceSummary,
    EquityRow,
    FundRow,
    OtherRow,
    Product,
    TradeType,
    VirtualAccount,
)
from koscom_async._merge import merge
from koscom_async.brokers import BROKERS

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


def outcomes(held: Held) -> list[AccountOutcome]:
    """Return accounts, one after the other as they are read; what their summaries say is a little off, as in life."""
    made = []
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


class Cost(NamedTuple):
    """One merge: CPU seconds, those of reading all lots after it, and how much came out."""

    seconds: float
    lots_seconds: float
    positions: int
    lots: int


def cost(made: list[AccountOutcome]) -> Cost:
    """Merge once."""
    began = time.process_time()
    holdings = merge(made, as_of=NOW)
    merged = time.process_time()
    lots = sum(len(position.lots) for position in holdings.positions)
    return Cost(merged - began, time.process_time() - merged, len(holdings.positions), lots)


def main() -> None:
    """Print CPU seconds by shape and size; `--json FILE` keeps them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    options = parser.parse_args()
    print(f"merging, {ACCOUNTS} accounts, median of {options.rounds} rounds")
    print(f"{'shape':<9} {'rows':>8} {'CPU s':>8} {'us a row':>9} {'lots s':>7} {'positions':>10}")
    kept = []
    for name, shape in SHAPES.items():
        for size in SIZES:
            made = outcomes(shape(size))
            costs = [cost(made) for _ in range(options.rounds)]
            seconds = statistics.median(each.seconds for each in costs)
            lots_seconds = statistics.median(each.lots_seconds for each in costs)
            kept.append(
                {
                    "shape": name,
                    "rows": size,
                    "cpu_seconds": seconds,
                    "lots_seconds": lots_seconds,
                    "positions": costs[0].positions,
                }
            )
            print(
                f"{name:<9} {size:>8} {seconds:>8.3f} {seconds / size * 1e6:>9.1f}"
                f" {lots_seconds:>7.3f} {costs[0].positions:>10}"
            )
    if options.json:
        options.json.write_text(json.dumps(kept, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
