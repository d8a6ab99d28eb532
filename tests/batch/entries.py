"""Segments of a run: one investor whole, one partial, one whose accounts could not be listed."""

from attrs import evolve

from koscom_async import AuthenticationError, BrokerUnavailableError
from koscom_async.batch import Entry, Segment
from tests.merge.accounts import (
    CYBER,
    DIAMOND,
    NOW,
    STAR,
    account,
    failed,
    held,
    merged,
    read,
    share,
    summary,
)

DOWN = BrokerUnavailableError(
    "broker server cannot serve", code="3600", retriable=True, advice="ask again later"
)
DEAD = AuthenticationError("the token is dead", code="401", advice="authorise again")


def whole(value=120):
    return held(share(value=value))


def partial():
    return merged(
        read(account(DIAMOND, "160646584478700011"), share(), summed=summary(cash=50)),
        read(account(CYBER, "160646584478700022"), share(value=7)),
        failed(account(STAR), DOWN),
    )


def segment(number=0, *, run="a1", names=("kim", "lee", "park")):
    entries = [Entry(key=name, holdings=whole(), calls=4) for name in names[:-2]]
    return Segment(
        run=run,
        number=number,
        entries=(
            *entries,
            Entry(key=names[-2], holdings=partial(), calls=9, passes=3),
            Entry(key=names[-1], error=DEAD, calls=1),
        ),
    )


def read_later(segment, *, run):
    """The same investors with the same holdings, an hour and some calls later, in another run."""
    entries = (
        entry
        if entry.holdings is None
        else evolve(entry, holdings=evolve(entry.holdings, as_of=NOW.replace(hour=11)), calls=99)
        for entry in segment.entries
    )
    return evolve(segment, run=run, entries=tuple(entries))
