"""The holdings as a reader of a terminal sees them: alarms, positions, totals, accounts, notes.

Pure: `Holdings` in, something that rich can print out.
"""

from collections.abc import Iterator

from attrs import frozen
from rich.box import HEAVY
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text

from koscom_async.cli.account_states import AccountStates
from koscom_async.cli.positions import PositionsTable
from koscom_async.cli.styles import ALARM, FAINT, HEADING, WARNING
from koscom_async.cli.totals import CashTable, TotalsTable
from koscom_async.export.notes import failure_lines, headline, notes
from koscom_async.export.texts import account_name, counted
from koscom_async.models.account import WON
from koscom_async.models.holdings import Holdings
from koscom_async.models.positions import Position
from koscom_async.models.totals import Totals


def report(holdings: Holdings, *, with_lots: bool = False) -> RenderableType:
    """Return everything that the command shows of the holdings."""
    return Group(*_parts(holdings, with_lots=with_lots))


def _parts(holdings: Holdings, *, with_lots: bool) -> Iterator[RenderableType]:
    alarm = _alarm(holdings)
    yield _title(holdings)
    yield from alarm
    yield from _positions(holdings, with_lots=with_lots)
    if holdings.reconciliation or not holdings.outcomes:
        yield from _section("Totals in KRW", TotalsTable(holdings))
    yield from _cash(holdings, with_lots=with_lots)
    yield from _section("Accounts", AccountStates(holdings))
    yield from _notes(holdings, with_lots=with_lots)
    yield from alarm


def _title(holdings: Holdings) -> Text:
    asked, failed = len(holdings.outcomes), len(holdings.failures)
    accounts = counted(asked, "account") if not failed else f"{asked - failed} of {counted(asked, 'account')}"
    moment = f"{holdings.as_of:%Y-%m-%d %H:%M:%S %Z}".strip()
    return Text.assemble(("Holdings", HEADING), (f"  {accounts}, asked at {moment}", FAINT))


def _alarm(holdings: Holdings) -> list[RenderableType]:
    text = headline(holdings)
    if text is None:
        return []
    lines = [Text(text)]
    lines.extend(
        Text(f"{account_name(failure.account)}: {failure_lines(failure)[0]}", "not bold")
        for failure in holdings.failures
    )
    return [Text(), Panel(Text("\n").join(lines), box=HEAVY, style=ALARM, padding=(0, 1))]


def _section(title: str, *parts: RenderableType) -> Iterator[RenderableType]:
    yield Text()
    yield _Heading(title)
    yield from parts


@frozen
class _Heading:
    """The title of a section on a rule, which is left out where it would cut the title."""

    title: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        text = Text(self.title, HEADING)
        has_room = cell_len(self.title) + len(" ─") < options.max_width
        yield Rule(text, align="left", style=FAINT) if has_room else text


def _positions(holdings: Holdings, *, with_lots: bool) -> Iterator[RenderableType]:
    won = _in(holdings, holdings.totals)
    if won:
        table = PositionsTable(won, holdings.totals, with_lots)
        yield from _section("Positions in KRW, largest first", table)
    elif not holdings.positions and holdings.reconciliation:
        yield from _section("Positions", Text("No securities are held.", FAINT))
    for totals in holdings.foreign_totals:
        table = PositionsTable(_in(holdings, totals), totals, with_lots)
        yield from _section(f"Positions in {totals.currency}, not part of the totals in KRW", table)


def _in(holdings: Holdings, totals: Totals) -> list[Position]:
    return [each for each in holdings.positions if each.instrument.currency == totals.currency]


def _cash(holdings: Holdings, *, with_lots: bool) -> Iterator[RenderableType]:
    for cash in holdings.cash:
        if with_lots or cash.currency != WON:
            yield from _section(f"Cash in {cash.currency}", CashTable(cash))


def _notes(holdings: Holdings, *, with_lots: bool) -> Iterator[RenderableType]:
    lines = notes(holdings, with_lots=with_lots)
    if lines:
        yield from _section("Notes")
        for line in lines:
            yield Text.assemble(("• ", WARNING), line)
