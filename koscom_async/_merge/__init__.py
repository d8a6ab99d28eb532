"""From accounts to one answer: the same instrument recognised at every broker, sums, and what to hold them against.

Pure: outcomes in, `Holdings` out, whatever order they come in.
"""

from collections.abc import Iterable
from datetime import datetime

from koscom_async._exact import exactly
from koscom_async._merge.accounts import counted_lots, merged_cash, reconciled
from koscom_async._merge.positions import merged_positions, weighed
from koscom_async._merge.totals import foreign_totals, won_totals
from koscom_async.models.holdings import Holdings
from koscom_async.models.outcome import AccountOutcome

__all__ = ["merge"]


def merge(outcomes: Iterable[AccountOutcome], *, as_of: datetime) -> Holdings:
    """Return the holdings of all accounts that were read, with the outcome of every one."""
    settled = tuple(sorted(outcomes, key=lambda outcome: outcome.account.key))
    balances = [outcome.balance for outcome in settled if outcome.balance is not None]
    with exactly():
        cash = merged_cash(balances)
        positions = merged_positions(balances)
        counted = counted_lots(positions)
        reconciliation = tuple(reconciled(balance, counted[balance.account.key]) for balance in balances)
        is_blind = bool(settled) and not balances
        totals = won_totals(positions, cash, reconciliation, is_blind=is_blind)
        return Holdings(
            positions=weighed(positions, totals),
            cash=cash,
            totals=totals,
            foreign_totals=foreign_totals(positions, cash),
            outcomes=settled,
            reconciliation=reconciliation,
            as_of=as_of,
        )
