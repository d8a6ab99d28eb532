"""What Dask's workers are given: how investors are loaded, and how a client is made that waits for no failure."""

import functools
import os
from pathlib import Path

from attrs import evolve

from koscom_async import Breaker, BrokerLimits, Koscom, Limits, Retry, Settings
from koscom_async.batch import read_investors
from koscom_async.integrations.redis import RedisLimiter


@functools.cache
def investors_in(path):
    return dict(read_investors(path))


def loader(path):
    """The function that loads investors from a file; a worker gets the file's name."""
    return functools.partial(load, Path(path))


def load(path, keys):
    found = investors_in(path)
    return [(key, found[key]) for key in keys]


def client_at(rate, burst):
    """The function that makes a worker's client, as `client_from_env` does, at the rate of the test."""
    return functools.partial(client, rate, burst)


def client(rate, burst):
    limits = Limits(default=BrokerLimits(rate=rate, burst=burst))
    settings = evolve(
        Settings.from_env(), limits=limits, retry=Retry(attempts=1), breaker=Breaker(cool_down=0.05)
    )
    return Koscom(settings, limiter=RedisLimiter(os.environ["KOSCOM_REDIS"], limits))
