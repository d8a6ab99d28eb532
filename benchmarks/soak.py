"""Ten thousand holdings calls at concurrency 100 against a gateway that flaps, in a process of its own.

Counted are wrong answers (any number, any account that differs from the gateway's ledger), lost accounts (neither
read nor named as a failure) and memory: it must be flat once a fifth of the calls is done. Ends with 1 if not.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from attrs import define, evolve, field

from koscom_async import (
    AccountOutcome,
    Backend,
    Breaker,
    BrokerLimits,
    Holdings,
    Investor,
    Koscom,
    KoscomError,
    Limits,
    Retry,
    Settings,
)
from koscom_async.sandbox import Fault, Ledger, LongTail, SandboxGateway, crowd

CALLS = 10_000
CONCURRENCY = 100
INVESTORS = 200
MOST_ROWS = 3
"""Of a class and account: two pages where pages have two rows."""

DEADLINE_SECONDS = 30.0
SAMPLES = 20
WARM_UP_SHARE = 0.2
GROWTH_ALLOWED = 0.05
MOST_SECONDS = 600

FAULTS = {
    "star": Fault("flapping:2s"),
    "cyber": Fault("reset", failure_rate=0.02),
    "diamond": Fault("truncated", failure_rate=0.05),
}
MEGABYTE = 2**20

Numbers = tuple[Decimal | None, Decimal | None, Decimal | None]


def own_ledger() -> Ledger:
    """Return people who each hold something else, so that no answer fits another's question."""
    ledger = crowd(INVESTORS)
    people = tuple(
        evolve(
            person,
            accounts=tuple(
                evolve(
                    account,
                    equities=tuple(
                        evolve(row, quantity=row.quantity + seat) for row in account.equities[:MOST_ROWS]
                    ),
                    funds=account.funds[:MOST_ROWS],
                    others=account.others[:MOST_ROWS],
                )
                for account in person.accounts
            ),
        )
        for seat, person in enumerate(ledger.people)
    )
    return Ledger(people, ledger.discretionary)


def serve() -> None:
    """Run the gateway until stopped; prints its address."""
    gateway = SandboxGateway(ledger=own_ledger(), faults=FAULTS, latency=LongTail(0.002), quota=10**9)
    gateway.serve_forever(on_ready=lambda ready: print(ready.url, flush=True))


@contextmanager
def gateway_process() -> Iterator[str]:
    """Yield the address of a gateway in another process."""
    process = subprocess.Popen(  # noqa: S603  # this very file
        [sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None  # noqa: S101  # it is piped
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate()


def resident_bytes() -> int:
    """Return how much memory this process holds."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@define
class Soak:
    """What is asked, and what came of it."""

    koscom: Koscom
    investors: tuple[Investor, ...]
    truth: dict[str, dict[str, list[Numbers]]]
    calls: int
    done: int = 0
    counts: Counter[str] = field(factory=Counter)
    errors: Counter[str] = field(factory=Counter)
    memory: list[tuple[int, int, int]] = field(factory=list)

    async def run(self) -> None:
        """Ask as often as wanted, so many at once."""
        async with asyncio.TaskGroup() as group:
            for lane in range(min(CONCURRENCY, self.calls)):
                group.create_task(self._lane(lane))

    async def _lane(self, lane: int) -> None:
        for number in range(lane, self.calls, CONCURRENCY):
            investor = self.investors[number % len(self.investors)]
            try:
                holdings = await self.koscom.holdings(investor, deadline=DEADLINE_SECONDS)
            except KoscomError as error:
                self.counts["raised"] += 1
                self.errors[type(error).__name__] += 1
            else:
                self._judge(holdings, self.truth[investor.ci])
            self.done += 1
            if self.done % max(self.calls // SAMPLES, 1) == 0:
                self._sample()

    def _judge(self, holdings: Holdings, truth: dict[str, list[Numbers]]) -> None:
        asked = {outcome.account.number: outcome for outcome in holdings.outcomes}
        self.counts["whole"] += holdings.complete
        self.counts["lost accounts"] += len(truth.keys() - asked.keys())
        self.counts["wrong answers"] += asked.keys() != truth.keys()
        for number, outcome in asked.items():
            self._judge_account(outcome, holdings, truth.get(number, []))

    def _judge_account(self, outcome: AccountOutcome, holdings: Holdings, truth: list[Numbers]) -> None:
        lots = [
            (lot.quantity, lot.cost, lot.value)
            for position in holdings.positions
            for lot in position.lots
            if lot.account.number == outcome.account.number
        ]
        if outcome.error is not None:
            self.counts["accounts that failed, and are named"] += 1
            self.errors[type(outcome.error).__name__] += 1
            self.counts["wrong answers"] += bool(lots)
        else:
            self.counts["accounts read"] += 1
            self.counts["wrong answers"] += sorted(lots, key=repr) != truth

    def _sample(self) -> None:
        traced = tracemalloc.get_traced_memory()[0] if tracemalloc.is_tracing() else 0
        self.memory.append((self.done, resident_bytes(), traced))
        print(
            f"{self.done:>7} calls  {resident_bytes() / MEGABYTE:7.1f} MB resident"
            + (f"  {traced / MEGABYTE:7.2f} MB traced" if traced else ""),
            file=sys.stderr,
        )

    def growth(self) -> float:
        """Return by how much memory grew after the warm-up, as a share."""
        warm = [size for done, size, _ in self.memory if done >= self.calls * WARM_UP_SHARE]
        return warm[-1] / warm[0] - 1 if warm else 0.0


def truth_of(ledger: Ledger) -> dict[str, dict[str, list[Numbers]]]:
    """Return each person's rows by account, as a client should see them."""
    return {
        person.ci: {
            account.number: sorted(
                ((getattr(row, "quantity", None), row.cost, row.value) for row in account.rows), key=repr
            )
            for account in person.accounts
        }
        for person in ledger.people
    }


def settings_for(url: str, gateway: SandboxGateway, backend: str) -> Settings:
    """Return settings whose limits the soak does not reach, and a breaker that tries again soon."""
    return evolve(
        gateway.settings,
        base_url=url,
        backend=backend,
        limits=Limits(default=BrokerLimits(rate=100_000, burst=1000, in_flight=20), in_flight=60),
        retry=Retry(base=0.05, cap=0.5),
        breaker=Breaker(failures=20, cool_down=0.5),
    )


async def soak(url: str, calls: int, backend: str) -> tuple[Soak, float]:
    """Run it, and return what was found and the seconds that it took."""
    ledger = own_ledger()
    known = SandboxGateway(ledger=ledger, in_process=True)
    async with Koscom(settings_for(url, known, backend)) as koscom:
        found = Soak(koscom=koscom, investors=known.investors, truth=truth_of(ledger), calls=calls)
        began = time.perf_counter()
        await found.run()
        seconds = time.perf_counter() - began
        for broker in koscom.statistics().brokers:
            print(
                f"{broker.broker:>10}: {broker.calls} calls, {broker.retries} retries, {broker.failures} failures, "
                f"{broker.retries_saved} retries and {broker.calls_saved} calls saved, {broker.in_flight} in flight"
            )
    return found, seconds


def main() -> int:
    """Print what was measured; return 1 if any of it is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=CALLS)
    parser.add_argument("--backend", choices=[each.value for each in Backend], default="auto")
    parser.add_argument("--tracemalloc", action="store_true", help="trace allocations, too; slower")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
        return 0
    if options.tracemalloc:
        tracemalloc.start()
    with gateway_process() as url:
        found, seconds = asyncio.run(soak(url, options.calls, options.backend))
    growth = found.growth()
    print(
        f"{found.done} holdings calls at concurrency {CONCURRENCY} in {seconds:.0f} s (at most {MOST_SECONDS})"
    )
    for what in (
        "wrong answers",
        "lost accounts",
        "whole",
        "accounts read",
        "accounts that failed, and are named",
        "raised",
    ):
        print(f"{found.counts[what]:>10} {what}")
    print(f"{'errors':>10}: {dict(found.errors)}")
    for done, resident, traced in found.memory:
        print(f"{done:>10} calls: {resident / MEGABYTE:.1f} MB resident, {traced / MEGABYTE:.2f} MB traced")
    print(f"memory grew by {growth:.1%} after warm-up (at most {GROWTH_ALLOWED:.0%})")
    is_sound = not found.counts["wrong answers"] and not found.counts["lost accounts"]
    return 0 if is_sound and growth <= GROWTH_ALLOWED and seconds <= MOST_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
