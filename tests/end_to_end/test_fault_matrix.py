"""Every fault at one broker and at all: `fault_matrix.md` says what the caller gets, and this test holds it.

In every cell: the other accounts are delivered, no number is wrong, the deadline holds, retries stay within their
budget, and nothing is left behind. `python -m tests.end_to_end.test_fault_matrix` prints the table as measured.
"""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from attrs import frozen

from koscom_async import Breaker, BrokerLimits, Holdings, Koscom, Limits, Retry
from koscom_async.sandbox import SandboxGateway
from tests.backends import BACKENDS
from tests.end_to_end.test_main_job import BROKERS, cost_of, impatient, rows_of, value_of
from tests.leaks import assert_nothing_left, open_descriptors, other_tasks

MATRIX = Path(__file__).with_name("fault_matrix.md").read_text(encoding="utf-8")

DEADLINE_SECONDS = 1.5
OVERRUN_SECONDS = max(0.05 * DEADLINE_SECONDS, 0.05)
TRIES = 3
"""A noisy machine may be late where the library is not: the best of so many runs counts for the time."""

ONE, ALL = "one", "all"
RETRY = Retry(attempts=3, base=0.001, cap=0.002)
POLICY = {
    "retry": RETRY,
    "limits": Limits(default=BrokerLimits(rate=1e6, burst=1000)),
    "breaker": Breaker(failures=1000),
    "page_limit": 20,
    "max_response_bytes": 2**20,
}

FAULTS = (
    "slow-uniform:0.01-0.05",
    "slow-exponential:0.02",
    "slow-long-tail:0.02",
    "slow:30",
    "silent",
    "drip:1",
    "reset",
    "half-closed",
    "length-long",
    "length-short",
    "chunked-garbage",
    "huge:100",
    "gzip-bomb:1024",
    "empty",
    "truncated",
    "html",
    "shape",
    "down",
    "flapping:3",
    "3005",
    "4001",
    "error-200",
    "error-body-200",
    "own-reason",
    "maintenance",
    "created",
    "429:1",
    "429:7200",
    "429:none",
    "quota",
    "dead-token",
    "short-401",
    "foreign",
    "wrong-id",
    "short",
    "endless",
    "empty-pages",
    "same-page",
    "duplicate-page",
    "forgotten-page",
    "shuffled-pages",
    "drifting-pages",
    "moved-row",
    "misspelt-rows",
    "other-class",
    "repeated-account",
    "repeated-amounts",
)
# The day's quota is the gateway's and not a broker's: an answer that says that it is spent holds for all.
CELLS = [(fault, where) for fault in FAULTS for where in (ONE, ALL) if (fault, where) != ("quota", ONE)]
# Whom it hits, and how often, depends on the order in which calls come.
BY_CHANCE = {"flapping:3": "each account, or `BrokerUnavailableError`"}


@frozen
class Cell:
    """What came of one fault."""

    got: str
    calls: int
    seconds: float


@asynccontextmanager
async def opened(faults: dict[str, str]) -> AsyncIterator[tuple[SandboxGateway, Koscom]]:
    async with (
        SandboxGateway(faults=faults) as gateway,
        Koscom(impatient(gateway.settings, **POLICY)) as koscom,
    ):
        yield gateway, koscom


async def run(fault: str, where: str) -> Cell:
    """Run one cell, and check what must be so in all of them."""
    struck = ("cyber",) if where == ONE else BROKERS
    tasks, descriptors = other_tasks(), open_descriptors()
    async with opened(dict.fromkeys(struck, fault)) as (gateway, koscom):
        loop = asyncio.get_running_loop()
        began = loop.time()
        holdings = await koscom.holdings(gateway.investor, deadline=DEADLINE_SECONDS)
        seconds = loop.time() - began
        await assert_nothing_left(koscom, tasks)
        assert_within_budget(koscom)
        assert_right(holdings, gateway, untouched=set(BROKERS) - set(struck))
        calls = len(gateway.calls)
    assert other_tasks() <= tasks
    assert open_descriptors() <= descriptors
    return Cell(BY_CHANCE.get(fault) or told(holdings), calls, seconds)


def assert_right(holdings: Holdings, gateway: SandboxGateway, *, untouched: set[str]) -> None:
    """Find every account read or named, the untouched ones read, and the numbers those of the ledger."""
    read = {outcome.account.broker.short_name for outcome in holdings.outcomes if outcome.ok}
    assert len(holdings.outcomes) == 3
    assert untouched <= read
    rows = rows_of(gateway, *read)
    lots = [lot for position in holdings.positions for lot in position.lots]
    assert len(lots) == len(rows)
    assert (holdings.totals.value or 0) == value_of(rows)
    assert (holdings.totals.cost or 0) == cost_of(rows)
    assert (holdings.totals.cash or 0) == sum(gateway.ledger.of(broker).summary.cash for broker in read)
    assert sorted(lot.value for lot in lots) == sorted(row.value for row in rows)


def assert_within_budget(koscom: Koscom) -> None:
    """Find no more retries than the first tries and the reserve paid for."""
    for broker in koscom.statistics().brokers:
        first = broker.calls - broker.retries
        assert broker.retries <= RETRY.budget_reserve + RETRY.budget_share * first
        assert broker.retries <= first * (RETRY.attempts - 1)


def told(holdings: Holdings) -> str:
    """Say what the caller gets, in the words of the table."""
    errors: dict[str, list[str]] = {}
    for failure in holdings.failures:
        errors.setdefault(type(failure.error).__name__, []).append(failure.account.broker.short_name)
    read = f"{3 - len(holdings.failures)} of 3 accounts"
    if not errors:
        return read
    if len(errors) == 1 and len(holdings.failures) == 3:
        return f"{read}; `{next(iter(errors))}`"
    return "; ".join(
        [read, *(f"{', '.join(sorted(names))}: `{name}`" for name, names in sorted(errors.items()))]
    )


ROW = re.compile(
    r"^\| `(?P<fault>[^`]+)` \| (?P<where>one|all) \| (?P<got>.*?) \| (?P<calls>\d+) \| (?P<time>.*?) \|$",
    re.MULTILINE,
)
DOCUMENTED = {(row["fault"], row["where"]): row for row in ROW.finditer(MATRIX)}


def time_of(got: str) -> str:
    return "at the deadline" if "DeadlineExceededError" in got else "early"


def is_late(cell: Cell, time: str) -> bool:
    """Whether the machine, and not the fault, made a cell late: it overran, or met the deadline where it returns early."""
    return cell.seconds > (DEADLINE_SECONDS if time == "early" else DEADLINE_SECONDS + OVERRUN_SECONDS)


def test_the_table_has_every_cell_and_no_other():
    assert list(DOCUMENTED) == CELLS


@pytest.fixture(scope="module")
def _warm():
    """What the first call imports does not count."""
    for backend in BACKENDS:
        asyncio.run(read_whole(backend))


async def read_whole(backend):
    async with (
        SandboxGateway() as gateway,
        Koscom(impatient(gateway.settings, **POLICY, backend=backend)) as koscom,
    ):
        assert (await koscom.holdings(gateway.investor)).complete


@pytest.mark.usefixtures("_warm", "backend", "hurry")
@pytest.mark.parametrize(("fault", "where"), CELLS, ids=[f"{fault}-{where}" for fault, where in CELLS])
async def test_a_fault_costs_its_own_accounts_and_no_more(fault, where):
    row = DOCUMENTED[fault, where]
    cells = []
    for _ in range(TRIES):
        cells.append(await run(fault, where))
        if not is_late(cells[-1], row["time"]):
            break
    assert {cell.got for cell in cells if not is_late(cell, row["time"])} == {row["got"]}
    assert max(cell.calls for cell in cells) <= int(row["calls"])
    assert min(cell.seconds for cell in cells) <= DEADLINE_SECONDS + OVERRUN_SECONDS
    assert row["time"] == time_of(row["got"])


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


async def measured() -> None:
    """Print the table, and to the error output the seconds that each cell took."""
    say("| fault | brokers | what the caller gets | calls | time |\n|---|---|---|---|---|")
    for fault, where in CELLS:
        cell = await run(fault, where)
        say(f"| `{fault}` | {where} | {cell.got} | {cell.calls} | {time_of(cell.got)} |")
        sys.stderr.write(f"{cell.seconds:.3f} s of {DEADLINE_SECONDS:g}\n")


if __name__ == "__main__":
    asyncio.run(measured())
