"""The command line itself: each command's help, and what is answered to odd input, with its exit code."""

import shlex
from pathlib import Path

import click
from click.testing import CliRunner
from rich.cells import cell_len

from koscom_async.cli.main import koscom_command

HELP = Path(__file__).with_name("help.txt")
"""Every command's help in eighty columns, behind the line that asks for it: `python -m tests.cli.test_help` renews it."""


def commands(command=koscom_command, path=()):
    """Each command, by the words that call it."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from commands(command.get_command(context, name), (*path, name))


def help_of(path):
    result = CliRunner().invoke(koscom_command, [*path, "-h"], env={"COLUMNS": "80"}, prog_name="koscom")
    assert result.exit_code == 0
    return result.stdout


def all_help():
    """The help of every command, as it is kept."""
    asked = {" ".join(("$ koscom", *path, "-h")): help_of(path) for path, _ in commands()}
    return "\n".join(f"{line}\n{text}" for line, text in asked.items())


def test_every_help_is_as_it_is_kept():
    assert all_help() == HELP.read_text(encoding="utf-8")


def test_every_help_fits_eighty_columns_and_names_its_exit_codes():
    asked, wrong = set(), []
    for path, command in commands():
        text = help_of(path)
        asked.add(" ".join(path))
        assert text.startswith(f"Usage: {' '.join(('koscom', *path))} "), path
        wrong += [f"{' '.join(path)}: {line}" for line in text.splitlines() if cell_len(line) > 80]
        if not isinstance(command, click.Group):
            assert "Exit codes:\n    0    " in text, path
        options = {option for each in command.params for option in getattr(each, "opts", ())}
        if "--sandbox" in options and path != ("login",):
            assert {"--output", "--deadline", "--quiet", "--fault", "--latency"} <= options, path
    assert wrong == []
    assert {"", "holdings", "market bars", "discretionary trades", "sandbox serve"} < asked


ODD = """
2 | | Usage: koscom
0 | -h | Usage: koscom [OPTIONS]
0 | holdings -h | Usage: koscom holdings [OPTIONS]
2 | holding | No such command 'holding'; did you mean holdings?
2 | xyzzy | No such command 'xyzzy'.
2 | discretionary holding | No such command 'holding'; did you mean holdings?
2 | market quotes 005930 | No such command 'quotes'; did you mean quote?
2 | holdings --jsom | Did you mean
2 | holdings --sandbx | Did you mean
2 | holdings extra | Got unexpected extra argument (extra)
1 | holdings | KOSCOM_ENVIRONMENT, KOSCOM_API_KEY, KOSCOM_API_SECRET, KOSCOM_COM_ID, KOSCOM_SRV_ID are not set; KOSCOM_CI,
1 | discretionary orders | KOSCOM_SRV_ID are not set. To try it without credentials, add --sandbox
2 | holdings --deadline nan | must be a number of seconds, got nan
2 | holdings --deadline x | 'x' is not a valid float
2 | holdings --by sector | 'sector' is not one of 'class', 'product', 'broker', 'account', 'currency'.
2 | holdings --by acount | 'currency'; did you mean account?
1 | holdings --by CLASS | are not set
2 | holdings --format yaml | 'yaml' is not one of 'table', 'json', 'csv', 'parquet', 'xlsx', 'html'.
2 | holdings --format jsn | did you mean json?
2 | holdings --json --csv | --json and --csv exclude each other
2 | holdings --format html --by class | --by cannot be written as html, only as table, json, csv, parquet or xlsx
2 | holdings --output h.docx | the suffix '.docx' names no format: add --format, or use one of .txt, .json, .csv
2 | holdings --output /nowhere/h.csv | there is no directory /nowhere
2 | portfolio --output p.html | koscom portfolio cannot be written as html, only as table, json, csv, parquet or xlsx
2 | portfolio --format csv --json | --format csv and --json exclude each other
1 | portfolio --format csv --csv | are not set
2 | brokers --output b.parquet | koscom brokers cannot be written as parquet, only as table, json or csv
2 | holdings --fault star=down | --fault needs --sandbox: only the embedded gateway fails on demand
2 | holdings --documents | --documents needs --sandbox: only the embedded gateway has their person
2 | holdings --latency 1 | --latency needs --sandbox
2 | holdings --sandbox --fault str=down | unknown broker 'str': the sandbox has diamond, cyber, star,
2 | holdings --sandbox --fault sta=down | did you mean star?
2 | holdings --sandbox --fault star=dwn | unknown fault 'dwn': did you mean down?
2 | holdings --sandbox --fault star=qqqq | unknown fault 'qqqq': use one of cash-row,
2 | holdings --sandbox --fault star | 'star' is not BROKER=KIND, such as star=down
2 | holdings --sandbox --fault star=down --fault star=slow | star has two faults: give one
2 | holdings --sandbox --latency -1 | must be 0 or more seconds, got -1
2 | holdings --explain '' | must not be empty: give a code or a name
2 | holdings --watch 5 | must be 10 seconds or more, to spare the brokers; got 5
2 | holdings --watch --json | --watch cannot be written as json, only as table
2 | holdings --watch --output w.txt | --watch and --output exclude each other
2 | holdings --live --lots | --lots and --live exclude each other
2 | holdings --by class --explain x | --by and --explain exclude each other
2 | holdings --diff /nowhere | File '/nowhere' does not exist
2 | transactions | Missing option '--since'
2 | transactions --since 2024-1-1 | '2024-1-1' is no day: write it as 2024-01-31 or 20240131
2 | transactions --since 2024-0131 | is no day
2 | transactions --since 20241301 | '20241301' is not in the calendar
2 | transactions --since yesterday | 'yesterday' is no day
2 | transactions --since 20240201 --until 20240101 | 2024-02-01 is after 2024-01-01
1 | transactions --since 20240101 --until 2024-01-31 --side Sell | are not set
2 | transactions --since 20240101 --side sel | did you mean sell?
2 | discretionary orders --on 2024-02-30 | '2024-02-30' is not in the calendar
2 | discretionary trades --since 20240301 --until 20240201 | 2024-03-01 is after 2024-02-01
1 | errors 9999 | unknown error code '9999'; run `koscom errors` for the list
1 | errors 36000 | unknown error code '36000'; did you mean 3600?
1 | errors RateLimitedErorr | did you mean RateLimitedError?
0 | errors ratelimitederror | RateLimitedError  Calls come too fast
1 | errors xyzzy | unknown error code 'xyzzy'; run `koscom errors` for the list
2 | errors -1 | No such option
1 | fields changeAmount | unknown field 'changeAmount'; did you mean changeAmt?
2 | columns lot | did you mean lots?
0 | columns nav | nav
1 | operations qqqq | no operation has 'qqqq'; run `koscom operations` for the list
1 | operations market.stocks.prise | no operation has 'market.stocks.prise'; did you mean market.stocks.price?
2 | ask market.stocks.price issue | 'issue' is not NAME=VALUE
2 | ask market.stocks.price issue=1 issue=2 | issue is given twice
2 | call GET /v1/x | Missing option '--scheme'
2 | call GET /v1/x --scheme apikey --output x.csv | koscom call cannot be written as csv, only as json
2 | call GET /v1/x --scheme apikey --format csv | 'csv' is not 'json'.
1 | call GET /v1/x --scheme apikey --json | are not set
1 | call GET /v1/x --scheme apikey --output x.raw --format json | are not set
2 | call GET /v1/x --scheme api | did you mean apikey?
2 | call GET /v1/x --scheme apikey --param x | 'x' is not NAME=VALUE
2 | call POST /v1/x --scheme basic --body /nowhere | '/nowhere': No such file or directory
2 | market quote | Missing argument 'CODE...'
2 | market bars 005930 --since 20240101 --every hour | 'hour' is not one of 'day', 'week', 'month'
2 | market snapshot kospii | did you mean kospi?
2 | sandbox serve --port 70000 | 70000 is not in the range
2 | login --port 0 | 0 is not in the range
2 | login --timeout 0 | must be above 0 seconds, got 0
2 | demo --port x | 'x' is not a valid integer range
"""


def test_odd_input_has_an_exit_code_and_a_message(koscom):
    wrong = []
    for line in ODD.strip().splitlines():
        code, arguments, words = (part.strip() for part in line.split("|", 2))
        result = koscom(*shlex.split(arguments))
        stream = result.stdout if code == "0" else result.stderr
        if (
            result.exit_code != int(code)
            or words not in " ".join(stream.split("\n"))
            or "Traceback" in stream
        ):
            wrong.append(f"{line}\n    {result.exit_code} | {stream.strip()}")
    assert not wrong, "\n".join(wrong)


if __name__ == "__main__":
    HELP.write_text(all_help(), encoding="utf-8")
