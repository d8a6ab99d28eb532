"""Runs over small crowds at an in-process sandbox: a sink in memory, clients at high rates, and what must hold."""

from contextlib import asynccontextmanager

from attrs import evolve

from koscom_async import Breaker, BrokerLimits, Koscom, Limits, Retry
from koscom_async.sandbox import SandboxGateway, crowd


class MemorySink:
    """Keeps segments in memory; what it is told to raise, it raises once."""

    fingerprint = "memory 1"

    def __init__(self):
        self.segments = {}
        self.runs = []
        self.failures = []

    def open(self, run):
        self.runs.append(run)

    def has(self, segment):
        return segment in self.segments

    def commit(self, segment):
        if self.failures:
            raise self.failures.pop()
        assert segment.number not in self.segments
        self.segments[segment.number] = segment

    @property
    def entries(self):
        return [entry for _, segment in sorted(self.segments.items()) for entry in segment.entries]

    @property
    def by_key(self):
        assert len({entry.key for entry in self.entries}) == len(self.entries), "a key came twice"
        return {entry.key: entry for entry in self.entries}


FAST = Limits(default=BrokerLimits(rate=5_000.0, burst=100))


@asynccontextmanager
async def client_of(gateway, *, limits=FAST, cool_down=0.05, **options):
    settings = evolve(
        gateway.settings,
        limits=limits,
        retry=Retry(attempts=1),
        breaker=Breaker(failures=4, cool_down=cool_down, investors=2),
    )
    async with Koscom(settings, **{"transport": gateway.transport} | options) as koscom:
        yield koscom


@asynccontextmanager
async def gateway_of(size, **options):
    pages = {
        "diamond": 100,
        "cyber": 100,
        "star": 100,
    }  # few calls: the tests are about who is asked, and when
    async with SandboxGateway(in_process=True, ledger=crowd(size), page_sizes=pages, **options) as gateway:
        yield gateway


def keyed(gateway):
    """The gateway's investors under names of the caller's own."""
    return [(f"customer {number}", investor) for number, investor in enumerate(gateway.investors)]


def check_whole(sink, gateway):
    """Every investor is in the output once, whole, with their own accounts and nobody else's."""
    people = {f"customer {number}": person for number, person in enumerate(gateway.ledger.people)}
    assert sink.by_key.keys() == people.keys()
    for key, entry in sink.by_key.items():
        assert entry.complete, (
            key,
            entry,
            entry.holdings and [str(each.error) for each in entry.holdings.failures],
        )
        numbers = sorted(outcome.account.number for outcome in entry.holdings.outcomes)
        assert numbers == sorted(account.number for account in people[key].accounts)


def balances(gateway):
    """How many calls each broker got."""
    counts = {}
    for call in gateway.calls:
        if call.endpoint == "account.balance":
            counts[call.broker] = counts.get(call.broker, 0) + 1
    return counts
