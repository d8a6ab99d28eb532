"""What a client has done so far, by broker: a frozen snapshot."""

from datetime import datetime

from attrs import frozen

from koscom_async._lazy import pages
from koscom_async._record import Record, counted

__all__ = ["BrokerStatistics", "LearnedRefusal", "ServiceQuota", "Statistics"]


@frozen(kw_only=True, eq=False, repr=False)
class BrokerStatistics(Record):
    """One broker since the client was made; `common` stands for the member service.

    `unregistered` stands for all brokers that neither the registry nor the settings name, which share their limits.
    `calls` were sent, `failures` of them ended in an error, `retries` were repeated attempts. `refusals` are answers
    with the code 429 (too many calls). `retries_saved` were not made, as the retry budget was spent, and `calls_saved`
    not, as the breaker was open or too much was queued. `seconds_waited` is the time that calls waited for a slot.
    `breaker` is `closed`, `open` or `half-open`.
    """

    broker: str
    calls: int = 0
    failures: int = 0
    retries: int = 0
    refusals: int = 0
    retries_saved: int = 0
    calls_saved: int = 0
    in_flight: int = 0
    seconds_waited: float = 0.0
    breaker: str = "closed"


@frozen(kw_only=True, eq=False, repr=False)
class ServiceQuota(Record):
    """A service's calls left today, by the gateway's latest headers; the day ends at `resets_at` (00:00 UTC)."""

    service: str
    remaining: int
    limit: int | None = None
    resets_at: datetime


@frozen(kw_only=True, eq=False, repr=False)
class LearnedRefusal(Record):
    """What a broker's refusals with one code changed in how it is asked, for an hour from each.

    `code` is 6001 (a query for all asset classes), 6004 (the query block of a watchlist) or 6006 (a range of dates, of
    which `max_days` is what is asked instead). It holds for the `accounts` that were refused; `holds_for_all` says that
    investors agree, so that it holds for every account of the broker.
    """

    broker: str
    code: str
    accounts: int
    holds_for_all: bool = False
    max_days: int | None = None


@frozen(kw_only=True, eq=False, repr=False)
class Statistics(Record):
    """A snapshot of the client: each broker that was asked, each service whose quota is known, and what was learned."""

    brokers: tuple[BrokerStatistics, ...] = ()
    quotas: tuple[ServiceQuota, ...] = ()
    learned: tuple[LearnedRefusal, ...] = ()

    def of(self, broker: str) -> BrokerStatistics:
        """Return a broker's figures; all zero if it was never asked."""
        return next((each for each in self.brokers if each.broker == broker), BrokerStatistics(broker=broker))

    def __repr__(self) -> str:
        sums = [
            counted(sum(getattr(each, f"{noun}s") for each in self.brokers), noun)
            for noun in ("call", "failure")
        ]
        open_ = [f"{each.broker} {each.breaker}" for each in self.brokers if each.breaker != "closed"]
        return f"<Statistics: {', '.join((counted(len(self.brokers), 'broker'), *sums, *open_))}>"

    def _repr_html_(self) -> str:
        return pages.statistics_view(self)
