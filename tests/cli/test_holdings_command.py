"""`koscom holdings`, whole: against the embedded gateway over a socket."""

import csv
import io
import json
import re
from decimal import Decimal

import pytest
from anyio.from_thread import start_blocking_portal

from koscom_async.cli.commands import holdings as holdings_command
from koscom_async.sandbox import SandboxGateway

SHARE = "KR7000020008"
ASKING = r"asking 3 accounts at the embedded sandbox gateway \(http://127\.0\.0\.1:\d+\)\n"


def test_the_table_shows_the_merged_holdings(koscom):
    result = koscom("holdings", "--sandbox")
    assert result.exit_code == 0
    assert result.stdout.startswith("Holdings  3 accounts, asked at ")
    share = next(line for line in result.stdout.splitlines() if "동화약품" in line)
    assert share.split() == ["동화약품", "cyber", "100", "971,519", "1,060,000", "+88,481", "+9.10%", "<0.1%"]
    assert re.search(r"Net worth +₩144,581,008,794", result.stdout)
    assert "INCOMPLETE" not in result.output


def test_off_a_terminal_there_is_no_progress_but_one_line_of_what_is_done(koscom):
    result = koscom("holdings", "--sandbox", "--json")
    assert re.fullmatch(ASKING, result.stderr)
    assert "\x1b" not in result.output


def test_json_is_everything_exactly(koscom, monkeypatch):
    answers = []
    read = holdings_command.read_holdings

    async def kept(*arguments, **options):
        answers.append(await read(*arguments, **options))
        return answers[-1]

    monkeypatch.setattr(holdings_command, "read_holdings", kept)
    result = koscom("holdings", "--sandbox", "--json")
    everything = {"version": 1, **answers[0].to_dicts()}
    assert result.stdout == json.dumps(everything, ensure_ascii=False, indent=2) + "\n"
    document = json.loads(result.stdout)
    (share,) = [each for each in document["positions"] if each["instrument"]["code"] == SHARE]
    assert (share["quantity"], share["cost"], share["value"]) == ("100", "971519", "1060000")
    assert len(share["lots"]) == 3
    assert document["complete"] is True


def test_csv_is_a_row_a_position_or_a_lot(koscom):
    positions = list(csv.DictReader(io.StringIO(koscom("holdings", "--sandbox", "--csv").stdout)))
    lots = list(csv.DictReader(io.StringIO(koscom("holdings", "--sandbox", "--csv", "--lots").stdout)))
    (share,) = [row for row in positions if row["code"] == SHARE]
    shares = [row for row in lots if row["code"] == SHARE]
    assert share["brokers"] == "cyber diamond star"
    assert [row["broker"] for row in shares] == ["cyber", "diamond", "star"]
    assert sum(Decimal(row["value"]) for row in shares) == Decimal(share["value"])


def test_lots_are_shown_when_asked_for(koscom):
    assert "└ 스타 증권 1606…0099" in koscom("holdings", "--sandbox", "--lots").stdout


@pytest.mark.parametrize(("fault", "code"), [("star=4001", "4001"), ("star=foreign", "mismatch")])
def test_a_partial_answer_has_a_banner_a_reason_and_its_own_exit_code(koscom, fault, code):
    result = koscom("holdings", "--sandbox", "--fault", fault)
    assert result.exit_code == 3
    assert result.stdout.count("INCOMPLETE: 1 of 3 accounts could not be read; the totals leave it out") == 2
    assert f"(code {code}" in result.stdout
    assert "스타 증권" in result.stdout
    assert "→ " in result.stdout
    assert "₩144,570,264,194" in result.stdout


def test_a_partial_answer_as_json_says_so_in_the_data(koscom):
    result = koscom("holdings", "--sandbox", "--json", "--fault", "star=4001")
    document = json.loads(result.stdout)
    assert result.exit_code == 3
    assert document["complete"] is False
    (failure,) = document["failures"]
    assert failure["account"]["broker"]["short_name"] == "star"
    assert failure["error"]["code"] == "4001"
    assert failure["error"]["account"] == "1606…0099"
    assert "INCOMPLETE" in result.stderr


def test_a_partial_answer_as_csv_says_so_on_stderr_only(koscom):
    result = koscom("holdings", "--sandbox", "--csv", "--fault", "star=4001")
    assert result.exit_code == 3
    assert "INCOMPLETE: 1 of 3 accounts" in result.stderr
    assert "스타 증권 1606…0099: account not found" in result.stderr
    assert "INCOMPLETE" not in result.stdout


def test_where_every_account_failed_nothing_was_read(koscom):
    faults = [part for broker in ("star", "cyber", "diamond") for part in ("--fault", f"{broker}=4001")]
    result = koscom("holdings", "--sandbox", *faults)
    assert result.exit_code == 1
    assert "NOTHING COULD BE READ: 3 accounts asked, all failed" in result.stdout


def test_the_deadline_ends_a_slow_account(koscom):
    result = koscom("holdings", "--sandbox", "--deadline", "1", "--fault", "star=slow")
    assert result.exit_code == 3
    assert "the deadline of 1 s passed" in result.stdout


@pytest.mark.parametrize("seconds", ["0", "-1"])
def test_a_deadline_of_zero_or_less_has_passed(koscom, seconds):
    result = koscom("holdings", "--sandbox", "--deadline", seconds)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"the deadline of {seconds} s passed before a call was made" in result.stderr


def test_an_error_before_any_account_is_one_line(koscom):
    result = koscom("holdings", "--sandbox", "--fault", "common=401")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("koscom: ")
    assert "What to do:" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--json", "--csv"], "--json and --csv exclude each other"),
        (["--fault", "star=down"], "--fault needs --sandbox"),
        (["--latency", "1"], "--latency needs --sandbox"),
        (["--sandbox", "--fault", "moon=down"], "the sandbox has diamond, cyber, star"),
        (["--sandbox", "--fault", "star=dwn"], "unknown fault 'dwn': did you mean down?"),
        (["--sandbox", "--fault", "star"], "is not BROKER=KIND"),
        (["--sandbox", "--fault", "star="], "is not BROKER=KIND"),
        (["--sandbox", "--fault", "star=down", "--fault", "star=html"], "star has two faults"),
        (["--sandbox", "--deadline", "nan"], "must be a number of seconds"),
        (["--sandbox", "--deadline", "soon"], "'soon' is not a valid float"),
        (["--sandbox", "--latency", "-1"], "must be 0 or more seconds"),
        (["--sandbox", "--latency", "inf"], "must be 0 or more seconds"),
    ],
)
def test_a_wrong_command_line_is_a_usage_error(koscom, arguments, said):
    result = koscom("holdings", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


COMPLETE = {
    "KOSCOM_BASE_URL": "http://127.0.0.1:9",
    "KOSCOM_API_KEY": "l7xx",
    "KOSCOM_API_SECRET": "4567",
    "KOSCOM_COM_ID": "F0995",
    "KOSCOM_SRV_ID": "297",
    "KOSCOM_CI": "A" * 88,
    "KOSCOM_NAME": "홍길동",
    "KOSCOM_ACCESS_TOKEN": "token-of-someone",
    "KOSCOM_DEVICE_IP": "192.0.2.1",
    "KOSCOM_DEVICE_MAC": "00:00:5E:00:53:01",
}


@pytest.mark.parametrize("missing", sorted(COMPLETE.keys() - {"KOSCOM_BASE_URL", "KOSCOM_ACCESS_TOKEN"}))
def test_a_missing_variable_is_named_in_one_line(koscom, missing):
    result = koscom("holdings", env={**COMPLETE, missing: ""})
    assert result.exit_code == 1
    assert result.stderr == f"koscom: {missing} is not set. To try it without credentials, add --sandbox\n"


def test_every_missing_variable_is_named_at_once(koscom):
    settings = (
        "KOSCOM_ENVIRONMENT, KOSCOM_API_KEY, KOSCOM_API_SECRET, KOSCOM_COM_ID, KOSCOM_SRV_ID are not set"
    )
    person = "KOSCOM_CI, KOSCOM_NAME, KOSCOM_DEVICE_IP, KOSCOM_DEVICE_MAC are not set"
    assert koscom("accounts").stderr.startswith(f"koscom: {settings}; {person}. To try it")
    # The firm's own questions need no investor.
    assert koscom("market", "quote", "005930").stderr.startswith(f"koscom: {settings}. To try it")
    wrong = koscom("holdings", env={**COMPLETE, "KOSCOM_CI": "short", "KOSCOM_SRV_ID": ""}).stderr
    assert wrong.startswith(
        "koscom: KOSCOM_SRV_ID is not set; KOSCOM_CI: Investor.ci must have 88 characters"
    )


def test_without_a_token_it_says_how_to_get_one(koscom):
    result = koscom("holdings", env={**COMPLETE, "KOSCOM_ACCESS_TOKEN": ""})
    assert result.exit_code == 1
    assert result.stderr == (
        "koscom: reauthorization: there is no access token for this investor. What to do: authorise again: "
        "with `koscom login`, or by sending the investor to the error's `url`\n"
    )


def test_no_gateway_at_all_is_named_too(koscom):
    result = koscom("holdings", env={**COMPLETE, "KOSCOM_BASE_URL": ""})
    assert "KOSCOM_ENVIRONMENT is not set" in result.stderr


def test_a_wrong_variable_is_named_with_its_rule(koscom):
    result = koscom("holdings", env={**COMPLETE, "KOSCOM_CI": "short"})
    assert result.exit_code == 1
    assert result.stderr.startswith("koscom: KOSCOM_CI: Investor.ci must have 88 characters")


@pytest.fixture
def elsewhere():
    """A gateway that is not the embedded one, and the environment to ask it."""
    with start_blocking_portal() as portal:
        gateway = portal.call(SandboxGateway)
        with portal.wrap_async_context_manager(gateway):
            yield gateway.environment


def test_without_sandbox_the_environment_says_whom_to_ask(koscom, elsewhere):
    result = koscom("holdings", "--json", env=elsewhere)
    assert result.exit_code == 0
    assert result.stderr == ""
    assert json.loads(result.stdout)["complete"] is True


@pytest.mark.parametrize(
    "format_",
    [
        *([], ["--lots"], ["--json"], ["--csv", "--lots"], ["--format", "html"]),
        *(["--by", "account"], ["--by", "account", "--json"], ["--by", "account", "--csv"]),
        *(["--explain", SHARE], ["--explain", SHARE, "--json"]),
        *(["--diff", "SAVED"], ["--diff", "SAVED", "--json"], ["--format", "parquet", "--lots"]),
    ],
)
def test_no_secret_and_no_whole_account_number_is_ever_written(koscom, elsewhere, tmp_path, format_):
    saved = tmp_path / "saved.json"
    output = koscom("holdings", "--save", str(saved), env=elsewhere).output
    arguments = [str(saved) if each == "SAVED" else each for each in format_]
    result = koscom("holdings", *arguments, env=elsewhere)
    assert result.exit_code == 0
    output += result.stdout_bytes.decode(errors="replace") + result.stderr
    output += koscom("accounts", env=elsewhere).output + saved.read_text(encoding="utf-8").replace(
        # Account numbers are what it is for.
        "1606",
        "",
    )
    for variable in ("API_KEY", "API_SECRET", "CI", "NAME", "ACCESS_TOKEN", "DEVICE_IP", "DEVICE_MAC"):
        assert elsewhere[f"KOSCOM_{variable}"] not in output
    assert not re.search(r"1606\d{10}0099", output)
