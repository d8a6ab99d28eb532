"""How a fan-out stands, account by account, while it runs."""

from collections.abc import Sequence

from koscom_async.export.html.accounts import FAILED, READ
from koscom_async.export.html.cells import korean, view
from koscom_async.export.html.markup import Markup, element
from koscom_async.export.records import AccountRecord, OutcomeRecord
from koscom_async.export.texts import broker_name, counted

ASKED = "…"


def progress_view(
    accounts: Sequence[AccountRecord], outcomes: Sequence[OutcomeRecord], *, is_running: bool
) -> str:
    """Return one line and a mark for each account; what was stopped says so."""
    settled = {outcome.account.key: outcome for outcome in outcomes}
    done = len(settled) / len(accounts) if accounts else 1.0
    return view(
        element(
            "div",
            element("b", _state(accounts, outcomes, is_running=is_running)),
            element("span", [(_mark(each, settled.get(each.key)), " ") for each in accounts], kind="kv-when"),
            kind="kv-head",
        ),
        element("i", kind="kv-meter", style=f"--w:{done:.0%}", aria_hidden="true") if is_running else None,
    )


def _state(accounts: Sequence[AccountRecord], outcomes: Sequence[OutcomeRecord], *, is_running: bool) -> str:
    asked, settled = counted(len(accounts), "account"), len(outcomes)
    if is_running:
        return f"Asking {asked}: {settled} of {len(accounts)} answered"
    if settled < len(accounts):
        return f"Stopped: {settled} of {asked} answered"
    failed = sum(not outcome.ok for outcome in outcomes)
    return f"✗ {failed} of {asked} not read" if failed else f"✓ {asked} read"


def _mark(account: AccountRecord, outcome: OutcomeRecord | None) -> Markup:
    if outcome is None:
        mark, kind = ASKED, ""
    else:
        mark, kind = (READ, " kv-good") if outcome.ok else (FAILED, " kv-bad")
    return element("span", f"{mark} ", korean(broker_name(account)), kind=f"kv-chip{kind}")
