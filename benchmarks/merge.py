"""What merging costs: accounts' rows to holdings, in CPU seconds; it must grow with the rows and no faster."""

import argparse
import json
import statistics
import time
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

from koscom_async import (
    AccountOutcome,
    Balance,
    BalanceSummary,
    EquityRow,
    Product,
    TradeType,
    VirtualAccount,
)
from koscom_async._merge import merge
from koscom_async.brokers import BROKERS

NOW = datetime(2026, 1, 5, 9, tzinfo=timezone(timedelta(hours=9)))
SIZES = (1_000, 10_000, 100_000)
ACCOUNTS = 10


def outcomes(rows: int) -> list[AccountOutcome]:
    """Return accounts at ten brokers with that many rows together, half of the instruments held at several."""
    made = []
    for number in range(ACCOUNTS):
        account = VirtualAccount(broker=BROKERS[number], number=f"1606000000000{number:05d}")
        equities = tuple(
            EquityRow(
                product=Product.KOSPI,
                code=f"KR7{(index if index % 2 else index * ACCOUNTS + number):09d}",
                quantity=Decimal(10),
                trade_type=TradeType.NORMAL,
                cost=Decimal(281764 + index),
                value=Decimal(245400 + index),
            )
            for index in range(rows // ACCOUNTS)
        )
        summary = BalanceSummary(cash=Decimal(1), loan=Decimal(0), receivable=Decimal(0))
        balance = Balance(account=account, summary=summary, equities=equities)
        made.append(AccountOutcome(account=account, balance=balance, as_of=NOW))
    return made


def main() -> None:
    """Print CPU seconds by size; `--json FILE` keeps them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    options = parser.parse_args()
    print(f"merging, median of {options.rounds} rounds")
    print(f"{'rows':>8} {'CPU s':>8} {'us a row':>9} {'positions':>10}")
    kept = []
    for size in SIZES:
        made, times, positions = outcomes(size), [], 0
        for _ in range(options.rounds):
            began = time.process_time()
            positions = len(merge(made, as_of=NOW).positions)
            times.append(time.process_time() - began)
        seconds = statistics.median(times)
        kept.append({"rows": size, "cpu_seconds": seconds, "positions": positions})
        print(f"{size:>8} {seconds:>8.3f} {seconds / size * 1e6:>9.1f} {positions:>10}")
    if options.json:
        options.json.write_text(json.dumps(kept, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
