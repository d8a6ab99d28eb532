"""`estimate`: what a run will take, before it begins: calls by broker, hours, and whether the day's calls last."""

import os
from collections import Counter
from collections.abc import Mapping
from random import Random

import anyio
import anyio.lowlevel
import anyio.to_thread
from attrs import frozen

from koscom_async._record import Record, counted
from koscom_async._wire.endpoints import BALANCE, COMMON, CONSENT, metered_as
from koscom_async.batch._run.inputs import Investors, Source, check_count, checkpoint_path
from koscom_async.batch._run.journal import Learned, learned_before
from koscom_async.client import Koscom, parts_of
from koscom_async.errors import KoscomError
from koscom_async.models.investor import Investor
from koscom_async.settings import Settings

__all__ = ["BatchEstimate", "BrokerEstimate", "QuotaEstimate", "estimate"]

SAMPLE = 10
AT_ONCE = 1_000
"""So many investors are counted before other tasks run."""


@frozen(kw_only=True, eq=False, repr=False)
class BrokerEstimate(Record):
    """How many calls a broker will get for so many accounts, and in how many seconds its limit lets them leave.

    `common` stands for the lists of accounts, one for each investor.
    """

    broker: str
    accounts: int
    calls: int
    seconds: float


@frozen(kw_only=True, eq=False, repr=False)
class QuotaEstimate(Record):
    """How many calls of a service's day a run takes, beside the `limit` of a day and what is `remaining` of this one.

    Both are `None` where no answer tells it; `reserve` is the share that the settings leave to others.
    """

    service: str
    calls: int
    remaining: int | None = None
    limit: int | None = None
    reserve: float = 0.0

    @property
    def is_enough(self) -> bool | None:
        """Whether the day's calls last; `None` where it is not known how many there are."""
        if self.remaining is None:
            return None
        return self.calls <= self.remaining - self.reserve * (self.limit or 0)

    @property
    def days(self) -> float | None:
        """How many days' calls it takes; `None` where it is not known how many there are in one."""
        usable = (1 - self.reserve) * self.limit if self.limit else 0
        return self.calls / usable if usable else None


@frozen(kw_only=True, eq=False, repr=False)
class BatchEstimate(Record):
    """What a run will take for so many investors who are not written yet, `sampled` of whom were read for it.

    `seconds` is the time of the broker that takes the longest, with every call at its limit: no run is faster.
    """

    investors: int
    accounts: int
    calls: int
    seconds: float
    brokers: tuple[BrokerEstimate, ...] = ()
    quotas: tuple[QuotaEstimate, ...] = ()
    sampled: int = 0

    @property
    def hours(self) -> float:
        """The time that the brokers' limits need, in hours."""
        return self.seconds / 3600

    @property
    def is_enough(self) -> bool | None:
        """Whether the day's calls last; `None` where it is not known how many there are."""
        answers = [quota.is_enough for quota in self.quotas]
        return False if False in answers else None if None in answers else True

    def __repr__(self) -> str:
        parts = (counted(self.investors, "investor"), counted(self.accounts, "account"))
        return f"<BatchEstimate: {', '.join(parts)}, {counted(self.calls, 'call')}, {self.hours:.1f} hours>"


async def estimate(
    koscom: Koscom,
    investors: Investors,
    *,
    checkpoint: str | os.PathLike[str] | None = None,
    sample: int = SAMPLE,
) -> BatchEstimate:
    """Return what `aggregate` will take for these investors, apart from what is asked a second time.

    The source is read to its end, so pass one that can be read again. Where the checkpoint has no accounts yet,
    `sample` investors, drawn by chance, are read for it, which spends their calls: what they hold says how many
    accounts there are, and how many calls these take. Raises what `aggregate` raises for what is no source, and what
    kept every one of the sample from being read.
    """
    check_count("sample", sample)
    settings, _ = parts_of(koscom)
    path = checkpoint_path(checkpoint)
    done, learned = await anyio.to_thread.run_sync(learned_before, path) if path else (0, {})
    total, drawn = await _count_and_draw(Source(investors), 0 if learned else sample)
    read = done
    if drawn:
        read, learned = await _read_sample(koscom, drawn)
    left = max(0, total - done)
    return _estimated(
        koscom, settings, left=left, share=left / max(1, read), learned=learned, sampled=len(drawn)
    )


async def _count_and_draw(source: Source, sample: int) -> tuple[int, list[Investor]]:
    """Return how many investors there are, and some of them, each with the same chance."""
    chance, drawn = Random(0), list[Investor]()  # noqa: S311  # it guards nothing
    while found := await source.take(AT_ONCE):
        for number, (_, investor) in enumerate(found, source.taken - len(found)):
            if len(drawn) < sample:
                drawn.append(investor)
            elif sample and (place := chance.randrange(number + 1)) < sample:
                drawn[place] = investor
        await anyio.lowlevel.checkpoint()
    if source.failure is not None:
        raise source.failure
    return source.taken, drawn


async def _read_sample(koscom: Koscom, investors: list[Investor]) -> tuple[int, Learned]:
    """Return how many of the investors could be read, and what their accounts took."""
    accounts, calls = Counter[str](), Counter[str]()
    failures: list[KoscomError] = []

    async def read(investor: Investor) -> None:
        try:
            holdings = await koscom.holdings(investor)
        except KoscomError as error:
            failures.append(error)
            return
        for outcome in holdings.outcomes:
            broker = outcome.account.broker.short_name
            accounts[broker] += 1
            calls[broker] += max(1, outcome.trace.calls)

    async with anyio.create_task_group() as group:
        for investor in investors:
            group.start_soon(read, investor)
    if failures and len(failures) == len(investors):
        raise failures[0]
    return len(investors) - len(failures), {
        broker: (count, calls[broker]) for broker, count in accounts.items()
    }


def _estimated(
    koscom: Koscom, settings: Settings, *, left: int, share: float, learned: Learned, sampled: int
) -> BatchEstimate:
    brokers = [_broker(COMMON, settings, accounts=left, calls=left)]
    for broker, (accounts, calls) in sorted(learned.items()):
        brokers.append(
            _broker(broker, settings, accounts=round(share * accounts), calls=round(share * calls))
        )
    of_accounts = sum(each.calls for each in brokers[1:])
    return BatchEstimate(
        investors=left,
        accounts=sum(each.accounts for each in brokers[1:]),
        calls=left + of_accounts,
        seconds=max(each.seconds for each in brokers),
        brokers=tuple(brokers),
        quotas=_quotas(koscom, settings, {CONSENT.service: left, BALANCE.service: of_accounts}),
        sampled=sampled,
    )


def _broker(broker: str, settings: Settings, *, accounts: int, calls: int) -> BrokerEstimate:
    limits = settings.limits.of(broker if broker == COMMON else metered_as(broker, settings))
    return BrokerEstimate(broker=broker, accounts=accounts, calls=calls, seconds=calls / limits.rate)


def _quotas(koscom: Koscom, settings: Settings, calls: Mapping[str, int]) -> tuple[QuotaEstimate, ...]:
    known = {quota.service: quota for quota in koscom.statistics().quotas}
    reserve = settings.limits.quota_reserve
    return tuple(
        QuotaEstimate(
            service=service,
            calls=count,
            remaining=known[service].remaining if service in known else None,
            limit=known[service].limit if service in known else None,
            reserve=reserve,
        )
        for service, count in calls.items()
    )
