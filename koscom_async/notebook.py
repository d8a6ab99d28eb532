"""Progress in a notebook's cell while every account is asked. Asks nothing itself: the client does."""

import sys
from collections.abc import Callable, Sequence
from typing import Protocol, cast

from attrs import frozen

from koscom_async.client import Koscom
from koscom_async.export.html.pages import progress_line, progress_view
from koscom_async.models.holdings import Holdings
from koscom_async.models.investor import Investor
from koscom_async.models.member import VirtualAccount
from koscom_async.models.outcome import AccountOutcome

__all__ = ["watched_holdings"]


class _Display(Protocol):
    """IPython's handle of what a cell shows."""

    def display(self, shown: object) -> None: ...
    def update(self, shown: object) -> None: ...


@frozen(repr=False)
class _Progress:
    """How far the accounts are, as a notebook shows it."""

    accounts: Sequence[VirtualAccount]
    outcomes: Sequence[AccountOutcome]
    is_running: bool

    def __repr__(self) -> str:
        return f"<{progress_line(self.accounts, self.outcomes, is_running=self.is_running)}>"

    def _repr_html_(self) -> str:
        return progress_view(self.accounts, self.outcomes, is_running=self.is_running)


async def watched_holdings(koscom: Koscom, investor: Investor, *, deadline: float | None = None) -> Holdings:
    """Return what `koscom.holdings()` returns, and show in the cell which accounts have answered.

    Outside a notebook, nothing is shown.
    """
    show = _shower()
    outcomes: list[AccountOutcome] = []
    async with koscom.stream_holdings(investor, deadline=deadline) as stream:
        try:
            show(_Progress(stream.accounts, outcomes, is_running=True))
            async for outcome in stream:
                outcomes.append(outcome)
                show(_Progress(stream.accounts, outcomes, is_running=True))
        finally:
            show(_Progress(stream.accounts, outcomes, is_running=False))
        return await stream.merged()


def _shower() -> Callable[[_Progress], None]:
    """Return a function that shows progress in the place of the previous; outside a notebook, it does nothing."""
    handle = _notebook_display()
    if handle is None:
        return lambda _: None
    is_first = True

    def show(progress: _Progress) -> None:
        nonlocal is_first
        (handle.display if is_first else handle.update)(progress)
        is_first = False

    return show


def _notebook_display() -> _Display | None:
    # A notebook has imported IPython; for other programs it need not even be installed.
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if ipython is None or not hasattr(shell, "kernel"):
        return None
    return cast("_Display", ipython.display.DisplayHandle())
