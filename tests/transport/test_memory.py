"""What came is refused or waits where it would take more memory than there is for it, and the error names the budget."""

import asyncio
import gzip
import subprocess
import sys
import textwrap
from pathlib import Path

import anyio
import pytest

import koscom_async
from koscom_async import Backend, ResponseTooLargeError
from koscom_async._transport.memory import MAX_OBJECTS, MAX_VALUES, SMALL_BYTES, ReadingBudget, check_values
from koscom_async._transport.reading import BodyReader
from tests.fake_time import settled

MB = 2**20


def body_of(size):
    return b" " * size


async def test_large_bodies_take_turns_in_the_order_of_asking_and_small_ones_never_wait():
    budget, entered = ReadingBudget(10 * MB), []
    ends = {name: anyio.Event() for name in "abcd"}

    async def read(name, size):
        async with budget.room_for(body_of(size)):
            entered.append(name)
            await ends[name].wait()

    async with anyio.create_task_group() as group:
        for name, size in (("a", 6 * MB), ("b", 6 * MB), ("c", 4 * MB), ("d", SMALL_BYTES)):
            group.start_soon(read, name, size)
            await settled()
        # There is room for `c`, which came after `b`.
        assert entered == ["a", "d"]
        ends["a"].set()
        await settled()
        assert entered == ["a", "d", "b", "c"]
        for end in ends.values():
            end.set()
    assert budget.free == 10 * MB


async def test_a_body_larger_than_the_budget_is_read_alone():
    budget = ReadingBudget(MB)
    async with budget.room_for(body_of(3 * MB)):
        assert budget.free == 0
    assert budget.free == MB


@pytest.mark.parametrize("is_granted", [False, True])
async def test_who_is_cancelled_while_waiting_leaves_the_room_to_others(is_granted):
    budget, entered = ReadingBudget(8 * MB), []

    async def read(name, size):
        async with budget.room_for(body_of(size)):
            entered.append(name)

    async with budget.room_for(body_of(6 * MB)):
        cancelled = asyncio.ensure_future(read("cancelled", 7 * MB))
        await settled()
        following = asyncio.ensure_future(read("following", 2 * MB))
        await settled()
        assert entered == []
        if not is_granted:
            cancelled.cancel()
            await settled()
            assert entered == ["following"]
    cancelled.cancel()  # right after its turn was granted
    await following
    assert cancelled.cancelled()
    assert entered == ["following"]
    assert budget.free == 8 * MB


@pytest.mark.parametrize("backend", [Backend.CORE, Backend.FAST])
@pytest.mark.parametrize(
    ("most", "one", "budget"),
    [(MAX_VALUES, b"0,", "values"), (MAX_OBJECTS, b"{},", "objects"), (MAX_OBJECTS, b"[],", "objects")],
)
async def test_a_document_of_too_many_values_is_refused_before_any_is_made(backend, most, one, budget):
    made = []
    bodies = BodyReader(backend, max_reading_bytes=MB)
    bodies.json = made
    call = type("Call", (), {"charge": None})()
    with pytest.raises(ResponseTooLargeError, match=f"more than {most:,} {budget}") as caught:
        await bodies.read_answer(call, b'{"a":[' + one * most + b"0]}" + b" " * SMALL_BYTES)
    assert (caught.value.budget, caught.value.retriable, made) == (budget, False, [])
    check_values(b'{"a":[' + one * (most // 2 - 3) + b"0]}" + b" " * SMALL_BYTES)


HOSTILE = {
    "ten megabytes of zeros": b'{"x":[' + b"0," * (5 * MB) + b"0]}",
    "brackets": b'{"x":[' + b"[]," * (2 * MB) + b"0]}",
    "objects": b'{"x":[' + b"{}," * 150_000 + b"0]}",
    "a number of eight megabytes": b'{"x":' + b"7" * (8 * MB - 100) + b"}",
    **dict.fromkeys("123", b'{"x":[' + b"0," * (MAX_VALUES * 7 // 10) + b"0]}"),  # not too many for one
}

PROGRAM = """
    import resource, sys
    from pathlib import Path
    import anyio, httpx
    from koscom_async import BrokerOverrides, KoscomError
    from koscom_async._services import balance
    from koscom_async.brokers import find_broker
    from koscom_async.models.member import VirtualAccount
    from tests.client.fake_gateway import FakeGateway, investor_of, ok, said, share

    packed = {Path(name).name: Path(name).read_bytes() for name in sys.argv[1:]}

    def large_page(question):
        page = 0 if question.page == "null" else int(question.page)
        rows = [share(f"KR{page:04}{number:06}") | {"memo": "x" * 250_000} for number in range(24)]
        return ok(said(question, {"equityList": rows}, total=10**6, page=str(page + 1)))

    def script(question):
        if question.number == "pages":
            return large_page(question)
        return httpx.Response(
            200, stream=httpx.ByteStream(packed[question.number]), headers={"Content-Encoding": "gzip"}
        )

    async def ask(koscom, number):
        account = VirtualAccount(broker=find_broker(short_name="star"), number=number)
        try:
            await koscom.account.balance(investor_of(), account)
        except KoscomError as error:
            print(type(error).__name__, getattr(error, "budget", ""))

    async def main():
        gateway = FakeGateway({"star": script})
        async with gateway.client(brokers={"star": BrokerOverrides(supports_all=True)}, backend="core") as koscom:
            async with anyio.create_task_group() as group:
                for number in (*packed, "pages"):
                    group.start_soon(ask, koscom, number)

    lines = Path("/proc/self/status").read_text().splitlines()
    now = int(next(line for line in lines if line.startswith("VmSize")).split()[1]) * 1024
    resource.setrlimit(resource.RLIMIT_AS, (now + 450 * 2**20,) * 2)
    anyio.run(main)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits the address space")
def test_seven_hostile_answers_and_endless_pages_at_once_fit_into_450_megabytes(tmp_path):
    paths = []
    packed = {body: gzip.compress(body, 4) for body in set(HOSTILE.values())}
    for number, body in enumerate(HOSTILE.values()):
        paths.append(tmp_path / f"{number}")
        paths[-1].write_bytes(packed[body])
        assert paths[-1].stat().st_size < 20_000
    ended = subprocess.run(  # noqa: S603  # this Python
        [sys.executable, "-c", textwrap.dedent(PROGRAM), *map(str, paths)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=Path(koscom_async.__file__).parent.parent,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert sorted(ended.stdout.splitlines()) == [
        *["MalformedResponseError "] * 4,
        "ResponseTooLargeError max_answer_bytes",
        "ResponseTooLargeError max_response_bytes",
        "ResponseTooLargeError objects",
        "ResponseTooLargeError values",
    ]
