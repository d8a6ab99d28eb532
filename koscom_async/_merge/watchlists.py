"""From every account's watchlist to symbols, and where each is watched."""

from collections.abc import Iterable
from datetime import datetime

from koscom_async.models.gathered import Watched, WatchedSymbol, Watchlists
from koscom_async.models.outcome import WatchlistOutcome


def merge_watchlists(outcomes: Iterable[WatchlistOutcome], *, as_of: datetime) -> Watchlists:
    """Return each symbol once, whatever order the accounts come in."""
    settled = tuple(sorted(outcomes, key=lambda outcome: outcome.account.key))
    watched: dict[str, list[Watched]] = {}
    for outcome in settled:
        for group in outcome.watchlist.groups if outcome.watchlist is not None else ():
            place = Watched(account=outcome.account, group=group.name)
            for code in dict.fromkeys(group.symbols):
                watched.setdefault(code, []).append(place)
    return Watchlists(
        symbols=tuple(WatchedSymbol(code=code, watched=tuple(watched[code])) for code in sorted(watched)),
        outcomes=settled,
        as_of=as_of,
    )
