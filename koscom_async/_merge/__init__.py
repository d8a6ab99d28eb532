"""Accounts to one answer: the same instrument recognised at every broker, sums, and their reconciliation.

Pure: outcomes in, `Holdings` out, whatever the order of the outcomes. Cooperative, so that an event loop can be shared.
"""

from collections.abc import Iterable
from datetime import datetime

from koscom_async._cooperative import Cooperative, run_now
from koscom_async._decimals import exactly
from koscom_async._merge.accounts import all_reconciled, merged_cash
from koscom_async._merge.doubts import find_doubts
from koscom_async._merge.grouping import group_rows
from koscom_async._merge.positions import in_order, made_positions
from koscom_async._merge.rates import prove_rates
from koscom_async._merge.totals import by_currency, foreign_totals, weighed_whole, won_totals
from koscom_async.models.account import WON
from koscom_async.models.holdings import Holdings
from koscom_async.models.outcome import AccountFailure, AccountSuccess

__all__ = ["merge", "merging"]


def merge(outcomes: Iterable[AccountSuccess | AccountFailure], *, as_of: datetime) -> Holdings:
    """Return the holdings of all accounts that were read, with the outcome of every one."""
    return run_now(merging(outcomes, as_of=as_of))


def merging(outcomes: Iterable[AccountSuccess | AccountFailure], *, as_of: datetime) -> Cooperative[Holdings]:
    """Return the holdings step by step. Each step enters a decimal context of its own, as the caller's may round."""
    settled = tuple(sorted(outcomes, key=lambda outcome: outcome.account.key))
    balances = [outcome.balance for outcome in settled if outcome.balance is not None]
    grouped = yield from group_rows(balances)
    doubts = yield from find_doubts(balances, grouped)
    reconciliation = yield from all_reconciled(balances, grouped.accounts, doubts)
    securities = by_currency(grouped.groups)
    yield
    with exactly():
        for currency, each in securities.items():
            if currency != WON:
                prove_rates([*each.counted, *each.derivatives])
        cash = merged_cash(balances, reconciliation)
        totals = won_totals(securities, cash, reconciliation, is_blind=bool(settled) and not balances)
    yield
    with exactly():
        foreign = foreign_totals(securities, cash)
        whole = weighed_whole(securities, totals)
    positions = yield from in_order((yield from made_positions(grouped, whole=whole)))
    return Holdings(
        positions=tuple(positions),
        cash=cash,
        totals=totals,
        foreign_totals=foreign,
        outcomes=settled,
        reconciliation=reconciliation,
        doubts=doubts,
        as_of=as_of,
    )
