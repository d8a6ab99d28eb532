"""The pages: holdings, one position, one account's outcome, a client's statistics, and a report in one file.

`*_view` is shown in a notebook's cell; `report` is a document of its own.
"""

from collections.abc import Iterator, Sequence

from koscom_async.export import amounts
from koscom_async.export.html.accounts import FAILED, READ, accounts_table, remarks, state
from koscom_async.export.html.cells import (
    Child,
    Markup,
    account_cell,
    change,
    change_kind,
    element,
    figure,
    figures,
    header,
    joined,
    korean,
    moment,
    number,
    remarks_list,
    section,
    table,
    text_cell,
    view,
)
from koscom_async.export.html.positions import facts, lots_table, positions_table
from koscom_async.export.html.style import PAGE_STYLE
from koscom_async.export.html.sums import banner, doubts_banner, failure, shares, sums, title
from koscom_async.export.notes import notes
from koscom_async.export.texts import broker_name, counted
from koscom_async.models.doubts import doubtful_marks
from koscom_async.models.holdings import Holdings
from koscom_async.models.member import VirtualAccount
from koscom_async.models.outcome import AccountOutcome
from koscom_async.models.positions import Position
from koscom_async.models.statistics import BrokerStatistics, ServiceQuota, Statistics

ASKED = "…"
"""The mark of an account that has not answered yet."""


def progress_line(
    accounts: Sequence[VirtualAccount], outcomes: Sequence[AccountOutcome], *, is_running: bool
) -> str:
    """Return how far a fan-out is, in words."""
    asked, settled = counted(len(accounts), "account"), len(outcomes)
    if is_running:
        return f"Asking {asked}: {settled} of {len(accounts)} answered"
    if settled < len(accounts):
        return f"Stopped: {settled} of {asked} answered"
    failed = sum(not outcome.ok for outcome in outcomes)
    return f"✗ {failed} of {asked} not read" if failed else f"✓ {asked} read"


def progress_view(
    accounts: Sequence[VirtualAccount], outcomes: Sequence[AccountOutcome], *, is_running: bool
) -> str:
    """Return how far a fan-out is: one line, and a mark for each account."""
    settled = {outcome.account.key: outcome for outcome in outcomes}
    done = len(settled) / len(accounts) if accounts else 1.0
    return view(
        element(
            "div",
            element("b", progress_line(accounts, outcomes, is_running=is_running)),
            " ",
            element("span", [(_mark(each, settled.get(each.key)), " ") for each in accounts], kind="kv-when"),
            kind="kv-head",
        ),
        element("i", kind="kv-meter", style=f"--w:{done:.0%}", aria_hidden="true") if is_running else None,
    )


def _mark(account: VirtualAccount, outcome: AccountOutcome | None) -> Markup:
    if outcome is None:
        mark, kind = ASKED, ""
    else:
        mark, kind = (READ, " kv-good") if outcome.ok else (FAILED, " kv-bad")
    return element("span", f"{mark} ", korean(broker_name(account)), kind=f"kv-chip{kind}")


_LEGEND = (
    "▲ gain, ▼ loss; — is not known, and never zero; ≥ a cost of which only a part is reported. "
    "Amounts in KRW are shown in whole won."
)

# Nothing may be loaded or run, whatever a broker's text contains.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def holdings_view(holdings: Holdings) -> str:
    """Return the holdings for a notebook's cell."""
    return view(_holdings(holdings, scrolls=True))


def report(holdings: Holdings) -> str:
    """Return the holdings as one HTML document, with nothing outside it."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element(
            "title",
            f"Holdings, {moment(holdings.as_of)}",
            "" if holdings.complete else " (INCOMPLETE)",
            " (DOUBTFUL)" if holdings.doubts else "",
        ),
        element("style", Markup(PAGE_STYLE)),
    )
    body = element("body", view(_holdings(holdings, scrolls=False)))
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def position_view(position: Position) -> str:
    """Return one position and its lots for a notebook's cell."""
    instrument = position.instrument
    currency = instrument.currency
    kind = change_kind(position.profit_loss)
    return view(
        element(
            "div",
            element("h2", instrument.label, lang="ko"),
            element("span", facts(instrument), kind="kv-when"),
            kind="kv-head",
        ),
        figures(
            figure(
                "Value",
                amounts.money(position.value, currency),
                f"cost {amounts.cost(position)}",
                kind="kv-first",
            ),
            figure("Profit/loss", change(position.profit_loss, currency), _of_cost(position), change=kind),
            figure("Quantity", amounts.quantity(position.quantity)),
            figure("Weight", amounts.weight(position.weight), "of securities and cash in KRW"),
        ),
        section(
            "Lots",
            f"{counted(len(position.lots), 'row')}, matched by {position.matched_by}",
            lots_table(position),
        ),
        _legend(),
    )


def outcome_view(outcome: AccountOutcome) -> str:
    """Return how the question about one account ended, for a notebook's cell."""
    trace = outcome.trace
    lines = list(remarks(outcome, None))
    return view(
        element(
            "div",
            element("h2", state(ok=outcome.ok), " ", "Account read" if outcome.ok else "Account NOT read"),
            element("span", moment(outcome.as_of), kind="kv-when"),
            kind="kv-head",
        ),
        None
        if outcome.ok
        else element("div", element("p", failure(outcome)), kind="kv-banner", role="alert"),
        figures(
            figure("Account", account_cell(outcome.account), kind="kv-first"),
            figure("Rows", f"{len(outcome.balance.rows):,}" if outcome.balance else amounts.UNKNOWN),
            figure("Calls", f"{trace.calls:,}", f"{trace.retries:,} of them retries"),
            figure("Pages", f"{trace.pages:,}"),
            figure(
                "Time", f"{trace.seconds:.2f} s", f"its queries waited {trace.seconds_waited:.2f} s in all"
            ),
        ),
        remarks_list(lines),
    )


def statistics_view(statistics: Statistics) -> str:
    """Return a client's statistics for a notebook's cell."""
    head = header(
        ("Broker", "", "kv-text"),
        ("Calls", "in flight", ""),
        ("Failures", "", ""),
        ("Retries", "", ""),
        ("Refusals", "429", "kv-wider"),
        ("Waited", "s", "kv-wider"),
        ("Breaker", "", ""),
    )
    asked = sum(each.calls for each in statistics.brokers)
    return view(
        element(
            "div",
            element("h2", "Statistics"),
            element("span", f"{counted(asked, 'call')} since the client was made", kind="kv-when"),
            kind="kv-head",
        ),
        section("Brokers", "", table(head, map(_broker, statistics.brokers))),
        section("Calls left today", "", figures(map(_quota, statistics.quotas)))
        if statistics.quotas
        else None,
    )


def _holdings(holdings: Holdings, *, scrolls: bool) -> Iterator[Child]:
    yield title("Holdings", holdings)
    yield banner(holdings)
    yield doubts_banner(holdings)
    yield sums(holdings)
    yield shares(holdings)
    yield from _positions(holdings, scrolls=scrolls)
    if holdings.outcomes:
        yield section("Accounts", _asked(holdings), accounts_table(holdings))
    yield remarks_list(notes(holdings))
    yield _legend()


def _positions(holdings: Holdings, *, scrolls: bool) -> Iterator[Child]:
    marks = doubtful_marks(holdings.doubts)
    for totals in (holdings.totals, *holdings.foreign_totals):
        positions = [each for each in holdings.positions if each.instrument.currency == totals.currency]
        if not positions:
            continue
        remark = "largest first" if totals is holdings.totals else "not part of the totals in KRW"
        heading = f"{counted(len(positions), 'position')} in {totals.currency}"
        yield section(heading, remark, positions_table(positions, totals, marks=marks, scrolls=scrolls))
    if not holdings.positions and len(holdings.failures) < max(1, len(holdings.outcomes)):
        scope = "" if holdings.complete else " in the accounts that could be read"
        yield element("div", f"No securities are held{scope}.", kind="kv-empty")


def _asked(holdings: Holdings) -> str:
    return f"amounts in KRW; asked at {holdings.as_of:%H:%M:%S}"


def _of_cost(position: Position) -> str:
    return f"{amounts.percent(position.return_pct)} of the cost"


def _legend() -> Markup:
    return element("p", _LEGEND, kind="kv-legend")


def _broker(figures_of: BrokerStatistics) -> Markup:
    is_well = figures_of.breaker == "closed"
    breaker = joined(element("span", figures_of.breaker, kind="kv-good" if is_well else "kv-bad"))
    cells = (
        text_cell(element("span", figures_of.broker, kind="kv-name"), kind="kv-tight"),
        number(f"{figures_of.calls:,}", f"{figures_of.in_flight:,}"),
        number(f"{figures_of.failures:,}", kind="kv-bad" if figures_of.failures else ""),
        number(f"{figures_of.retries:,}"),
        number(f"{figures_of.refusals:,}", kind="kv-wider"),
        number(f"{figures_of.seconds_waited:.2f}", kind="kv-wider"),
        number(breaker),
    )
    return element("tbody", element("tr", cells))


def _quota(quota: ServiceQuota) -> Markup:
    of = "" if quota.limit is None else f" of {quota.limit:,}"
    left = (
        None
        if not quota.limit
        else element("i", kind="kv-meter", style=f"--w:{quota.remaining / quota.limit:.1%}")
    )
    below = joined(f"{of.strip()} until {moment(quota.resets_at)}".strip(), left)
    return figure(quota.service, f"{quota.remaining:,}", below)
