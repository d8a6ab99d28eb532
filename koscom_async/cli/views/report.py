"""The holdings as a reader of a terminal sees them: alarms, positions, totals, accounts, notes.

Pure: `Holdings` in, something that rich can print out.
"""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from koscom_async.cli.views.accounts import AccountStates
from koscom_async.cli.views.positions import PositionsTable
from koscom_async.cli.views.sections import FAINT, alarm, notes_section, section, title
from koscom_async.cli.views.totals import CashTable, TotalsTable
from koscom_async.export.notes import notes
from koscom_async.models.account import WON
from koscom_async.models.holdings import Holdings
from koscom_async.models.positions import Position
from koscom_async.models.totals import Totals


def report(holdings: Holdings, *, with_lots: bool = False) -> RenderableType:
    """Return everything that the command shows of the holdings."""
    return Group(*_parts(holdings, with_lots=with_lots))


def _parts(holdings: Holdings, *, with_lots: bool) -> Iterator[RenderableType]:
    yield title(holdings)
    yield from alarm(holdings)
    yield from _positions(holdings, with_lots=with_lots)
    if holdings.reconciliation or not holdings.outcomes:
        yield from section("Totals in KRW", TotalsTable(holdings))
    yield from _cash(holdings, with_lots=with_lots)
    yield from section("Accounts", AccountStates(holdings))
    yield from notes_section(notes(holdings, with_lots=with_lots))
    yield from alarm(holdings)


def _positions(holdings: Holdings, *, with_lots: bool) -> Iterator[RenderableType]:
    won = _in(holdings, holdings.totals)
    if won:
        table = PositionsTable(won, holdings.totals, with_lots)
        yield from section("Positions in KRW, largest first", table)
    elif not holdings.positions and holdings.reconciliation:
        yield from section("Positions", Text("No securities are held.", FAINT))
    for totals in holdings.foreign_totals:
        table = PositionsTable(_in(holdings, totals), totals, with_lots)
        yield from section(f"Positions in {totals.currency}, not part of the totals in KRW", table)


def _in(holdings: Holdings, totals: Totals) -> list[Position]:
    return [each for each in holdings.positions if each.instrument.currency == totals.currency]


def _cash(holdings: Holdings, *, with_lots: bool) -> Iterator[RenderableType]:
    for cash in holdings.cash:
        if with_lots or cash.currency != WON:
            yield from section(f"Cash in {cash.currency}", CashTable(cash))
