"""Every hostile seat, and what a neighbour sees of it: `isolation.md` says it, and this test holds it.

The gateway is scripted, so that a call which is not answered takes no time: it waits until the test ends. A neighbour
who had to wait for one would not be answered either. The neighbour's own answers take a set time each, by a clock that
counts what this process works, and jumps over waits: how much longer the neighbour waits is a ratio of that clock's.
`python -m tests.end_to_end.test_isolation` prints the table as measured.
"""

import asyncio
import gzip
import re
import sys
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from time import thread_time
from typing import Any

import anyio
import httpx
import pytest
import redis
from attrs import define, evolve, field, frozen

from koscom_async import (
    BrokerLimits,
    Koscom,
    KoscomError,
    Limits,
    LimitsUnavailableError,
    MemoryTokenStore,
    Retry,
    VirtualAccount,
)
from koscom_async._transport.limits.limiter import ProcessLimiter
from koscom_async._transport.limits.quota import FIRST_PROBE
from koscom_async.brokers import find_broker
from koscom_async.integrations.redis import RedisLimiter
from koscom_async.tokens import token_key
from koscom_async.tokens.records import read_record
from tests.client.fake_gateway import (
    URL,
    Book,
    FakeGateway,
    investor_of,
    link,
    ok,
    refusal,
    said,
    settings_of,
    share,
    transactions,
)
from tests.fake_time import settled
from tests.hurry import hurrying
from tests.loads import MB, Load, measured_load
from tests.machine import require_program
from tests.redis_server import RedisServer

DOCUMENT = Path(__file__).with_name("isolation.md").read_text(encoding="utf-8")

HOSTILE, NEIGHBOUR = investor_of("A"), investor_of("B")
MARKS = NEIGHBOUR.ci.encode(), NEIGHBOUR.token.refresh.encode()
SOUND = Book({"EQTY": [share()]})
DEADLINE_SECONDS = 20
"""A neighbour who waits for the attack fails at this deadline; the others are answered long before."""
ANSWER_SECONDS = 0.25
"""How long each of the neighbour's own calls takes."""
MOST_DELAY, MOST_HOLD_SECONDS, MOST_BYTES = 2.0, 0.05, 96 * MB
TRIES = 3
"""A machine that does other work in between makes one measurement worse, and not all."""
MANY = 12
"""More than enough failures to open a breaker."""


@define
class Town(FakeGateway):
    """A gateway with a list of accounts, or a script for it, for each investor; the neighbour's is at diamond."""

    lists: dict[str, object] = field(factory=dict)
    dead: set[str] = field(factory=set)
    seconds_worked: float = 0.0

    def __attrs_post_init__(self) -> None:
        self.consent = self._worked(self._listed)
        self.lists = {NEIGHBOUR.ci: [link("diamond", "neighbour")]} | self.lists
        self.scripts = {
            number: self._worked(script) for number, script in ({"neighbour": SOUND} | self.scripts).items()
        }

    def _listed(self, question):
        listed = self.lists[question.body["commonHeader"]["ci"]]
        return ok({"vtAccList": listed}) if isinstance(listed, list) else listed(question)

    def _worked(self, script):
        """Count the time in which a script makes its answer, which is not the client's."""

        def timed(question):
            began = thread_time()
            reply = script(question)
            self.seconds_worked += thread_time() - began
            return reply

        return timed

    async def __call__(self, request):
        # Over a network no answer is there at once, so that other tasks run.
        await anyio.sleep(ANSWER_SECONDS if any(mark in request.content for mark in MARKS) else 0)
        if request.headers.get("authorization", "").removeprefix("Bearer ") in self.dead:
            self.requests.append(request)
            return httpx.Response(401, json={"code": "401", "message": "Unauthorized"})
        return await super().__call__(request)

    @property
    def calls_of_neighbour(self) -> int:
        return sum(any(mark in request.content for mark in MARKS) for request in self.requests)

    def client(self, **changes) -> Koscom:
        # Without retries.
        return super().client(**{"retry": Retry(attempts=1)} | changes)


@frozen
class Seen:
    """What the neighbour got, and in how many calls; how many times as long as their answers took, and at what load."""

    got: str
    calls: int
    delay: float = field(default=0.0, eq=False)
    load: Load = field(factory=Load, eq=False)

    @property
    def is_bounded(self) -> bool:
        """Whether time and memory are within their bounds."""
        return (
            self.delay <= MOST_DELAY
            and self.load.hold_seconds < MOST_HOLD_SECONDS
            and (self.load.peak_bytes or 0) <= MOST_BYTES
        )

    def __str__(self) -> str:
        memory = "" if self.load.peak_bytes is None else f"{self.load.peak_bytes / MB:.0f} MB"
        return f"{self.got} | {self.calls} | {self.delay:.1f} × | {self.load.hold_seconds * 1000:.0f} ms | {memory}"


Attack = Callable[[Town], Awaitable[Seen]]
Ask = Callable[..., Awaitable[Any]]
ATTACKS: dict[tuple[str, str], tuple[Callable[[], Town], Attack]] = {}


def attack(seat: str, what: str, **town):
    """Put an attack into the table: `town` is how the gateway is made."""

    def added(function):
        ATTACKS[seat, what] = (lambda: Town(**town), function)
        return function

    return added


async def seen_by_neighbour(koscom: Koscom, town: Town, ask: Ask = Koscom.holdings) -> Seen:
    """Ask the neighbour's holdings, or something else, and say what came."""
    before, began = town.calls_of_neighbour, anyio.current_time()
    try:
        holdings = await ask(koscom, NEIGHBOUR, deadline=DEADLINE_SECONDS)
    except KoscomError as error:
        return Seen(f"`{type(error).__name__}`", town.calls_of_neighbour)
    seconds = ANSWER_SECONDS * (town.calls_of_neighbour - before)
    delay = (anyio.current_time() - began) / seconds
    read = len(holdings.outcomes) - len(holdings.failures)
    errors = "".join(f"; `{type(each.error).__name__}`" for each in holdings.failures)
    return Seen(f"{read} of {len(holdings.outcomes)} accounts{errors}", town.calls_of_neighbour, delay)


async def asked(koscom: Koscom, times: int = MANY, ask: Ask = Koscom.holdings) -> None:
    """Ask the hostile investor's holdings, or something else, again and again."""
    for _ in range(times):
        with suppress(KoscomError):
            await ask(koscom, HOSTILE, deadline=DEADLINE_SECONDS)


def plain_500(_):
    return httpx.Response(500)


def no_answer(_):
    return httpx.ReadTimeout("silent")


def sound_with_calls_left(question):
    reply = SOUND(question)
    reply.headers["X-RateLimit-Remaining-Day"] = "40000"
    return reply


ONE_ACCOUNT = {HOSTILE.ci: [link("diamond", "hostile")]}


@attack(
    "account",
    "its balance answers a plain 500, asked twelve times",
    lists=ONE_ACCOUNT,
    scripts={"hostile": plain_500},
)
@attack(
    "account",
    "its balance is never answered in time, asked twelve times",
    lists=ONE_ACCOUNT,
    scripts={"hostile": no_answer},
)
@attack(
    "account",
    "it refuses a query for all classes (6001), asked twelve times",
    lists=ONE_ACCOUNT,
    scripts={"hostile": Book({"EQTY": [share()]}, answers_all=False)},
)
@attack("list", "it answers a plain 500, asked twelve times", lists={HOSTILE.ci: plain_500})
async def polled(town: Town) -> Seen:
    async with town.client() as koscom:
        await asked(koscom)
        return await seen_by_neighbour(koscom, town)


def endless(question):
    if question.asset_class not in {"ALL", "EQTY"}:
        return ok(said(question, {}, total=0))
    page = 0 if question.page == "null" else int(question.page)
    rows = [share(f"KR{page:04d}{number:06d}") for number in range(100)]
    return ok(said(question, {"equityList": rows}, total=10**6, page=str(page + 1)))


def with_rows(*rows, **beside):
    """Answer with these rows, and something else that has no name in the documents."""
    return lambda question: ok(said(question, {"equityList": rows}, total=len(rows)) | beside)


ZEROS = gzip.compress(b'{"x":[' + b"0," * (5 * 2**20) + b"0]}")


def packed_zeros(_):
    return httpx.Response(200, stream=httpx.ByteStream(ZEROS), headers={"Content-Encoding": "gzip"})


@attack(
    "account",
    "its balance is ten megabytes of zeros in ten kilobytes, asked four times at once",
    lists=ONE_ACCOUNT,
    scripts={"hostile": packed_zeros},
)
@attack(
    "account",
    "its quantity is 40,000 digits and a letter, asked four times at once",
    lists=ONE_ACCOUNT,
    scripts={"hostile": Book({"EQTY": [share() | {"qty": "1" * 40_000 + "x"}]})},
)
@attack(
    "account",
    "its rows have 9,000 fields each, asked four times at once",
    lists=ONE_ACCOUNT,
    scripts={"hostile": with_rows(*[share() | {f"k{number}": number for number in range(9000)}] * 2)},
)
@attack(
    "account",
    "its page has 4,000 rows of one value, with a blank in each code, asked four times at once",
    lists=ONE_ACCOUNT,
    scripts={"hostile": with_rows(*(share(f" KR7{number:09}") for number in range(4000)))},
)
@attack(
    "account",
    "its answer holds a text of seven million characters, asked four times at once",
    lists=ONE_ACCOUNT,
    scripts={"hostile": with_rows(share(), x="x" * 7_000_000)},
)
@attack(
    "account",
    "its answer holds 400,000 empty lists, asked four times at once",
    lists=ONE_ACCOUNT,
    scripts={"hostile": with_rows(share(), x=[[]] * 400_000)},
)
@attack(
    "account",
    "its pages have a hundred rows each and no end, asked four times at once",
    lists=ONE_ACCOUNT,
    scripts={"hostile": endless},
)
@attack(
    "list",
    "it names 20,000 accounts, asked four times at once",
    lists={HOSTILE.ci: [link("diamond", f"{number}") for number in range(20_000)]},
)
@attack(
    "list",
    "a broker's code in it is a line of a log and a terminal's escape, asked four times at once",
    lists={HOSTILE.ci: [link("diamond", "hostile", comId="9\nCRITICAL root: forged\x1b[2J", endpoint=None)]},
)
async def asked_at_once(town: Town) -> Seen:
    async with town.client() as koscom, anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(asked, koscom, 1)
        seen = await seen_by_neighbour(koscom, town)
        group.cancel_scope.cancel()
    return seen


def invented(name: str) -> list[dict[str, object]]:
    """Return accounts at a broker of that name."""
    return [
        link("diamond", f"invented-{number}", comId="77777", endpoint=f"{URL}/v1/{name}/account/")
        for number in range(MANY)
    ]


def renewed(form):
    if form["refresh_token"].endswith("A"):
        return httpx.Response(500, json={"error": "server_error"})
    return httpx.Response(
        200, json={"access_token": "NEW", "refresh_token": "NEW-R", "token_type": "bearer", "expires_in": 99}
    )


def named(name: str) -> dict[str, object]:
    down = refusal("3600", 503)
    return {"lists": {HOSTILE.ci: invented(name)}, "scripts": {name: lambda _: down}}


@attack("list", "it names twelve accounts at a broker called `common`, which answers 503", **named("common"))
@attack(
    "list",
    "it names twelve accounts at a broker called `auth`, which answers 503; the neighbour's token is dead",
    **named("auth"),
    dead={NEIGHBOUR.token.access},
    authorization=renewed,
)
async def listed(town: Town) -> Seen:
    async with town.client() as koscom:
        await asked(koscom, 1)
        return await seen_by_neighbour(koscom, town)


@attack(
    "investor",
    "its renewals answer `server_error`, asked twelve times; the neighbour's token is dead, too",
    lists=ONE_ACCOUNT,
    scripts={"hostile": SOUND},
    dead={HOSTILE.token.access, NEIGHBOUR.token.access},
    authorization=renewed,
)
async def renewing(town: Town) -> Seen:
    async with town.client() as koscom:
        await asked(koscom)
        return await seen_by_neighbour(koscom, town)


def with_no_calls_left(status):
    def script(question):
        reply = SOUND(question) if status == 200 else httpx.Response(status, json={"message": "too many"})
        reply.headers["X-RateLimit-Limit-Day"] = "50000"
        reply.headers["X-RateLimit-Remaining-Day"] = "0"
        return reply

    return script


ELSEWHERE = [link("star", "hostile")]


@attack(
    "account",
    "its answers say that no call is left today, under 200",
    lists=ONE_ACCOUNT,
    scripts={"hostile": with_no_calls_left(200)},
)
async def counted(town: Town) -> Seen:
    async with town.client() as koscom:
        await asked(koscom)
        return await seen_by_neighbour(koscom, town)


@attack(
    "broker",
    "it answers 429 and says that no call is left today; the neighbour is asked a second later, and again",
    lists={HOSTILE.ci: ELSEWHERE},
    scripts={"hostile": with_no_calls_left(429), "neighbour": sound_with_calls_left},
)
async def refused(town: Town) -> Seen:
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    limiter = ProcessLimiter(Limits(default=BrokerLimits(rate=1e6, burst=1000)), now=lambda: now)
    async with town.client(limiter=limiter) as koscom:
        await asked(koscom)
        now += FIRST_PROBE
        seen = await seen_by_neighbour(koscom, town)
        await asked(koscom)
        again = await seen_by_neighbour(koscom, town)
        return evolve(
            max(seen, again, key=lambda each: each.delay), got=again.got, calls=again.calls - seen.calls
        )


SILENT = {
    "ebest": "00063",
    "meritz": "00010",
    "sk": "00025",
    "yuanta": "00024",
    "eugene": "00008",
}


async def silent(_):
    await anyio.sleep_forever()


@attack(
    "broker",
    "five brokers stay silent; twenty holdings with an account at each are under way",
    lists={
        HOSTILE.ci: [
            link("diamond", name, comId=code, endpoint=f"{URL}/v1/{name}/account/")
            for name, code in SILENT.items()
        ]
    },
    scripts=dict.fromkeys(SILENT, silent),
)
async def silent_brokers(town: Town) -> Seen:
    # The slots of a client by default, and no wait for its rates.
    limits = Limits(default=BrokerLimits(rate=1e6, burst=1000))
    async with town.client(limits=limits) as koscom, anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(koscom.holdings, HOSTILE)
        await settled(100)
        assert len(town.questions) >= 30  # all slots that they may take
        seen = await seen_by_neighbour(koscom, town)
        group.cancel_scope.cancel()
    return seen


@attack(
    "list",
    "it names 150 accounts, each at an invented broker, which stays silent",
    lists={
        HOSTILE.ci: [
            link(
                "diamond", f"invented-{number}", comId="77777", endpoint=f"{URL}/v1/broker-{number}/account/"
            )
            for number in range(150)
        ]
    },
    scripts=dict.fromkeys((f"broker-{number}" for number in range(150)), silent),
)
async def invented_brokers(town: Town) -> Seen:
    limits = Limits(brokers={"diamond": BrokerLimits()}, default=BrokerLimits(rate=1e6, burst=1000))
    async with town.client(limits=limits) as koscom, anyio.create_task_group() as group:
        group.start_soon(koscom.holdings, HOSTILE)
        await settled(100)
        assert len(town.questions) == limits.default.in_flight  # the invented ones share one broker's limits
        seen = await seen_by_neighbour(koscom, town)
        assert [each.broker for each in koscom.statistics().brokers] == ["common", "diamond", "unregistered"]
        group.cancel_scope.cancel()
    return seen


@attack(
    "investor",
    "three years of transactions are read three days at a time; the neighbour has an account at that broker",
    lists={HOSTILE.ci: []},
)
async def reading_years(town: Town) -> Seen:
    account = VirtualAccount(broker=find_broker(short_name="diamond"), number="hostile")
    under_way = anyio.Event()

    def by_three_days(question):
        if len(town.questions) > 20:
            under_way.set()
        return transactions(question, most_days=3)

    town.scripts["hostile"] = by_three_days
    limits = Limits(default=BrokerLimits(rate=200, burst=1))
    async with town.client(limits=limits) as koscom, anyio.create_task_group() as group:
        group.start_soon(koscom.account.transactions, HOSTILE, account, date(2019, 1, 1), date(2021, 12, 31))
        await under_way.wait()
        # The neighbour stands behind as many windows as may be in flight, at each call, and not behind all 360.
        seen = await seen_by_neighbour(koscom, town)
        group.cancel_scope.cancel()
    return seen


@attack(
    "account",
    "its refusals of a range (6006) allow one day, asked twelve times; the neighbour asks for three years",
    lists=ONE_ACCOUNT,
    scripts={"hostile": partial(transactions, most_days=1), "neighbour": transactions},
)
async def refusing_ranges(town: Town) -> Seen:
    three_years = partial(Koscom.transactions, since=date(2019, 1, 1), until=date(2021, 12, 31))
    two_days = partial(Koscom.transactions, since=date(2021, 12, 30), until=date(2021, 12, 31))
    async with town.client() as koscom:
        await asked(koscom, ask=two_days)
        return await seen_by_neighbour(koscom, town, three_years)


def repeated(form):
    token = form["refresh_token"].replace("REFRESH", "TOKEN")
    return httpx.Response(
        200, json={"access_token": token, "refresh_token": form["refresh_token"], "expires_in": 9}
    )


@attack(
    "investor",
    "its renewals return the same dead token, asked twelve times",
    lists=ONE_ACCOUNT,
    scripts={"hostile": SOUND},
    dead={HOSTILE.token.access},
    authorization=repeated,
)
async def repeating(town: Town) -> Seen:
    async with town.client() as koscom:
        await asked(koscom)
        assert len(town.grants) == 1
        return await seen_by_neighbour(koscom, town)


class Spoilt(MemoryTokenStore):
    """A store in which one record was spoilt: what the reader of records makes of it."""

    def __init__(self, record):
        super().__init__()
        self.record = record

    async def load(self, key):
        is_hostile = key == token_key(settings_of(), HOSTILE)
        return read_record(self.record, key=key, seal=None) if is_hostile else await super().load(key)


@attack(
    "key",
    "its token's record in the store has expired in the year 1, or is sealed",
    lists=ONE_ACCOUNT,
    scripts={"hostile": SOUND},
)
async def stored(town: Town) -> Seen:
    seen = []
    for record in (
        {"access": "a", "refresh": "r", "expires_at": "0001-01-01T00:00:00+00:00"},
        {"sealed": "x"},
    ):
        town.requests.clear()
        settings, transport = settings_of(retry=Retry(attempts=1)), httpx.MockTransport(town)
        async with Koscom(settings, transport=transport, tokens=Spoilt(record)) as koscom:
            await asked(koscom)
            seen.append(await seen_by_neighbour(koscom, town))
    assert seen[0] == seen[1]
    return seen[0]


@attack(
    "key",
    "its broker's limits in Redis are a text",
    lists={HOSTILE.ci: ELSEWHERE},
    scripts={"hostile": SOUND},
)
async def shared(town: Town) -> Seen:
    with RedisServer(require_program("redis_command")) as server, redis.Redis.from_url(server.url) as client:
        client.set("{koscom}:broker:star", "something else")
        async with town.client(limiter=RedisLimiter(server.url, settings_of().limits, timeout=5.0)) as koscom:
            holdings = await koscom.holdings(HOSTILE, deadline=DEADLINE_SECONDS)
            assert [type(each.error) for each in holdings.failures] == [LimitsUnavailableError]
            await asked(koscom)
            return await seen_by_neighbour(koscom, town)


ROW = re.compile(
    r"^\| (?P<seat>\w+) \| (?P<attack>.+?) \| (?P<got>\d of .*?|`.*?`) \| (?P<calls>\d+)"
    r" \| (?P<delay>[\d.]+) × \| (?P<hold>\d+) ms \| (?P<memory>\d+) MB \|$",
    re.MULTILINE,
)
DOCUMENTED = {
    (row["seat"], row["attack"]): Seen(
        row["got"],
        int(row["calls"]),
        float(row["delay"]),
        Load(int(row["hold"]) / 1000, int(row["memory"]) * MB),
    )
    for row in ROW.finditer(DOCUMENT)
}


def test_the_table_has_every_attack_and_no_other():
    assert set(DOCUMENTED) == set(ATTACKS)


async def run(make: Callable[[], Town], strike: Attack) -> Seen:
    """Let an attack strike, and return what the neighbour saw; where it is too much, the least of several times."""
    for _ in range(TRIES):
        town = make()
        with ExitStack() as stack:
            # Only Redis is asked over a socket, and answers within a fraction of the time that is waited there.
            quiet = {} if strike is shared else {"quiet_seconds": 0.0}
            clock = stack.enter_context(hurrying(asyncio.get_running_loop(), **quiet))
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            patch.setitem(ProcessLimiter.__init__.__kwdefaults__, "clock", clock)
            stack.enter_context(anyio.fail_after(2 * DEADLINE_SECONDS))
            load = stack.enter_context(measured_load(lambda: town.seconds_worked))  # noqa: B023  # of this round
            seen = await strike(town)
        seen = evolve(seen, load=load)
        if seen.is_bounded:
            break
    return seen


async def alone(town: Town) -> Seen:
    async with town.client() as koscom:
        return await seen_by_neighbour(koscom, town)


async def test_without_an_attack_the_neighbour_waits_for_two_answers():
    seen = await run(Town, alone)
    assert seen == Seen("1 of 1 accounts", 2)
    assert 1 <= seen.delay < 1.2


def test_every_row_of_the_table_is_within_the_bounds():
    assert [row for row, seen in DOCUMENTED.items() if not seen.is_bounded] == []


@pytest.mark.parametrize(("seat", "what"), DOCUMENTED, ids=[" ".join(row) for row in DOCUMENTED])
async def test_a_hostile_seat_costs_its_neighbour_nothing(seat, what):
    seen = await run(*ATTACKS[seat, what])
    assert seen == DOCUMENTED[seat, what]
    assert seen.is_bounded, str(seen)


async def measured() -> None:
    """Print the table."""
    heads = ("seat", "attack", "what the neighbour gets", "calls", "delay", "longest hold", "memory")
    sys.stdout.write(f"| {' | '.join(heads)} |\n{'|---' * len(heads)}|\n")
    for (seat, what), entry in ATTACKS.items():
        sys.stdout.write(f"| {seat} | {what} | {await run(*entry)} |\n")


if __name__ == "__main__":
    asyncio.run(measured())
