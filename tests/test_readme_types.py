"""The README's programs pass mypy and pyright, both strict, as modules of a user's; names that do not exist fail both."""

import ast
import json
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from mypy import api

import koscom_async
from koscom_async import sandbox
from tests.test_readme import PROGRAMS

IDIOMS = """
async def holdings(koscom: Koscom, investor: Investor) -> None:
    whole = await koscom.holdings(investor)
    for failure in whole.failures:
        print(failure.error.code, failure.error.retriable)
    for outcome in whole.outcomes:
        print(len(outcome.balance.rows) if outcome.ok else outcome.error.code)
        if outcome.error is None:
            print(outcome.balance.summary)
    async with koscom.stream_holdings(investor) as stream:
        async for outcome in stream:
            print(outcome.error.code if not outcome.ok else len(outcome.balance.equities))
    for each in (await koscom.portfolios(investor)).outcomes:
        print(len(each.portfolio.rows) if each.ok else each.error.code)
    for listed in (await koscom.watchlists(investor)).outcomes:
        print(len(listed.watchlist.groups) if listed.ok else listed.error.code)

async def rows(koscom: Koscom, investor: Investor) -> None:
    for outcome in (await koscom.discretionary.all_orders()).outcomes:
        print(len(outcome.answer) if outcome.ok else outcome.error.code)
    for failure in (await koscom.transactions(investor, date(2024, 1, 1), date(2024, 3, 31))).failures:
        print(failure.error.code, failure.missing_from.year, failure.rows)

def any_outcome(outcome: AccountOutcome) -> str | None:
    return outcome.error.code if outcome.error else None

def found_in(holdings: Holdings) -> str | None:
    return next((any_outcome(each) for each in holdings.outcomes), None)
"""

MISSPELT = """
from koscom_async import Kosmos as K
from koscom_async import Setings as S
from koscom_async.sandbox import SandboxGatway as G
from koscom_async.errors import UsageEror as E
from koscom_async.tokens import FernetSeel as F

async def misspelt(koscom: Koscom, settings: Settings, investor: Investor, gateway: SandboxGateway) -> None:
    print(koscom_async.Kosmos)
    print(Settings(api_kee="l7xx"))
    print(settings.api_kee)
    print(await koscom.holdngs(investor))
    print(await koscom.holdings(investor, dedline=8.0))
    print((await koscom.holdings(investor)).positons)
    print((await koscom.holdings(investor)).positions[0].instrument.lable)
    print((await koscom.holdings(investor)).failures[0].error.cod)
    print((await koscom.holdings(investor)).failures[0].eror)
    print((await koscom.holdings(investor)).outcomes[0].balance.rowz)
    print((await koscom.holdings(investor)).outcomes[0].okay)
    print([outcome.answer.rowz for outcome in (await koscom.discretionary.all_orders()).outcomes])
    print((await koscom.transactions(investor, date(2024, 1, 1), date(2024, 3, 31))).rowz)
    print(koscom.statistics().of("star").cals)
    print(koscom.oauth.authorise_url(state="s"))
    print(gateway.investr)
"""

MYPY = """
[mypy]
strict = True
# Of what the modules import, this package's types are read, and those of which its interface is made.
follow_imports = skip
ignore_missing_imports = True
[mypy-koscom_async.*,httpx.*,attr.*,attrs.*,anyio.*,fastapi,fastapi.applications,fastapi.types]
follow_imports = silent
"""

PYRIGHT = {
    "typeCheckingMode": "strict",
    "extraPaths": [str(Path(koscom_async.__file__).parent.parent)],
    # The snippets are a notebook's cells, whose names another cell uses; and an import must fail for its name.
    "reportUnusedImport": False,
    "reportUnusedVariable": False,
    "reportUnusedFunction": False,
}

Errors = dict[str, dict[int, str]]
"""The first error of each line, by module."""


def module(program: str) -> str:
    """Return a program as a module that imports, each by its name, what the README takes from `import *`."""
    tree = ast.parse(program)
    imports = [ast.unparse(each) for each in tree.body if isinstance(each, ast.Import | ast.ImportFrom)]
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for source in (koscom_async, sandbox):
        names = sorted(used.intersection(source.__all__))
        imports += [f"from {source.__name__} import {', '.join(names)}"] if names else []
    body = "\n".join("" if line.startswith(("import ", "from ")) else line for line in program.splitlines())
    return "\n".join([*imports, "async def cell() -> None:", textwrap.indent(body, "    ")])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The README's programs and the idioms, a module each, and one of names that do not exist."""
    modules = {f"program_{number}": module(program) for number, program in enumerate(PROGRAMS[1:], 1)}
    modules["program_0"] = PROGRAMS[0]
    modules["idioms"] = module(f"from datetime import date\n{IDIOMS}")
    needed = (
        "Investor, Koscom, Settings\nimport koscom_async\nfrom koscom_async.sandbox import SandboxGateway\n"
    )
    modules["misspelt"] = f"from datetime import date\nfrom koscom_async import {needed}{MISSPELT}"
    for name, text in modules.items():
        tmp_path.joinpath(f"{name}.py").write_text(text, encoding="utf-8")
    return tmp_path


def mypy(folder: Path) -> Errors:
    settings = folder / "mypy.ini"
    settings.write_text(MYPY, encoding="utf-8")
    modules = sorted(map(str, folder.glob("*.py")))
    asked = [
        "--config-file",
        str(settings),
        "--cache-dir",
        str(folder / "cache"),
        "--output",
        "json",
        *modules,
    ]
    printed, problems, _ = api.run(asked)
    assert not problems
    errors: Errors = {}
    for each in map(json.loads, printed.splitlines()):
        if each["severity"] == "error":
            errors.setdefault(Path(each["file"]).stem, {}).setdefault(each["line"], each["message"])
    return errors


def pyright(folder: Path) -> Errors:
    folder.joinpath("pyrightconfig.json").write_text(json.dumps(PYRIGHT), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pyright",
        "--outputjson",
        "--pythonpath",
        sys.executable,
        "--project",
        folder,
    ]
    printed = subprocess.run(command, check=False, capture_output=True).stdout  # noqa: S603
    errors: Errors = {}
    for each in json.loads(printed)["generalDiagnostics"]:
        line = each["range"]["start"]["line"] + 1
        errors.setdefault(Path(each["file"]).stem, {}).setdefault(line, each["message"])
    return errors


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_every_program_passes_and_every_misspelt_name_fails(
    checker: Callable[[Path], Errors], folder: Path
) -> None:
    errors = checker(folder)
    misspelt = errors.pop("misspelt")
    assert errors == {}
    lines = folder.joinpath("misspelt.py").read_text(encoding="utf-8").splitlines()
    of_names = [number for number, line in enumerate(lines, 1) if " as " in line or line.startswith("    ")]
    assert sorted(misspelt) == of_names
