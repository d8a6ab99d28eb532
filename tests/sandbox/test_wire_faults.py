"""Faults of bytes, time and paging, each as plain httpx meets it, over a socket and in process alike."""

from random import Random
from statistics import fmean, median

import httpx
import pytest

from koscom_async.sandbox import Exponential, Fault, LongTail, SandboxGateway, Uniform
from koscom_async.sandbox.delivery import Fixed
from koscom_async.sandbox.fault_kinds import find_kind
from koscom_async.sandbox.fault_kinds.answers import Flapping
from tests.sandbox.asking import asking
from tests.sandbox.test_answers import rows_of
from tests.sandbox.test_faults import result_of

BREAKS = {
    "half-closed": (
        httpx.RemoteProtocolError,
        r"peer closed connection without sending complete message body",
    ),
    "chunked-garbage": (httpx.RemoteProtocolError, "illegal chunk header"),
    "silent": (httpx.ReadTimeout, None),
    "length-long": (httpx.ReadTimeout, None),
    "reset": (httpx.ReadError, None),
}


@pytest.mark.parametrize("kind", BREAKS)
async def test_a_broken_answer_is_an_error_of_the_connection(ask, kind):
    error, message = BREAKS[kind]
    ask.gateway.set_fault("star", kind)
    with pytest.raises(error, match=message):
        await ask.client.post(
            "/v1/star/account/balance/search",
            json=ask.message(),
            headers=ask.bearer,
            timeout=httpx.Timeout(60, read=0.05),
        )
    ask.gateway.clear_faults()
    assert (await ask.balance("star")).status_code == 200


async def test_a_length_that_is_too_short_cuts_the_document(ask):
    whole = await ask.balance("star", "EQTY")
    ask.gateway.set_fault("star", "length-short")
    half = await ask.balance("star", "EQTY")
    with pytest.raises(ValueError, match=r"(?i)delimiter|unterminated|expecting"):
        half.json()
    assert len(half.content) == len(whole.content) // 2


async def test_drip_sends_every_byte_alone(ask):
    whole = await ask.balance("star", "FUND")
    ask.gateway.set_fault("star", "drip:0")
    async with ask.client.stream(
        "POST", "/v1/star/account/balance/search", json=ask.message("star", "FUND"), headers=ask.bearer
    ) as answer:
        pieces = [piece async for piece in answer.aiter_raw()]
    assert len(b"".join(pieces)) == len(whole.content)


@pytest.mark.parametrize(("kind", "megabytes"), [("huge:3", 3), ("gzip-bomb:3", 3)])
async def test_large_bodies_are_as_large_as_they_say(ask, kind, megabytes):
    ask.gateway.set_fault("star", kind)
    answer = await ask.balance("star")
    assert len(answer.content) // 2**20 == megabytes


async def test_a_bomb_is_a_thousandth_of_its_size_on_the_wire(ask_quickly):
    ask_quickly.gateway.set_fault("star", "gzip-bomb:100")
    async with ask_quickly.client.stream(
        "POST", "/v1/star/account/balance/search", json=ask_quickly.message(), headers=ask_quickly.bearer
    ) as answer:
        on_the_wire = sum([len(piece) async for piece in answer.aiter_raw()])
    assert on_the_wire < 100 * 2**20 / 900


async def test_a_storm_may_give_no_time_to_wait(ask_quickly):
    ask_quickly.gateway.set_fault("star", "429:none")
    answer = await ask_quickly.balance("star")
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, False)


async def test_a_spent_quota_is_in_the_headers(ask_quickly):
    ask_quickly.gateway.set_fault("star", "quota")
    answer = await ask_quickly.balance("star")
    assert (answer.status_code, answer.headers["X-RateLimit-Remaining-Day"]) == (429, "0")


@pytest.mark.parametrize(("broker", "status"), [("diamond", 401), ("star", 400)])
async def test_a_token_dies_in_the_brokers_own_spelling_and_when_it_is_told(broker, status):
    async with asking(faults={broker: Fault("dead-token", after=1, times=1)}) as ask:
        answers = [await ask.balance(broker) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, status, 200]
    assert answers[1].json()["error_description"] == "The access token does not exist or has expired"


async def test_flapping_goes_up_and_down_by_calls():
    async with asking(faults={"star": "flapping:2"}) as ask:
        statuses = [(await ask.balance("star")).status_code for _ in range(7)]
    assert statuses == [200, 200, 503, 503, 200, 200, 503]


def test_flapping_goes_up_and_down_by_the_clock():
    now = 100.0
    kind = Flapping("flapping:2s", clock=lambda: now)
    is_down = {}
    for now in (100, 101.9, 102, 103.9, 104.1, 106):
        is_down[now] = kind.instead("star") is not None
    assert list(is_down.values()) == [False, False, True, True, False, True]


async def all_rows(ask, broker, asset_type):
    pages = await ask.pages(broker, asset_type)
    totals = {answer["balanceResponseBody"]["queryResult"]["totalCnt"] for answer in pages}
    return [[row["isinCode"] for row in rows_of(answer, asset_type)] for answer in pages], totals


async def test_pages_that_come_twice_or_in_another_order(ask_quickly):
    ask = ask_quickly
    sound, totals = await all_rows(ask, "cyber", "EQTY")
    assert [len(page) for page in sound] == [2, 2, 2, 1]
    ask.gateway.set_fault("cyber", "duplicate-page")
    assert await all_rows(ask, "cyber", "EQTY") == ([sound[0], *sound], totals)
    ask.gateway.set_fault("cyber", "forgotten-page")
    assert await all_rows(ask, "cyber", "EQTY") == ([sound[0]] * 4, totals)
    ask.gateway.set_fault("cyber", "shuffled-pages")
    shuffled, _ = await all_rows(ask, "cyber", "EQTY")
    assert sum(shuffled, []) == sum(sound, [])[::-1]  # noqa: RUF017  # seven rows


async def test_one_page_is_never_spoiled_by_paging(ask_quickly):
    ask_quickly.gateway.set_fault("diamond", "forgotten-page")
    assert result_of(await ask_quickly.balance("diamond", "ALL"))["page"] == "null"


@pytest.mark.parametrize(
    ("latency", "middle", "mean"),
    [
        (Fixed(0.2), 0.2, 0.2),
        (Uniform(0.1, 0.3), 0.2, 0.2),
        (Exponential(0.2), 0.139, 0.2),
        (LongTail(0.2), 0.2, 0.33),
    ],
)
def test_latencies_have_the_middle_and_the_mean_of_their_kind(latency, middle, mean):
    chance = Random(7)
    drawn = [latency.draw(chance) for _ in range(20_000)]
    assert median(drawn) == pytest.approx(middle, rel=0.05)
    assert fmean(drawn) == pytest.approx(mean, rel=0.05)
    assert latency.draw(Random(1)) == latency.draw(Random(1))


def test_a_long_tail_is_long():
    chance = Random(7)
    drawn = sorted(LongTail(0.1).draw(chance) for _ in range(20_000))
    assert drawn[int(0.99 * len(drawn))] == pytest.approx(1.0, rel=0.1)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("slow", 5, 5), ("slow:0.2", 0.2, 0.2), ("slow-uniform:0.1-0.2", 0.1, 0.2), ("slow-uniform", 0.1, 2)],
)
def test_slowness_is_told_by_its_name(name, low, high):
    kind = find_kind(name)
    drawn = [kind.seconds(Random(seed)) for seed in range(50)]
    assert low <= min(drawn) <= max(drawn) <= high


@pytest.mark.parametrize("name", ["slow-exponential:0.01", "slow-long-tail:0.01", "slow-long-tail"])
def test_slowness_is_drawn_each_time(name):
    kind, chance = find_kind(name, delay=1), Random(3)
    drawn = [kind.seconds(chance) for _ in range(5)]
    assert len(set(drawn)) == 5
    assert min(drawn) > 1


@pytest.mark.parametrize(
    "name",
    [
        "drip:x",
        "drip:-1",
        "slow:",
        "slow-uniform:1",
        "flapping:0",
        "flapping:0s",
        "flapping:-1s",
        "huge:0",
        "gzip-bomb:many",
        "quota:1",
        "slow:nan",
    ],
)
def test_an_argument_that_cannot_be_is_named(name):
    kind, _, argument = name.partition(":")
    with pytest.raises(ValueError, match=f"fault '{kind}' cannot have the argument '{argument}'"):
        SandboxGateway(faults={"star": name})


@pytest.mark.parametrize("latency", [-1, float("inf"), {"star": -1}])
def test_a_latency_that_cannot_be_is_named(latency):
    with pytest.raises(ValueError, match="latency's seconds must be 0 or more"):
        SandboxGateway(latency=latency)


async def test_a_latency_may_be_a_distribution():
    async with asking(latency={"star": Uniform(0.001, 0.002)}) as ask:
        await ask.balance("star")
        (call,) = ask.gateway.calls
    assert call.finished - call.started >= 0.001
