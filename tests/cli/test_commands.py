"""The other commands: accounts, brokers, the version, and the message where an extra is missing."""

import json
import sys

import click
import pytest

import koscom_async
from koscom_async import BROKERS, KoscomError, __version__
from koscom_async.__main__ import main
from koscom_async.cli.commands import accounts as accounts_command
from koscom_async.cli.commands import holdings as holdings_command
from koscom_async.cli.commands.accounts import LinkedAccountsTable
from koscom_async.cli.commands.reference import BrokersTable
from koscom_async.cli.main import ENTRIES, koscom_command
from koscom_async.models.member import LinkedAccounts
from tests.cli.portfolio import account, stranger
from tests.cli.screen import lines_of


def test_accounts_are_listed_with_masked_numbers(koscom):
    result = koscom("accounts", "--sandbox")
    assert result.exit_code == 0
    assert "00992  diamond  다이아몬드 증권  1606…0099  diamond" in result.stdout
    assert "consent to provide information ends on " in result.stdout


def test_accounts_as_json(koscom):
    result = koscom("accounts", "--sandbox", "--json")
    document = json.loads(result.stdout)
    assert [each["broker"]["code"] for each in document["accounts"]] == ["00992", "00991", "00993"]
    assert {each["number"] for each in document["accounts"]} == {"1606…0099"}
    assert document["version"] == 1
    assert document["as_of"].endswith("+09:00")


def test_accounts_that_cannot_be_listed_are_one_line(koscom):
    result = koscom("accounts", "--sandbox", "--fault", "common=401")
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1


def test_an_alias_cannot_steer_the_terminal():
    linked = LinkedAccounts(
        accounts=(account(stranger("\x1bx"), number="123456789012", alias="\x1b[2J[b]나[/b]"),)
    )
    text = "\n".join(lines_of(LinkedAccountsTable(linked), 80))
    assert "\x1b" not in text
    assert "[2J[b]나[/b]" in text
    assert "The consent to provide information is not known." in text


def test_no_accounts_is_said_in_words():
    assert lines_of(LinkedAccountsTable(LinkedAccounts()))[0] == "No accounts are linked."


def test_brokers_are_the_registry(koscom):
    result = koscom("brokers")
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert len(lines) == len(BROKERS) + 1
    assert (
        "00030  samsung           삼성증권            Samsung             no, by class  yes" in result.stdout
    )
    assert json.loads(koscom("brokers", "--json").stdout)["rows"][0] == {
        "code": "00002",
        "short_name": "shinhan",
        "name": "Shinhan",
        "name_ko": "신한금융투자",
        "supports_all": True,
        "supports_interest_query": False,
        "is_offered": True,
        "is_virtual": False,
    }


@pytest.mark.parametrize("width", [60, 80])
def test_brokers_fit_a_narrow_terminal(width):
    assert lines_of(BrokersTable(BROKERS), width)[1].split()[:3] == ["00002", "shinhan", "신한금융투자"]


def test_version(koscom):
    assert koscom("--version").stdout == f"koscom, version {__version__}\n"


def test_help_names_the_exit_codes(koscom):
    for arguments in (["--help"], ["holdings", "--help"]):
        text = koscom(*arguments).stdout
        assert "3    partial: some accounts could not be read" in text


@pytest.mark.parametrize(("name", "entry"), ENTRIES.items())
def test_each_command_is_where_the_list_says_and_has_its_summary(name, entry):
    command = koscom_command.get_command(click.Context(koscom_command), name)
    assert command.name == name
    assert command.get_short_help_str(50) == entry.short_help


def test_no_summary_is_cut_at_eighty_columns(koscom):
    for arguments in ((), ("discretionary",), ("sandbox",)):
        listed = koscom(*arguments, "--help").stdout.partition("Commands:\n")[2].partition("\n\n")[0]
        assert listed
        assert "..." not in listed


def test_a_command_of_one_answer_has_exit_codes_of_its_own(koscom):
    for command, success in (
        ("login", "the token is saved"),
        ("call", "the answer is on stdout"),
        ("accounts", "the accounts are listed"),
    ):
        text = koscom(command, "--help").stdout
        assert f"0    {success}" in text
        assert "partial" not in text


def test_help_says_how_to_have_completion(koscom):
    assert 'eval "$(_KOSCOM_COMPLETE=bash_source koscom)"' in koscom("--help").stdout


def test_help_lists_every_command_in_order(koscom):
    listed = koscom("--help").stdout.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    assert [line.split()[0] for line in listed] == sorted(ENTRIES)


def test_a_command_that_is_none_is_a_wrong_command_line(koscom):
    result = koscom("holding")
    assert result.exit_code == 2
    assert "No such command 'holding'; did you mean holdings?" in result.stderr


def test_an_error_of_ours_is_one_line_without_a_traceback(koscom, monkeypatch):
    async def fail(*_):
        raise KoscomError("it\x1b[2J broke\nbadly", code="x", advice="mend it")

    monkeypatch.setattr(accounts_command, "_read", fail)
    result = koscom("accounts", "--sandbox")
    assert (result.exit_code, result.stderr) == (1, "koscom: x: it [2J broke badly. What to do: mend it\n")


def test_an_interrupt_is_quiet(koscom, monkeypatch):
    async def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(holdings_command, "_read", interrupted)
    result = koscom("holdings", "--sandbox")
    assert (result.exit_code, result.output) == (130, "")


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_a_missing_extra_is_named_in_one_line(monkeypatch, capsys, missing):
    monkeypatch.setattr(
        koscom_async, "cli", koscom_async.cli
    )  # the package has the modules of before again afterwards
    for name in [name for name in sys.modules if name.startswith("koscom_async.cli")]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.split(".")[0] == missing]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [_Missing(missing), *sys.meta_path])
    monkeypatch.setattr(sys, "argv", ["koscom", "brokers"])
    assert main() == 1
    written = capsys.readouterr()
    assert written.err == (
        f"koscom needs {missing}, which the extra 'cli' brings: "
        'in the clone of koscom_async, run: pip install ".[cli]"\n'
    )
    assert written.out == ""


class _Missing:
    """An import system without one package."""

    def __init__(self, package):
        self._package = package

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == self._package:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
