"""The shape of the house: how many files there are, how long, how deep, and in which words they speak."""

import re
from collections import Counter

import pytest

from koscom_async import Koscom
from koscom_async.sandbox import SandboxGateway
from tests.backends import BACKENDS
from tests.end_to_end.test_main_job import impatient
from tests.source import HOME, modules, prose
from tests.trace import files_passed

MODULES_PER_1000_LINES = 7.5
NOQA_PER_1000_LINES = 2
FILES_IN_A_FOLDER = 18
SHORT_FILES, SHORT_LINES = 40, 40
README_LINES = 450
FILES_OF_A_WARM_CALL = 28

BANNED = re.compile(
    r"\b(?:whoever|nobody|somebody|of ours|bare|told|said|passing(?:ly)?|to be had|comes to|as above)\b"
)
FOLDERS = ("koscom_async", "benchmarks")
BANNED_AT_MOST = 0


def lines():
    return sum(len(module.lines) for module in modules())


def test_there_are_few_modules():
    assert 1000 * len(modules()) / lines() <= MODULES_PER_1000_LINES


def test_no_folder_is_crowded():
    folders = Counter(module.path.parent for module in modules())
    crowded = {str(folder.relative_to(HOME)): count for folder, count in folders.items()}
    assert {name: count for name, count in crowded.items() if count > FILES_IN_A_FOLDER} == {}


def test_few_files_are_short():
    short = [
        module.name
        for module in modules()
        if len(module.lines) < SHORT_LINES and module.path.name != "__init__.py"
    ]
    assert len(short) < SHORT_FILES, short


def test_the_linter_is_seldom_silenced():
    silenced = Counter({module.name: len(re.findall(r"# noqa\b", module.text)) for module in modules()})
    assert 1000 * silenced.total() / lines() <= NOQA_PER_1000_LINES, silenced.most_common(20)


def test_the_readme_is_short():
    assert len(HOME.joinpath("README.md").read_text(encoding="utf-8").splitlines()) <= README_LINES


def test_the_words_are_plain():
    written = {path: prose(path) for folder in FOLDERS for path in sorted((HOME / folder).rglob("*.py"))}
    readme = HOME / "README.md"
    written[readme] = enumerate(readme.read_text(encoding="utf-8").splitlines(), 1)
    found = [
        f"{path.relative_to(HOME)}:{line}: {text.strip()}"
        for path, lines in written.items()
        for line, text in lines
        if BANNED.search(text)
    ]
    assert len(found) <= BANNED_AT_MOST, "\n".join(found)


@pytest.mark.parametrize("backend", BACKENDS)
async def test_a_warm_call_passes_few_files(backend):
    # The gateway runs in a thread of its own, which is not watched.
    with SandboxGateway() as gateway:
        async with Koscom(impatient(gateway.settings, backend=backend)) as koscom:
            investor = gateway.investor
            account = (await koscom.member.accounts(investor)).accounts[0]
            await koscom.account.balance(investor, account)
            with files_passed() as passed:
                await koscom.account.balance(investor, account)
    assert len(passed) <= FILES_OF_A_WARM_CALL, "\n".join(sorted(passed))
