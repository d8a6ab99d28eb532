"""The state of every account: read or failed, what it holds, how it stands against its broker's summary."""

from collections.abc import Iterator, Mapping

from koscom_async.export import amounts
from koscom_async.export.html.cells import (
    Child,
    Markup,
    account_cell,
    element,
    header,
    joined,
    number,
    table,
    text_cell,
)
from koscom_async.export.html.sums import failure
from koscom_async.export.notes import cash_line, difference_line, reason_line
from koscom_async.export.texts import clean, counted
from koscom_async.models.account import WON
from koscom_async.models.holdings import AccountReconciliation, CashLot, Holdings
from koscom_async.models.outcome import AccountOutcome

READ, FAILED = "✓", "✗"

_HEAD = header(
    ("Account", "", "kv-text"),
    ("Rows", "", "kv-wider"),
    ("Value", "cost", ""),
    ("Cash", "D+2", ""),
    ("Net worth", "liabilities", ""),
    ("Answered", "calls, time", "kv-wide"),
)
_NUMBERS = 5


def accounts_table(holdings: Holdings) -> Markup:
    """Return a line an account, and below it what its reader must know."""
    reconciled = {each.account.key: each for each in holdings.reconciliation}
    cash = {lot.account.key: lot for each in holdings.cash if each.currency == WON for lot in each.lots}
    return table(_HEAD, [_body(outcome, reconciled, cash) for outcome in holdings.outcomes])


def remarks(outcome: AccountOutcome, account: AccountReconciliation | None) -> Iterator[str]:
    """Yield how rows and summary differ, what the summary lacks, and what was tolerated on the way."""
    if account is not None:
        difference = difference_line(account)
        if difference:
            yield from filter(None, (difference, reason_line(account)))
        elif account.reason:
            yield clean(account.reason)
        elif account.value_difference == 0 and account.cost_difference == 0:
            yield "rows and broker's summary agree"
        counted = cash_line(account)
        if counted:
            yield counted
        if account.missing:
            yield f"its summary lacks: {', '.join(account.missing)}"
    tolerated = [*(outcome.balance.notes if outcome.balance else ()), *outcome.trace.notes]
    yield from dict.fromkeys(map(clean, tolerated))


def state(*, ok: bool) -> Markup:
    """Return the mark of an account that was read, or was not."""
    return element("b", READ if ok else FAILED, kind="kv-good" if ok else "kv-bad")


def _body(
    outcome: AccountOutcome,
    reconciled: Mapping[tuple[str, str], AccountReconciliation],
    cash: Mapping[tuple[str, str], CashLot],
) -> Markup:
    key = outcome.account.key
    account = reconciled.get(key)
    name = text_cell(state(ok=outcome.ok), " ", account_cell(outcome.account))
    if not outcome.ok:
        return element("tbody", element("tr", name, _failure(outcome)))
    more = " · ".join(remarks(outcome, account))
    return element(
        "tbody", element("tr", name, _numbers(outcome, account, cash.get(key)), _answer(outcome)), _more(more)
    )


def _failure(outcome: AccountOutcome) -> Markup:
    return text_cell(
        element("b", "not read", kind="kv-bad"), " ", failure(outcome), kind="kv-bad", colspan=_NUMBERS
    )


def _more(text: str) -> Child:
    cell = text_cell(element("small", text), colspan=_NUMBERS + 1)
    return element("tr", cell, kind="kv-more") if text else None


def _numbers(
    outcome: AccountOutcome, account: AccountReconciliation | None, cash: CashLot | None
) -> Iterator[Markup]:
    yield number(f"{len(outcome.balance.rows):,}" if outcome.balance else amounts.UNKNOWN, kind="kv-wider")
    if account is None:
        yield from (number(amounts.UNKNOWN) for _ in range(3))
        return
    later = None if cash is None else amounts.amount(cash.balance_d2)
    owed = None if account.liabilities is None else account.liabilities.copy_negate()
    yield number(amounts.amount(account.rows_value), amounts.amount(account.rows_cost or None))
    yield number(amounts.amount(account.cash), later)
    yield number(amounts.amount(account.net_worth), amounts.amount(owed))


def _answer(outcome: AccountOutcome) -> Markup:
    trace = outcome.trace
    return number(
        f"{outcome.as_of:%H:%M:%S}",
        joined(f"{counted(trace.calls, 'call')} · {trace.seconds:.2f} s"),
        kind="kv-wide",
    )
