"""Asking again and again: when, until when, and that no sale is lost while a broker is down."""

from datetime import UTC, datetime
from functools import partial

import pytest

from koscom_async import (
    AuthenticationError,
    BrokerUnavailableError,
    ConnectionFailedError,
    DeadlineExceededError,
    Koscom,
    KoscomError,
    QuotaExceededError,
    RateLimitedError,
)
from koscom_async.cli.watch import Memory, watch
from koscom_async.sandbox import SandboxGateway
from tests.cli.portfolio import account, equity, holdings, read, unread

SPENT = QuotaExceededError(
    "the day's calls are spent", resets_at=datetime(2024, 5, 3, tzinfo=UTC), code="429"
)


class EndedError(Exception):
    """The test's own end of a watch, in the place of Ctrl-C."""


class Seen:
    """A watcher that keeps each event."""

    def __init__(self):
        self.told = []

    def began(self, holdings):
        self.told.append("began")

    def waiting(self, seconds):
        self.told.append(seconds)

    def asking(self):
        pass

    def answered(self, holdings, diff):
        self.told.append([(change.kind, change.instrument.label) for change in diff.positions])
        self.told.extend((change.kind, change.account.broker.short_name) for change in diff.accounts)

    def failed(self, error):
        self.told.append(type(error).__name__)


async def watched(first, *answers, interval=60):
    """The events of a first answer and of these, each asked for once."""
    seen, slept, rest = Seen(), [], list(answers)

    async def ask():
        answer = rest.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def sleep(seconds):
        slept.append(seconds)
        if not rest:
            raise EndedError

    with pytest.raises((EndedError, KoscomError)) as caught:
        await watch(first, ask, seen, interval=interval, sleep=sleep)
    assert slept == [each for each in seen.told if isinstance(each, int | float)]
    return seen.told, caught.value


def answer(quantity=10, *, star="read", cash=True):
    rows = [equity("삼성전자", "KR7005930003", quantity=quantity, value=1000 * quantity)] if quantity else []
    broker = {
        "read": read,
        "down": lambda which, **_: unread(which),
        "spent": lambda which, **_: unread(which, SPENT),
    }
    return holdings(read(account("cyber")), broker[star](account("star"), equities=rows))


async def test_each_answer_is_compared_with_the_last():
    told, _ = await watched(answer(10), answer(10), answer(12), answer(12), answer(0))
    assert told == [
        *("began", 60, [], 60, [("more", "삼성전자")], 60, [], 60, [("closed", "삼성전자")], 60),
    ]


async def test_what_was_sold_while_a_broker_was_down_is_told_when_it_is_back():
    told, _ = await watched(answer(10), answer(star="down"), answer(star="down"), answer(4))
    assert told == [
        *("began", 60, [], ("unreadable", "star"), 60, [], 60),
        *([("less", "삼성전자")], ("readable", "star"), 60),
    ]


async def test_an_account_that_is_unlinked_is_forgotten_and_one_that_is_linked_is_known():
    both, one = answer(10), holdings(read(account("cyber")))
    told, _ = await watched(both, one, both, answer(11))
    assert told == [
        *(
            "began",
            60,
            [],
            ("vanished", "star"),
            60,
            [],
            ("appeared", "star"),
            60,
            [("more", "삼성전자")],
            60,
        ),
    ]


@pytest.mark.parametrize(
    "error",
    [
        ConnectionFailedError("no answer"),
        BrokerUnavailableError("down", code="3600", retriable=True),
        DeadlineExceededError("over"),
        RateLimitedError("too fast"),
    ],
)
async def test_what_passes_is_told_and_asked_again_after_the_interval(error):
    told, end = await watched(answer(10), error, answer(11))
    assert told == ["began", 60, type(error).__name__, 60, [("more", "삼성전자")], 60]
    assert isinstance(end, EndedError)


@pytest.mark.parametrize(("retry_after", "pause"), [(None, 60), (5, 60), (300, 300)])
async def test_a_gateway_that_wants_a_longer_pause_gets_it(retry_after, pause):
    told, _ = await watched(answer(10), RateLimitedError("too fast", retry_after=retry_after), answer(10))
    assert told == ["began", 60, "RateLimitedError", pause, [], 60]


async def test_an_account_that_wants_a_longer_pause_gets_it():
    refused = unread(account("star"), RateLimitedError("too fast", retry_after=90))
    told, _ = await watched(holdings(read(account("cyber")), refused))
    assert told == ["began", 90]


@pytest.mark.parametrize("error", [SPENT, AuthenticationError("no", code="401"), KoscomError("what")])
async def test_what_does_not_pass_ends_the_watch(error):
    told, end = await watched(answer(10), error, answer(11))
    assert told == ["began", 60]
    assert end is error


async def test_a_day_whose_calls_are_spent_ends_the_watch_though_other_accounts_were_read():
    told, end = await watched(answer(10), answer(star="spent"), answer(10))
    assert told == ["began", 60, [], ("unreadable", "star")]
    assert end is SPENT
    assert (await watched(answer(star="spent"), answer(10)))[1] is SPENT


def test_memory_of_an_account_never_read_has_nothing_to_compare():
    memory = Memory(answer(star="down"))
    assert memory.changed(answer(star="down")).is_empty
    diff = memory.changed(answer(10))
    assert (diff.positions, [change.kind for change in diff.accounts]) == ((), ["readable"])


async def test_one_client_asks_a_real_gateway_again_and_again():
    async with (
        SandboxGateway(in_process=True) as gateway,
        Koscom(gateway.settings, transport=gateway.transport) as koscom,
    ):
        seen, rounds = Seen(), iter(["4001", None, "end"])

        async def sleep(_):
            fault = next(rounds)
            if fault == "end":
                raise EndedError
            gateway.set_fault("star", fault) if fault else gateway.clear_faults()

        ask = partial(koscom.holdings, gateway.investor)
        with pytest.raises(EndedError):
            await watch(await ask(), ask, seen, interval=60, sleep=sleep)
    assert seen.told == ["began", 60, [], ("unreadable", "star"), 60, [], ("readable", "star"), 60]
