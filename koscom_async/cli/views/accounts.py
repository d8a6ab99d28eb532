"""How each account ended: read or failed, what it took, and how its rows stand against the broker's summary."""

from collections.abc import Iterator

from attrs import frozen
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from koscom_async.cli.views.grid import Column, Grid, Row, fitting
from koscom_async.cli.views.sections import BAD, FAINT, GOOD, plain_text
from koscom_async.export.notes import difference_line, failure_lines
from koscom_async.export.texts import broker_name, clean, counted
from koscom_async.models.holdings import Holdings
from koscom_async.models.outcome import AccountOutcome, Outcome

READ = "✓"
FAILED = "✗"

_COLUMNS = (
    Column(least=None),
    Column(least=10),
    Column(least=None),
    Column(least=6),
    *(Column(is_number=True) for _ in range(3)),
)


@frozen
class AccountStates:
    """One line an account, and below it what its reader must know."""

    holdings: Holdings

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the lines."""
        rows = tuple(self._row(outcome) for outcome in self.holdings.outcomes)
        yield fitting([Grid(_COLUMNS, rows)], options.max_width)

    def _row(self, outcome: AccountOutcome) -> Row:
        return Row(_cells(outcome), details=tuple(self._details(outcome)))

    def _details(self, outcome: AccountOutcome) -> Iterator[Text]:
        for line in failure_lines(outcome):
            yield Text(line, BAD if line[0] != "→" else "bold")
        for account in self.holdings.reconciliation:
            difference = difference_line(account)
            if account.account.key == outcome.account.key and difference:
                yield Text(difference, FAINT)
        tolerated = [*(outcome.balance.notes if outcome.balance else ()), *outcome.trace.notes]
        for note in dict.fromkeys(tolerated):
            yield plain_text(note, FAINT)


def state(outcome: Outcome) -> Text:
    """Return the mark of an outcome."""
    return Text(READ, GOOD) if outcome.ok else Text(FAILED, BAD)


def _cells(outcome: AccountOutcome) -> tuple[Text, ...]:
    account, trace = outcome.account, outcome.trace
    rows = counted(len(outcome.balance.rows), "row") if outcome.balance else "failed"
    return (
        state(outcome),
        Text(broker_name(account)),
        Text(clean(account.masked_number)),
        plain_text(account.alias or "", FAINT),
        Text(rows, "" if outcome.ok else BAD),
        Text(counted(trace.calls, "call"), FAINT),
        Text(f"{trace.seconds:.2f} s", FAINT),
    )
