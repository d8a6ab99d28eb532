"""What is logged, at which level, by which layer; and that nothing is printed unless logging is set up."""

import logging
import subprocess
import sys

import pytest

from koscom_async import BrokerOverrides, Koscom
from koscom_async._transport.breaker import Breakers
from koscom_async.errors import BrokerUnavailableError
from koscom_async.sandbox import Fault, SandboxGateway
from koscom_async.settings import Breaker
from tests.end_to_end.test_main_job import impatient


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.DEBUG, logger="koscom_async")

    def said(level, name=""):
        return [
            record.getMessage()
            for record in caplog.records
            if record.levelno == level and record.name.startswith(f"koscom_async{name}")
        ]

    return said


async def read(gateway, **changes):
    async with Koscom(impatient(gateway.settings, **changes), transport=gateway.transport) as koscom:
        return await koscom.holdings(gateway.investor, deadline=10)


async def test_a_good_day_says_nothing_above_debug(log):
    async with SandboxGateway(in_process=True) as gateway:
        await read(gateway)
    assert log(logging.INFO) == log(logging.WARNING) == log(logging.ERROR) == []
    assert "diamond account.balance: answered at attempt 1" in log(logging.DEBUG, ".transport")


async def test_a_retry_says_its_wait_and_its_reason(log):
    async with SandboxGateway(in_process=True, faults={"diamond": Fault("down", times=1)}) as gateway:
        await read(gateway)
    (line,) = log(logging.INFO, ".transport.retry")
    assert line.startswith("diamond: retrying in 0.00")
    assert " s (attempt 2): diamond account.balance 3600: " in line


async def test_an_account_that_was_not_read_is_a_warning(log):
    async with SandboxGateway(in_process=True, faults={"star": "4001"}) as gateway:
        await read(gateway)
    (line,) = log(logging.WARNING, ".fanout")
    assert line.startswith("account not read: star account.balance 4001: ")


async def test_what_was_learned_of_a_broker_is_said_once(log):
    async with SandboxGateway(in_process=True) as gateway:
        settings = impatient(gateway.settings, brokers={"diamond": BrokerOverrides()})
        async with Koscom(settings, transport=gateway.transport) as koscom:
            gateway.set_fault("diamond", Fault("6001", times=1))
            for _ in range(2):
                await koscom.holdings(gateway.investor)
    assert log(logging.INFO, ".services") == [
        "diamond 1606…0099 does not answer ALL; the account is asked for each class"
    ]


async def test_an_all_answer_that_contradicts_itself_is_a_warning(log):
    async with SandboxGateway(in_process=True, faults={"diamond": Fault("short", times=1)}) as gateway:
        assert (await read(gateway)).complete
    assert log(logging.WARNING, ".services") == [
        "diamond: ALL came short (ALL: 19 of 20 rows came); each class is asked for"
    ]


async def test_a_rest_that_was_asked_for_is_said(log):
    async with SandboxGateway(in_process=True, faults={"diamond": Fault("429:0.001", times=1)}) as gateway:
        await read(gateway)
    assert "diamond sent Retry-After 0.001 s; pausing its calls for 0.001 s" in log(
        logging.INFO, ".transport"
    )


def test_a_breaker_says_that_it_opens_and_that_it_closes(log):
    now = 0.0
    breakers = Breakers(Breaker(failures=2, cool_down=30), clock=lambda: now)
    for _ in range(2):
        with pytest.raises(BrokerUnavailableError), breakers.guard("star", (1, None)):
            raise BrokerUnavailableError("no reply")
    assert log(logging.WARNING, ".transport.breaker") == [
        "circuit open for star: 2 failures of 1 investors, the last: no reply; next probe in 30 s"
    ]
    now = 31.0
    with breakers.guard("star", (1, None)):
        pass
    assert log(logging.INFO, ".transport.breaker") == [
        "probing star with one call",
        "circuit closed for star: it answers again",
    ]


async def test_a_spent_retry_budget_is_a_warning(log):
    async with SandboxGateway(in_process=True, faults={"diamond": "down"}) as gateway:
        settings = impatient(gateway.settings, breaker=Breaker(failures=1000))
        async with Koscom(settings, transport=gateway.transport) as koscom:
            for _ in range(8):
                await koscom.holdings(gateway.investor)
            saved = koscom.statistics().of("diamond").retries_saved
    lines = [line for line in log(logging.WARNING, ".transport.retry") if "budget is spent" in line]
    assert len(lines) == saved > 0


def test_nothing_is_printed_where_nobody_asked():
    program = (
        "import anyio\nfrom koscom_async import Koscom\nfrom koscom_async.sandbox import SandboxGateway\n"
        "async def main():\n"
        "    async with SandboxGateway(faults={'star': 'reset', 'cyber': 'drip:0.001'}) as gateway, Koscom(gateway.settings) as koscom:\n"
        "        await koscom.holdings(gateway.investor, deadline=1)\n"
        "anyio.run(main)"
    )
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  # our own program
    assert (done.stdout, done.stderr) == ("", "")
