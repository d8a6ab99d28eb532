"""A retry budget for each broker: retries are paid for by first tries, so that an outage cannot multiply the load.

A token bucket: each first try puts in `budget_share` of a token, each retry takes one out, and the bucket holds
at most `budget_reserve`, with which it begins.
"""

from attrs import define

from koscom_async.settings import Retry


@define
class _Bucket:
    tokens: float


class RetryBudget:
    """What each broker's retries may still cost. Only `earn` and `spend` change it."""

    def __init__(self, policy: Retry) -> None:
        self._share = policy.budget_share
        self._reserve = float(policy.budget_reserve)
        self._buckets: dict[str, _Bucket] = {}

    def _bucket(self, broker: str) -> _Bucket:
        bucket = self._buckets.get(broker)
        if bucket is None:
            bucket = self._buckets[broker] = _Bucket(self._reserve)
        return bucket

    def earn(self, broker: str) -> None:
        """Take note of a first try."""
        bucket = self._bucket(broker)
        bucket.tokens = min(self._reserve, bucket.tokens + self._share)

    def spend(self, broker: str) -> bool:
        """Whether there is a token for a retry; it is taken."""
        bucket = self._bucket(broker)
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True
