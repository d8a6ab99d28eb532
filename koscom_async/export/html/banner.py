"""What nobody may overlook: which accounts could not be read, why, and what to do."""

from koscom_async.export.html.cells import named
from koscom_async.export.html.markup import Markup, element, joined
from koscom_async.export.notes import headline
from koscom_async.export.records import HoldingsRecord, OutcomeRecord


def banner(holdings: HoldingsRecord) -> Markup | None:
    """Return the alarm of holdings that are not complete; `None` where all accounts were read."""
    said = headline(holdings)
    if said is None:
        return None
    items = [element("li", named(each.account), " ", failure(each)) for each in holdings.failures]
    return element("div", element("p", f"⚠ {said}"), element("ul", items), kind="kv-banner", role="alert")


def failure(outcome: OutcomeRecord) -> Markup:
    """Return what went wrong at an account, its code, and what to do."""
    error = outcome.error
    if error is None:
        return Markup()
    tries = f" (asked {error.attempts} times)" if error.attempts > 1 else ""
    return joined(
        element("span", f"code {error.code}", kind="kv-chip") if error.code else None,
        f" {error.message}{tries}",
        element("em", f"→ {error.advice}") if error.advice else None,
    )
