"""`koscom batch`: many investors into files, against a gateway on a socket: how it ends, goes on, and what it says."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest

from koscom_async.batch import BatchFailures, BatchProgress, BatchReport, write_investors
from koscom_async.cli.commands.batch import _exit_code, _limits
from koscom_async.cli.views.batch import LineBatchReporter, ReportTable, duration, lines_of
from koscom_async.sandbox import SandboxGateway, crowd
from koscom_async.settings import Limits
from tests.cli.screen import lines_of as printed

FAST = ("--rate", "1000")
PEOPLE = 4


@pytest.fixture(scope="module")
def gateway():
    with SandboxGateway(ledger=crowd(PEOPLE), rate_limits={}) as serving:
        yield serving


@pytest.fixture
def investors(gateway, tmp_path):
    file = tmp_path / "investors.csv"
    write_investors(file, [(f"A{number}", each) for number, each in enumerate(gateway.investors)])
    return file


def keys_in(file):
    return sorted(json.loads(line)["key"] for line in file.read_text().splitlines())


def test_every_investor_is_written_once_and_a_run_that_has_ended_goes_on_with_none(
    koscom, gateway, investors
):
    output = investors.with_name("night.jsonl")
    asked = ("batch", str(investors), "--output", str(output), *FAST)
    first = koscom(*asked, env=gateway.environment)
    assert first.exit_code == 0, first.output
    assert first.stdout.startswith("Batch  every account was read\n")
    assert re.search(r"accounts +12 of 12 read", first.stdout)
    assert keys_in(output) == ["A0", "A1", "A2", "A3"]
    again = koscom(*asked, env=gateway.environment)
    assert (again.exit_code, again.stdout) == (2, "")
    assert "go on with --resume, or name another --output" in again.stderr
    resumed = koscom(*asked, "--resume", "--json", "-q", env=gateway.environment)
    document = json.loads(resumed.stdout)
    assert (resumed.exit_code, resumed.stderr) == (0, "")
    assert (document["version"], document["complete"], document["skipped"]) == (1, True, PEOPLE)
    assert document["calls"] == 0
    assert keys_in(output) == ["A0", "A1", "A2", "A3"]


def test_parquet_is_the_default_and_a_broker_that_is_down_makes_it_partial(koscom, gateway, investors):
    gateway.set_fault("star", "4001")
    try:
        result = koscom(
            "batch",
            str(investors),
            "--output",
            str(investors.with_name("out")),
            *FAST,
            env=gateway.environment,
        )
    finally:
        gateway.clear_faults()
    assert result.exit_code == 3
    assert "INCOMPLETE: some accounts could not be read" in result.stdout
    assert re.search(r"star +4001 +4\n", re.sub(r" +\n", "\n", result.stdout))
    assert result.stdout.rstrip().endswith("`koscom errors 4001` explains a reason")
    assert "not read: star 4001 (" in result.stderr
    assert (investors.with_name("out") / "part-00000000" / "positions.parquet").exists()
    asked = ("batch", str(investors), "--output", str(investors.with_name("out")), "--resume")
    again = koscom(*asked, env=gateway.environment)
    assert again.exit_code == 3, "what is written has not become whole"
    assert "INCOMPLETE: some accounts could not be read" in again.stdout
    assert re.search(r"written before +4, 4 of them INCOMPLETE", again.stdout)


def test_an_estimate_writes_nothing(koscom, gateway, investors):
    result = koscom("batch", str(investors), "--estimate", *FAST, env=gateway.environment)
    assert result.exit_code == 0
    assert result.stdout.startswith("Estimate  4 investors, 12 accounts, ")
    assert "member: 4 calls of " in result.stdout
    assert [each.name for each in investors.parent.iterdir()] == [investors.name]
    document = json.loads(
        koscom("batch", str(investors), "--estimate", "--json", *FAST, env=gateway.environment).stdout
    )
    assert {each["broker"] for each in document["brokers"]} == {"common", "star", "cyber", "diamond"}


def test_rates_are_limits_of_the_client():
    limits = _limits(None, None, ("50", "star=0.5"))
    assert (limits.of("cyber").rate, limits.of("cyber").burst) == (50.0, 50)
    assert (limits.of("star").rate, limits.of("star").burst) == (0.5, 1)
    assert limits.in_flight == 100
    assert _limits(None, None, ()) == Limits()


def test_where_the_days_calls_are_spent_it_stops_and_goes_on_another_day(koscom, investors):
    output = investors.with_name("night.jsonl")
    asked = ("batch", str(investors), "--output", str(output), "--resume", *FAST)
    with SandboxGateway(ledger=crowd(PEOPLE), rate_limits={}, quota=20) as poor:
        stopped = koscom(*asked, env=poor.environment)
        assert stopped.exit_code == 75
        assert "STOPPED: the day's calls are spent; go on after " in stopped.stdout
        assert re.search(r"investors +0, 0 of them with every account +\nnot written yet +4 ", stopped.stdout)
        assert " KST with --resume" in " ".join(stopped.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("INVESTORS",), "--output is missing: name a folder, or add --estimate"),
        (("nowhere.csv", "--output", "x"), "File 'nowhere.csv' does not exist"),
        (("INVESTORS", "--output", "x", "--format", "jsn"), "did you mean jsonl?"),
        (("INVESTORS", "--output", "x", "--rate", "star=fast"), "'star=fast' is no number of calls above 0"),
        (("INVESTORS", "--output", "x", "--reserve", "2"), "2.0 is not in the range 0<=x<=1"),
        (("INVESTORS", "--output", "x", "--rate", "0"), "'0' is no number of calls above 0"),
        (("INVESTORS", "--output", "."), "--output has no name of its own: name a folder"),
        (("INVESTORS", "--output", ".."), "--output has no name of its own: name a folder"),
        (("INVESTORS", "--output", "/", "--estimate"), "--output has no name of its own: name a folder"),
        (("INVESTORS", "--output", "x" * 300), "--output cannot be written: File name too long"),
    ],
)
def test_a_wrong_command_line_is_a_usage_error(koscom, investors, arguments, words):
    given = [str(investors) if each == "INVESTORS" else each for each in arguments]
    result = koscom("batch", *given)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in " ".join(result.stderr.split())


def test_a_wrong_row_is_named_before_a_call_and_never_shown(koscom, gateway, investors):
    lines = investors.read_text().splitlines()
    secret = lines[2].split(",")[1]
    investors.write_text("\n".join([*lines[:2], lines[2].replace(secret, secret[:-8]), *lines[3:]]))
    before = len(gateway.calls)
    result = koscom(
        "batch", str(investors), "--output", str(investors.with_name("x")), env=gateway.environment
    )
    assert (result.exit_code, result.stdout, len(gateway.calls)) == (1, "", before)
    assert "line 3, column ci: Investor.ci must have 88 characters" in result.stderr
    assert secret[:20] not in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process there")
@pytest.mark.parametrize("sent", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_ctrl_c_and_its_kin_end_it_in_order_and_say_how_to_go_on(sent, gateway, investors):
    output = investors.with_name("night.jsonl")
    command = [sys.executable, "-m", "koscom_async", "batch", str(investors), "--output", str(output)]
    process = subprocess.Popen(  # noqa: S603  # the command under test
        [*command, "--rate", "0.2"],
        env={**os.environ, **gateway.environment},
        stderr=subprocess.PIPE,
        text=True,
    )
    first = process.stderr.readline()
    process.send_signal(getattr(signal, sent))
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert first == f"reading 4 investors into {output}\n"
    assert err.endswith("interrupted: what was written stays; go on with --resume\n")
    assert "Traceback" not in err
    assert not list(output.parent.glob("*-wal")), "the checkpoint was closed, so that no investor is suspect"


def test_progress_has_the_pace_the_time_left_and_the_failures_by_broker():
    failures = tuple(
        BatchFailures(broker=f"b{number}", reason="3600", count=9 - number) for number in range(5)
    )
    progress = BatchProgress(
        investors=500, total=2_000, skipped=500, accounts=1_500, read=1_465, calls=9_000, seconds=60.0, parked=7,
        failures=failures,
    )  # fmt: skip
    assert lines_of(progress) == [
        "1,000 of 2,000 investors, 1,465 of 1,500 accounts read",
        "150.0 calls/s, about 2 min left, 7 wait to be asked again",
        "not read: b0 3600 (9), b1 3600 (8), b2 3600 (7), 2 more kinds",
    ]
    assert lines_of(BatchProgress())[1] == "0.0 calls/s"
    assert lines_of(BatchProgress(suspects=3))[1] == "0.0 calls/s, 3 open at a kill, asked one at a time"
    assert [duration(each) for each in (4, 90, 5_000, 100_000)] == ["4 s", "2 min", "1 h 23 min", "1 day 3 h"]


def test_a_line_is_written_once_there_is_something_to_say(capsys):
    reporter = LineBatchReporter()
    for seconds, investors in ((1.0, 0), (2.0, 0), (3.0, 1), (4.0, 2)):
        reporter.show(BatchProgress(seconds=seconds, investors=investors))
    assert capsys.readouterr().err.startswith("1 investors, ")
    reporter.show(BatchProgress(seconds=20.0))
    assert capsys.readouterr().err.startswith("0 investors, "), "none in twenty seconds is worth a line"


def test_the_exit_code_and_the_page_say_how_it_ended(tmp_path):
    failed = (BatchFailures(broker="star", reason="\x1b[2J3600", count=2),)
    for report, code in (
        (BatchReport(investors=1, read=1), 0),
        (BatchReport(investors=1, read=1, failures=failed), 3),
        (BatchReport(investors=1, skipped=1, failures=failed), 3),
        (BatchReport(investors=1, failures=failed), 1),
        (BatchReport(investors=1, failures=failed, stopped="quota"), 75),
    ):
        assert _exit_code(report) == code, report
        for width in (60, 80, 120):
            page = "\n".join(printed(ReportTable(report, tmp_path / "\x1b[2Jx"), width))
            assert "\x1b" not in page
