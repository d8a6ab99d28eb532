"""Progress while accounts are asked: in a notebook each answer is shown, elsewhere nothing is, and errors pass."""

import sys
from types import SimpleNamespace

import anyio
import pytest

from koscom_async import Koscom, PlatformError
from koscom_async.notebook import watched_holdings
from koscom_async.sandbox import SandboxGateway


class Handle:
    """IPython's handle of what a cell shows, which remembers it."""

    def __init__(self):
        self.shown = []

    def display(self, page):
        assert self.shown == []
        self.shown.append(page._repr_html_().split("</style>")[1])

    def update(self, page):
        assert self.shown
        self.shown.append(page._repr_html_().split("</style>")[1])


@pytest.fixture
def handle(monkeypatch):
    """A notebook as far as the code can see."""
    made = Handle()
    shell = SimpleNamespace(kernel=object())
    ipython = SimpleNamespace(get_ipython=lambda: shell, display=SimpleNamespace(DisplayHandle=lambda: made))
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    return made


async def ask(gateway, **options):
    async with Koscom(gateway.settings, transport=gateway.transport) as koscom:
        return await watched_holdings(koscom, gateway.investor, **options)


async def test_each_answer_is_shown_in_the_place_of_the_one_before(handle):
    async with SandboxGateway(in_process=True) as gateway:
        holdings = await ask(gateway)
    assert holdings.complete
    assert len(handle.shown) == 5  # nothing yet, one after the other, the end
    assert "Asking 3 accounts: 0 of 3 answered" in handle.shown[0]
    assert "Asking 3 accounts: 2 of 3 answered" in handle.shown[2]
    assert "--w:67%" in handle.shown[2]
    assert "✓ 3 accounts read" in handle.shown[-1]


async def test_an_account_that_failed_is_marked(handle):
    async with SandboxGateway(in_process=True, faults={"star": "3600"}) as gateway:
        await ask(gateway)
    assert "✗ 1 of 3 accounts not read" in handle.shown[-1]
    assert '✗ <span lang="ko">스타 증권</span>' in handle.shown[-1]
    assert '✓ <span lang="ko">사이버 증권</span>' in handle.shown[-1]


@pytest.mark.parametrize("shell", [None, SimpleNamespace()], ids=["a script", "a terminal"])
async def test_elsewhere_nothing_is_shown(shell, monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    async with SandboxGateway(in_process=True) as gateway:
        assert (await ask(gateway)).complete


async def test_without_ipython_nothing_is_shown(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    async with SandboxGateway(in_process=True) as gateway:
        assert (await ask(gateway)).complete
    assert "IPython" not in sys.modules


async def test_an_error_that_concerns_every_account_is_raised_and_nothing_shown(handle):
    async with SandboxGateway(in_process=True, faults={"common": "4001"}) as gateway:
        with pytest.raises(PlatformError, match="4001"):
            await ask(gateway)
    assert handle.shown == []


async def test_being_cancelled_leaves_no_page_that_pretends_to_run(handle):
    async with SandboxGateway(in_process=True) as gateway:
        with anyio.CancelScope() as scope:
            handle.update = lambda page: (scope.cancel(), Handle.update(handle, page))
            await ask(gateway)
    assert scope.cancelled_caught
    assert "Stopped: 1 of 3 accounts answered" in handle.shown[-1]
