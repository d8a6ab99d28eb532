"""What an error keeps alive: no frame and no investor, few bytes, and no cycles that wait for the garbage collector.

And what an error reporter sends of it: the real sentry-sdk, with its defaults, which send the variables of frames.
"""

import asyncio
import gc
import json
import sys
import types
import weakref

import pytest
import sentry_sdk
from attrs import evolve

from koscom_async import Breaker, BrokerLimits, Koscom, KoscomError, Limits, Retry
from koscom_async.sandbox import SandboxGateway
from koscom_async.settings import Backend
from tests.backends import BACKENDS
from tests.client.frames import SANDBOX, frames_of, links_of
from tests.end_to_end.test_main_job import impatient


@pytest.fixture
def collector():
    """The garbage collector, which looks at nothing that was there before: so it is quick."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


FAULTS = ("reset", "html", "3005", "foreign", "short", "dead-token", "half-closed", "gzip-bomb:2")
MAX_BYTES_KEPT = 20_000
MAX_IN_CYCLES = 150
"""Of one failing account. asyncio keeps a closed socket, and anyio a task that was cancelled, in a cycle of its own."""


def settings_of(gateway, **changes):
    policy = {
        "retry": Retry(attempts=2, base=1e-6, cap=2e-6),
        "limits": Limits(default=BrokerLimits(rate=1e6, burst=1000)),
        "breaker": Breaker(failures=1000),
        "max_response_bytes": 2**20,
    }
    return impatient(gateway.settings, **policy | changes)


async def failing(koscom, gateway, fault, **question):
    for broker in ("diamond", "cyber", "star"):
        gateway.set_fault(broker, fault)
    holdings = await koscom.holdings(gateway.investor, **question)
    gateway.clear_faults()
    assert len(holdings.failures) == 3
    return holdings


def reached_from(*roots):
    """Everything that is alive because of these: no modules, classes and functions."""
    left, seen = list(roots), {}
    while left:
        each = left.pop()
        if id(each) in seen or isinstance(each, type | types.ModuleType | types.FunctionType):
            continue
        seen[id(each)] = each
        left += gc.get_referents(each)
    return list(seen.values())


@pytest.mark.usefixtures("backend")
async def test_a_kept_failure_keeps_no_frame_and_no_investor_and_few_bytes():
    async with SandboxGateway() as gateway, Koscom(settings_of(gateway)) as koscom:
        for fault in FAULTS:
            for outcome in (await failing(koscom, gateway, fault)).failures:
                kept = reached_from(outcome.error)
                assert not [
                    each for each in kept if isinstance(each, types.FrameType | type(gateway.investor))
                ], fault
                assert sum(map(sys.getsizeof, kept)) <= MAX_BYTES_KEPT, fault


@pytest.mark.usefixtures("backend", "collector")
async def test_a_client_keeps_no_investor_alive_whose_calls_failed():
    async with SandboxGateway() as gateway, Koscom(settings_of(gateway)) as koscom:
        (star, *_) = [each for each in await linked(koscom, gateway) if each.broker.short_name == "star"]
        for fault in FAULTS:
            gateway.set_fault("star", fault)
            investor = evolve(gateway.investor)
            forgotten = weakref.ref(investor)
            with pytest.raises(KoscomError) as caught:
                await koscom.account.balance(investor, star)
            del investor, caught
            gc.collect()
            assert forgotten() is None, fault


@pytest.mark.usefixtures("backend", "collector")
async def test_failing_calls_leave_no_frames_and_few_objects_in_cycles():
    async with SandboxGateway() as gateway, Koscom(settings_of(gateway)) as koscom:
        for fault in FAULTS:
            await failing(koscom, gateway, fault)
            left = await garbage_of(failing, koscom, gateway, fault)
            frames = {each.f_code.co_qualname for each in left if is_of_the_client(each)}
            assert not frames, fault
            assert not [each for each in left if isinstance(each, KoscomError)], fault
            assert len(left) <= 3 * MAX_IN_CYCLES, (fault, len(left))


async def garbage_of(work, *arguments):
    """Return what only the garbage collector can free, of work and of the gateway that it asked."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        await work(*arguments)
        gc.collect()
        return gc.garbage.copy()
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def is_of_the_client(each):
    """Whether it is a frame of the client's, or of HTTP below it."""
    if not isinstance(each, types.FrameType):
        return False
    name = each.f_code.co_filename
    return ("koscom_async" in name and not name.startswith(SANDBOX)) or "httpcore" in name


async def ask_while_handling(asked):
    try:
        int("theirs")
    except ValueError:
        await asked


async def test_what_the_caller_was_handling_keeps_its_frames():
    async with SandboxGateway(faults={"common": "reset"}) as gateway, Koscom(settings_of(gateway)) as koscom:
        with pytest.raises(KoscomError) as caught:
            await ask_while_handling(koscom.member.accounts(gateway.investor))
    (theirs,) = [link for link in links_of(caught.value) if isinstance(link, ValueError)]
    assert theirs.__traceback__ is not None


async def test_a_cancelled_call_leaves_no_frame_that_holds_what_was_sent(hurry, backend):
    """The caller's own timeout is an error, and its cause has the frames of where the call stood."""
    async with (
        SandboxGateway(faults={"common": "slow:30"}) as gateway,
        Koscom(settings_of(gateway, backend=backend)) as koscom,
    ):
        with pytest.raises(TimeoutError) as caught:
            async with asyncio.timeout(1):
                await koscom.member.accounts(gateway.investor)
    ours = [frame.f_code.co_qualname for frame in frames_of(caught.value) if is_of_the_client(frame)]
    assert "MemberService.accounts" in ours
    assert not {"Gateway.send", "Sender.send", "Connection.send"} & {*ours}


SENTRY_FAULTS = ("silent", "reset", "half-closed", "html", "foreign", "wrong-id", "3005")


@pytest.mark.parametrize("backend", [*BACKENDS, Backend.HTTPX], indirect=True)
async def test_sentry_with_its_defaults_is_sent_no_secret(hurry, backend):
    """A timeout, a reset, a malformed and a mismatched answer, of one account and of all."""
    events = []

    class Kept(sentry_sdk.Transport):
        def capture_envelope(self, envelope):
            sent = [item.get_event() for item in envelope.items]
            # Not what the gateway's own server logs of the connections that its faults end.
            events.extend(each for each in sent if each and each.get("logger", "koscom").startswith("koscom"))

    async with SandboxGateway() as gateway:
        person, settings = gateway.ledger.people[0], gateway.settings
        device, numbers = gateway.investor.device, (account.number for account in person.accounts)
        names = (person.ci, person.name, person.access_token, device.ip, device.mac)
        secrets = (*names, *numbers, settings.api_key, settings.api_secret, "commonHeader", "<html")
        with sentry_sdk.isolation_scope():
            sentry_sdk.init("http://key@127.0.0.1/1", transport=Kept, auto_enabling_integrations=False)
            for fault in SENTRY_FAULTS:
                await capture_all(gateway, settings_of(gateway), fault)
            sentry_sdk.init()
    assert len(events) == 2 * len(SENTRY_FAULTS)
    frames = [
        frame
        for event in events
        for error in event["exception"]["values"]
        for frame in error.get("stacktrace", {"frames": ()})["frames"]
    ]
    assert any("koscom" in frame["vars"] for frame in frames), "variables are sent"
    shown = json.dumps(events, ensure_ascii=False)
    assert not [secret for secret in secrets if secret in shown or json.dumps(secret)[1:-1] in shown]


async def capture_all(gateway, settings, fault):
    """Report the error of one account's balance, and the one that incomplete holdings raise."""
    async with Koscom(settings) as koscom:
        (star, *_) = [each for each in await linked(koscom, gateway) if each.broker.short_name == "star"]
        gateway.set_fault("star", fault)
        try:
            await koscom.account.balance(gateway.investor, star, deadline=0.5)
        except KoscomError as error:
            sentry_sdk.capture_exception(error)
        try:
            (await koscom.holdings(gateway.investor, deadline=0.5)).require_complete()
        except KoscomError as error:
            sentry_sdk.capture_exception(error)
        gateway.clear_faults()


async def linked(koscom, gateway):
    return (await koscom.member.accounts(gateway.investor)).accounts
