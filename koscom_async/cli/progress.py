"""What is seen while accounts are read: a line each, on a terminal; one plain line, or nothing, elsewhere."""

import sys
from types import TracebackType
from typing import Any, Self

from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TaskID
from rich.text import Text

from koscom_async._fanout.streams import OutcomeStream
from koscom_async.cli.output import console, is_live, say
from koscom_async.cli.views.accounts import state
from koscom_async.cli.views.sections import FAINT
from koscom_async.export.texts import account_name, counted
from koscom_async.models.outcome import Outcome

LINKED = "asking for the linked accounts"


class QuietProgress:
    """Says once what is asked of the embedded gateway, and nothing otherwise."""

    def __init__(self, sandbox_url: str | None) -> None:
        self._url = sandbox_url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to take away."""

    def asking(self, stream: OutcomeStream[Any, Any]) -> None:
        """Say that these accounts are being asked."""
        if self._url:
            asked = counted(len(stream.accounts), "account")
            say(f"asking {asked} at the embedded sandbox gateway ({self._url})")

    def settled(self, outcome: Outcome) -> None:
        """Say nothing of an account that has ended: the report will."""


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


class LiveProgress(QuietProgress):
    """A line for each account, with a spinner until it has ended."""

    def __init__(self, sandbox_url: str | None) -> None:
        super().__init__(sandbox_url)
        self._progress = Progress(
            _StateColumn(),
            _AccountColumn(),
            _SecondsColumn(),
            console=console(sys.stderr),
            # On a terminal the report follows, and tells the same.
            transient=sys.stdout.isatty(),
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._linked: TaskID | None = None
        self._tasks: dict[tuple[str, str], TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        self._linked = self._progress.add_task(LINKED, total=1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the lines as they are, or take them away."""
        self._linked_are_known()
        self._progress.stop()

    def asking(self, stream: OutcomeStream[Any, Any]) -> None:
        """Show a line for each account."""
        self._linked_are_known()
        for account in stream.accounts:
            self._tasks[account.key] = self._progress.add_task(account_name(account), total=1)

    def settled(self, outcome: Outcome) -> None:
        """Mark the account's line."""
        self._progress.update(self._tasks[outcome.account.key], completed=1, mark=state(outcome))

    def _linked_are_known(self) -> None:
        if self._linked is not None:
            self._progress.update(self._linked, visible=False, completed=1)


def progress(sandbox_url: str | None) -> QuietProgress:
    """Return what fits where stderr goes."""
    return LiveProgress(sandbox_url) if is_live(sys.stderr) else QuietProgress(sandbox_url)
