"""Whether a broker's own summary confirms a doubt: it equals the rows with the doubtful amount, or without."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from koscom_async._decimals import difference, total
from koscom_async.models.account import WON, BalanceSummary
from koscom_async.models.doubts import Doubt


def confirmations(
    doubts: Sequence[Doubt], value: Decimal | None, cash: Decimal | None, summary: BalanceSummary
) -> Iterator[str]:
    """Yield what the summary says of an account's doubts; `value` is the sum of its rows in won, `cash` what counts."""
    in_won = [doubt for doubt in doubts if doubt.currency == WON]
    as_cash = [doubt for doubt in in_won if doubt.kind == "cash and row"]
    others = [doubt for doubt in in_won if doubt.kind != "cash and row"]
    if others:
        yield _confirmed(others, difference(value, summary.value))
    if as_cash:
        yield _confirmed_cash(as_cash, difference(value, summary.value), total((value, cash)), summary)
    if len(in_won) < len(doubts):
        yield "the broker's summary is in KRW, and does not tell about doubtful rows in another currency"


def _confirmed(doubts: Sequence[Doubt], surplus: Decimal | None) -> str:
    """Say whether the rows equal the summary with the doubtful amounts or without; `surplus` is rows less summary."""
    if surplus is None:
        return "there is no sum in the broker's summary to hold the doubtful rows against"
    if surplus == 0:
        return "the broker's summary counts the doubtful rows too: with them the rows equal it"
    amounts = [doubt.amount for doubt in doubts]
    if surplus in {total(amounts), *amounts}:
        return f"the broker's summary counts the doubtful rows once: without {surplus:,f} the other rows equal it"
    return "the broker's summary equals the rows neither with the doubtful rows nor without them"


def _confirmed_cash(
    doubts: Sequence[Doubt], surplus: Decimal | None, assets: Decimal | None, summary: BalanceSummary
) -> str:
    """Say the same of a row that may be the cash, by the total of the account; `assets` are rows and cash."""
    excess = difference(assets, summary.total_value)
    amounts = [doubt.amount for doubt in doubts]
    if excess == 0:
        return "the broker's total counts the doubtful rows beside the cash: with both it adds up"
    if excess is not None and excess in {total(amounts), *amounts}:
        return f"the broker's total counts the doubtful rows as cash: it adds up without {excess:,f}"
    return _confirmed(doubts, surplus)
