"""From accounts to one answer: the same instrument recognised at every broker, sums, and what to hold them against.

Pure: outcomes in, `Holdings` out, whatever order they come in. Cut into slices, for who has an event loop to share.
"""

from collections.abc import Iterable
from datetime import datetime

from koscom_async._cooperative import Cooperative, run_now
from koscom_async._decimals import exactly
from koscom_async._merge.accounts import all_reconciled, merged_cash
from koscom_async._merge.gathering import gathered
from koscom_async._merge.order import in_order
from koscom_async._merge.positions import made_positions
from koscom_async._merge.totals import by_currency, foreign_totals, weigh, won_totals
from koscom_async.models.holdings import Holdings
from koscom_async.models.outcome import AccountOutcome

__all__ = ["merge", "merging"]


def merge(outcomes: Iterable[AccountOutcome], *, as_of: datetime) -> Holdings:
    """Return the holdings of all accounts that were read, with the outcome of every one."""
    return run_now(merging(outcomes, as_of=as_of))


def merging(outcomes: Iterable[AccountOutcome], *, as_of: datetime) -> Cooperative[Holdings]:
    """Return the holdings, in slices. A decimal context belongs to who runs: each slice enters its own."""
    settled = tuple(sorted(outcomes, key=lambda outcome: outcome.account.key))
    balances = [outcome.balance for outcome in settled if outcome.balance is not None]
    gathering = yield from gathered(balances)
    positions = yield from in_order((yield from made_positions(gathering)))
    reconciliation = yield from all_reconciled(balances, gathering.accounts)
    securities = by_currency(positions)
    yield
    with exactly():
        cash = merged_cash(balances)
        totals = won_totals(securities, cash, reconciliation, is_blind=bool(settled) and not balances)
        foreign = foreign_totals(securities, cash)
    yield
    with exactly():
        weigh(securities, totals)
    return Holdings(
        positions=tuple(positions),
        cash=cash,
        totals=totals,
        foreign_totals=foreign,
        outcomes=settled,
        reconciliation=reconciliation,
        as_of=as_of,
    )
