"""Progress on stderr while accounts are read: a line for each on a terminal; one plain line, or nothing, elsewhere.

Does not report the answer.
"""

import sys
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Self, TypeVar

from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TaskID
from rich.text import Text

from koscom_async._fanout.streams import OutcomeStream
from koscom_async.cli.access import Access
from koscom_async.cli.output import console, is_live, write_stderr
from koscom_async.cli.views.layout import FAINT
from koscom_async.cli.views.report import state
from koscom_async.export.texts import account_name, counted
from koscom_async.models.member import VirtualAccount
from koscom_async.models.outcome import Outcome

LINKED = "asking for the linked accounts"
CONTRACTS = "asking for the contract accounts"

Stream = TypeVar("Stream", bound=OutcomeStream[Any, Any])


async def read_stream(
    stream: AbstractAsyncContextManager[Stream], access: Access, *, quiet: bool = False
) -> Stream:
    """Read a stream of accounts to its end, and report on stderr how it goes."""
    with reporter(access, quiet=quiet) as reporting:
        async with stream as accounts:
            reporting.asking(accounts.accounts)
            async for outcome in accounts:
                reporting.ended(outcome)
            return accounts


def reporter(access: Access, *, quiet: bool = False, first: str = LINKED) -> "Reporter":
    """Return the reporter that fits where stderr goes; `first` is what is done until the accounts are known."""
    if quiet:
        return Reporter()
    return LiveReporter(first) if is_live(sys.stderr) else LineReporter(access.sandbox_url)


class Reporter:
    """Reports nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def asking(self, accounts: tuple[VirtualAccount, ...]) -> None:
        """Report that these accounts are being asked."""

    def asking_for(self, what: str) -> None:
        """Report how much is being asked, where its accounts are not known yet."""

    def ended(self, outcome: Outcome) -> None:
        """Report that an account has been read, or has failed."""


class LineReporter(Reporter):
    """Writes one line where the embedded gateway is asked, and nothing where the platform is."""

    def __init__(self, sandbox_url: str | None) -> None:
        self._url = sandbox_url

    def asking(self, accounts: tuple[VirtualAccount, ...]) -> None:
        self.asking_for(counted(len(accounts), "account"))

    def asking_for(self, what: str) -> None:
        if self._url:
            write_stderr(f"asking {what} at the embedded sandbox gateway ({self._url})")


class _StateColumn(ProgressColumn):
    """A spinner, and a mark once the account has ended."""

    def __init__(self) -> None:
        super().__init__()
        self._spinner = SpinnerColumn(style="")

    def render(self, task: Task) -> Text:
        mark = task.fields.get("mark")
        spun = self._spinner.render(task)
        return mark if isinstance(mark, Text) else spun if isinstance(spun, Text) else Text(" ")


class _AccountColumn(ProgressColumn):
    """The account, as plain text."""

    def render(self, task: Task) -> Text:
        return Text(task.description)


class _SecondsColumn(ProgressColumn):
    """The seconds that it takes, and then took."""

    max_refresh = None

    def render(self, task: Task) -> Text:
        seconds = task.finished_time if task.finished else task.elapsed
        return Text(f"{seconds or 0:.1f} s", FAINT, justify="right")


class LiveReporter(Reporter):
    """Draws a line for each account, with a spinner until it has ended."""

    def __init__(self, first: str) -> None:
        self._progress = Progress(
            _StateColumn(),
            _AccountColumn(),
            _SecondsColumn(),
            console=console(sys.stderr),
            # On a terminal the report follows, and shows the same.
            transient=sys.stdout.isatty(),
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._first = self._progress.add_task(first, total=1, start=False)
        self._tasks: dict[tuple[str, str], TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start_task(self._first)
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the lines as they are, or take them away."""
        self._hide_first()
        self._progress.stop()

    def asking(self, accounts: tuple[VirtualAccount, ...]) -> None:
        self._hide_first()
        for account in accounts:
            self._tasks[account.key] = self._progress.add_task(account_name(account), total=1)

    def ended(self, outcome: Outcome) -> None:
        self._progress.update(self._tasks[outcome.account.key], completed=1, mark=state(outcome))

    def _hide_first(self) -> None:
        self._progress.update(self._first, visible=False, completed=1)
