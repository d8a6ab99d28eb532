"""What a reader must know to believe the numbers: what totals leave out, and why a number is not known."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from koscom_async.export.amounts import AT_LEAST, money, money_change
from koscom_async.export.texts import account_name, clean, counted
from koscom_async.models.doubts import Doubt
from koscom_async.models.holdings import AccountReconciliation, Holdings, Totals
from koscom_async.models.outcome import Outcome
from koscom_async.models.positions import Position

_NEEDED = {
    "summary": "no summary (cash, loans)",
    "cash": "no cash",
    "loan": "no loans",
    "receivable": "no unpaid amount",
}


_OF_LOTS = "The lots' numbers are the brokers' own: where a lot has no cost, its profit cannot be true"


SHOWN_DOUBTS = 20
"""So many are shown to a reader; `Holdings.doubts` has all."""


class Answered(Protocol):
    """An answer of several accounts."""

    @property
    def as_of(self) -> datetime: ...
    @property
    def complete(self) -> bool: ...
    @property
    def outcomes(self) -> Sequence[Outcome]: ...
    @property
    def failures(self) -> Sequence[Outcome]: ...


def headline(answer: Answered, noun: str = "account") -> str | None:
    """Return what must not be missed where an account could not be read; `None` where all were."""
    failed, asked = len(answer.failures), len(answer.outcomes)
    if not failed:
        return None
    has_totals = isinstance(answer, Holdings)
    if failed == asked:
        totals = "; there are no totals" if has_totals else ""
        return f"NOTHING COULD BE READ: {counted(asked, noun)} asked, all failed{totals}"
    totals = f"; the totals leave {'it' if failed == 1 else 'them'} out" if has_totals else ""
    return f"INCOMPLETE: {failed} of {counted(asked, noun)} could not be read{totals}"


def doubts_headline(holdings: Holdings) -> str | None:
    """Return what must not be missed where something may be counted twice; `None` where nothing may be."""
    if not holdings.doubts:
        return None
    accounts = len({doubt.account.key for doubt in holdings.doubts})
    more = len(holdings.doubts) - SHOWN_DOUBTS
    shown = f" ({SHOWN_DOUBTS} of {SHOWN_DOUBTS + more:,} doubts are shown)" if more > 0 else ""
    who = counted(accounts, "account")
    return f"DOUBTFUL: {who} may count something twice; the totals count it as it came{shown}"


def doubt_lines(holdings: Holdings, *, at_most: int | None = None) -> list[tuple[Doubt, str]]:
    """Return each doubt with its line: what it is called, how much, and why."""
    return [
        (
            doubt,
            f"{clean(doubt.label)}: {clean(doubt.why)}; {money(doubt.amount, doubt.currency)} may count twice",
        )
        for doubt in holdings.doubts[:at_most]
    ]


def failure_lines(outcome: Outcome) -> list[str]:
    """Return what went wrong at an account and what to do, in one or two lines."""
    error = outcome.error
    if error is None:
        return []
    facts = [f"code {clean(error.code)}" if error.code else ""]
    facts.append(f"asked {error.attempts} times" if error.attempts > 1 else "")
    known = ", ".join(fact for fact in facts if fact)
    text = clean(error.message) + (f" ({known})" if known else "")
    return [text, f"→ {clean(error.advice)}"] if error.advice else [text]


def difference_line(account: AccountReconciliation) -> str | None:
    """Return where an account's rows and its broker's summary differ; `None` where they do not, or are not known."""
    differences = {"value": account.value_difference, "cost": account.cost_difference}
    parts = [f"{what} {money_change(each)}" for what, each in differences.items() if each]
    return f"rows less broker's summary: {', '.join(parts)}" if parts else None


def reason_line(account: AccountReconciliation) -> str | None:
    """Return why they differ, as far as the rows tell; `None` where they do not differ."""
    return f"likely because {clean(account.reason)}" if account.reason and difference_line(account) else None


SOON_DAYS = 30
"""A consent that ends within so many days is a note: what ends it is the investor's to do."""


def consent_notes(answer: Answered) -> list[str]:
    """Return when the investor's consent ends, where that is soon or past; the firm's own accounts need none."""
    ends_on: date | None = getattr(answer, "consent_expires_on", None)
    if ends_on is None:
        return []
    asked_at = max([answer.as_of, *(outcome.as_of for outcome in answer.outcomes)])
    days = (ends_on - asked_at.date()).days
    if days > SOON_DAYS:
        return []
    if days < 0:
        return [f"The investor's consent ended on {ends_on}: have it renewed, as accounts may be missing"]
    when = f"in {counted(days, 'day')}" if days else "today"
    return [f"The investor's consent ends {when}, on {ends_on}: have it renewed before"]


APART = timedelta(minutes=10)
"""Accounts that were read so far apart are a note: an answer that was asked for at once takes less."""


def _read_apart(holdings: Holdings) -> list[str]:
    read_at = [outcome.as_of for outcome in holdings.outcomes if outcome.ok]
    if not read_at or (last := max(read_at)) - (first := min(read_at)) < APART:
        return []
    until = f"{last:%H:%M}" if last.date() == first.date() else f"{last:%Y-%m-%d %H:%M}"
    times = f"{first:%Y-%m-%d %H:%M} to {until}"
    return [f"Accounts were read from {times}: what moved in between may count twice, or not at all"]


def cash_line(account: AccountReconciliation) -> str | None:
    """Return which view of its cash an account's net worth counts; `None` where it is what is settled today."""
    if not account.unsettled:
        return None
    confirms = "confirms" if account.cash_basis_proven else "does not confirm"
    return (
        f"net worth counts {money_change(account.unsettled)} of cash from trades not settled yet "
        f"({account.cash_basis}), which the broker's total {confirms}"
    )


def has_unsettled(totals: Totals) -> bool:
    """Whether net worth counts other cash than what is settled today, or which is not known."""
    return bool(totals.unsettled) or (totals.unsettled is None and totals.assets is not None)


def notes(holdings: Holdings, *, with_lots: bool = False) -> list[str]:
    """Return all notes on the numbers, the weightiest first."""
    return [
        *consent_notes(holdings),
        *_read_apart(holdings),
        *_totals_unknown(holdings),
        *(
            note
            for totals in (holdings.totals, *holdings.foreign_totals)
            for note in _left_out(holdings, totals)
        ),
        *_without_rate(holdings),
        *_partial_costs(holdings),
        *_matched_by_name(holdings),
        *([_OF_LOTS] if with_lots else []),
    ]


def _totals_unknown(holdings: Holdings) -> Iterator[str]:
    for account in holdings.reconciliation:
        if account.missing:
            lacks = ", ".join(_NEEDED.get(name, f"no {name}") for name in account.missing)
            yield f"Totals marked — are not known: {account_name(account.account)} reports {lacks}"
    for what, unknown in (("value", _without(holdings, "value")), ("cost", _without(holdings, "cost"))):
        if unknown:
            yield f"The total {what} is not known: {counted(unknown, 'position')} without a {what}"


def _without(holdings: Holdings, name: str) -> int:
    return sum(getattr(position, name) is None for position in holdings.positions)


def profit_leaves_out(holdings: Holdings, totals: Totals) -> bool:
    """Whether there are positions of which the total profit knows nothing."""
    if totals.value_without_cost is None:
        return bool(_unprofitable(holdings, totals))
    return bool(totals.value_without_cost)


def _left_out(holdings: Holdings, totals: Totals) -> Iterator[str]:
    if profit_leaves_out(holdings, totals):
        positions = _unprofitable(holdings, totals)
        are_funds = all(each.instrument.asset_class == "FUND" for each in positions)
        noun = "funds" if are_funds else "positions"
        yield (
            f"The profit leaves out {money(totals.value_without_cost, totals.currency)} "
            f"of {noun} whose brokers report no cost"
        )
    if totals.derivatives_value:
        value = money(totals.derivatives_value, totals.currency)
        yield f"The totals leave out futures and options of {value}: their value is not money put in"


def _unprofitable(holdings: Holdings, totals: Totals) -> list[Position]:
    return [
        position
        for position in holdings.positions
        if position.counts_in(totals.currency) and position.profit_loss is None
    ]


def _without_rate(holdings: Holdings) -> Iterator[str]:
    for position in holdings.positions:
        unproven = [lot for lot in position.lots if lot.rate and lot.rate_units is None]
        if unproven:
            instrument, rate = position.instrument, unproven[0].rate
            yield (
                f"{clean(instrument.label)} has no value in KRW: {account_name(unproven[0].account)} gives a rate of "
                f"{rate:,f}, and nothing proves for how many {clean(instrument.currency)} it is"
            )


def _partial_costs(holdings: Holdings) -> Iterator[str]:
    if any(position.lots and not all(lot.cost for lot in position.lots) for position in holdings.positions):
        yield f"{AT_LEAST} marks a cost of which only a part is reported; a dash (—) what is not known"


def _matched_by_name(holdings: Holdings) -> Iterator[str]:
    for position in holdings.positions:
        if position.matched_by == "name" and len(position.lots) > 1:
            yield (
                f"{clean(position.instrument.label)} has no code: "
                f"its {len(position.lots)} lots were matched by product and name"
            )
