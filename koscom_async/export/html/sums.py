"""The alarm of holdings that are not complete, the row of figures, and the bar of what the whole is made of."""

from koscom_async.export import amounts
from koscom_async.export.allocation import slices
from koscom_async.export.html.cells import (
    Markup,
    change,
    change_kind,
    element,
    figure,
    figures,
    joined,
    moment,
    named,
)
from koscom_async.export.notes import (
    SHOWN_DOUBTS,
    Answered,
    doubt_lines,
    doubts_headline,
    has_unsettled,
    headline,
    profit_leaves_out,
)
from koscom_async.export.texts import counted
from koscom_async.models.account import WON
from koscom_async.models.holdings import Holdings
from koscom_async.models.outcome import Outcome


def title(what: str, answer: Answered) -> Markup:
    """Return what an answer of several accounts is, when it was asked for, and whether it is whole."""
    asked, failed = len(answer.outcomes), len(answer.failures)
    if failed:
        badge = element("span", f"✗ {failed} of {counted(asked, 'account')} not read", kind="kv-badge kv-bad")
    else:
        badge = element("span", f"✓ {counted(asked, 'account')} read", kind="kv-badge kv-good")
    when = element("span", f"as of {moment(answer.as_of)}", kind="kv-when")
    return element("div", element("h2", what), when, " ", badge, kind="kv-head")


def banner(answer: Answered) -> Markup | None:
    """Return the alarm of an answer that is not complete; `None` where all accounts were read."""
    alarm = headline(answer)
    if alarm is None:
        return None
    items = [element("li", named(each.account), " ", failure(each)) for each in answer.failures]
    return element("div", element("p", f"⚠ {alarm}"), element("ul", items), kind="kv-banner", role="alert")


def failure(outcome: Outcome) -> Markup:
    """Return what went wrong at an account, its code, and what to do."""
    error = outcome.error
    if error is None:
        return Markup()
    tries = f" (asked {error.attempts} times)" if error.attempts > 1 else ""
    return joined(
        element("span", f"code {error.code}", kind="kv-chip") if error.code else None,
        f" {error.message}{tries}",
        joined(" ", element("em", f"→ {error.advice}")) if error.advice else None,
    )


def doubts_banner(holdings: Holdings) -> Markup | None:
    """Return the warning of what may be counted twice; `None` where nothing may be."""
    text = doubts_headline(holdings)
    if text is None:
        return None
    lines = doubt_lines(holdings, at_most=SHOWN_DOUBTS)
    items = [element("li", named(doubt.account), " ", line) for doubt, line in lines]
    return element(
        "div", element("p", f"⚠ {text}"), element("ul", items), kind="kv-banner kv-doubts", role="alert"
    )


SLICES = 7


def sums(holdings: Holdings) -> Markup:
    """Return the totals in KRW, each with what it needs to be understood."""
    totals = holdings.totals
    owed = None if totals.liabilities is None else totals.liabilities.copy_negate()
    return figures(
        figure(
            _label("Net worth", holdings), amounts.money(totals.net_worth), _scope(holdings), kind="kv-first"
        ),
        figure("Securities", amounts.money(totals.value), f"cost {_cost(holdings)}"),
        figure(
            "Profit/loss",
            change(totals.profit_loss),
            _profit_remark(holdings),
            change=change_kind(totals.profit_loss),
        ),
        figure("Cash", amounts.money(totals.cash), _later_cash(holdings)),
        figure("Unsettled", amounts.money_change(totals.unsettled), "executed, not settled yet")
        if has_unsettled(totals)
        else None,
        figure("Liabilities", amounts.money(owed), "loans, and what is not paid yet"),
    )


def shares(holdings: Holdings) -> Markup | None:
    """Return the bar of shares with its legend; `None` where there is nothing to share out."""
    parts = slices(holdings, "class", at_most=SLICES)
    if not parts:
        return None
    stack = [
        element("i", kind=f"kv-s{index}", style=f"flex-grow:{part.share:.4f}")
        for index, part in enumerate(parts, 1)
    ]
    legend = [
        element("li", part.label, " ", element("b", amounts.share(part.share)), kind=f"kv-s{index}")
        for index, part in enumerate(parts, 1)
    ]
    return element(
        "div",
        element("div", stack, kind="kv-stack", aria_hidden="true"),
        element("ul", legend),
        kind="kv-shares",
    )


def _label(text: str, holdings: Holdings) -> Markup:
    return joined(text, None if holdings.complete else element("span", " · incomplete", kind="kv-part"))


def _scope(holdings: Holdings) -> str:
    asked, failed = len(holdings.outcomes), len(holdings.failures)
    return (
        "securities and cash less liabilities"
        if not failed
        else f"of {asked - failed} of {asked} accounts only"
    )


def _cost(holdings: Holdings) -> str:
    won = [each for each in holdings.positions if each.instrument.currency == WON]
    return amounts.total_cost(holdings.totals.cost, won, spelled=amounts.money)


def _profit_remark(holdings: Holdings) -> str:
    if holdings.totals.profit_loss is None:
        return "not known: see the notes" if holdings.positions else ""
    share = f"{amounts.percent(holdings.totals.return_pct)} of the cost"
    return (
        f"{share}; not of all positions, see the notes"
        if profit_leaves_out(holdings, holdings.totals)
        else share
    )


def _later_cash(holdings: Holdings) -> Markup | None:
    for cash in holdings.cash:
        if cash.currency == WON:
            views = {"D+1": cash.balance_d1, "D+2": cash.balance_d2, "withdrawable": cash.withdrawable}
            known = [f"{name} {amounts.money(each)}" for name, each in views.items() if each is not None]
            # Each amount stays in one piece, and lines break between them.
            return joined([(element("span", each), " ") for each in known])
    return None
