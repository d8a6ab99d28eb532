"""Everything that a running gateway knows, in one place that the endpoints are handed."""

from collections.abc import Callable, Mapping
from datetime import datetime
from random import Random

from attrs import field, frozen

from koscom_async.sandbox.calls import CallRecord
from koscom_async.sandbox.credentials import Firm, Grants, Tokens
from koscom_async.sandbox.delivery import Latency
from koscom_async.sandbox.dialects import DIALECTS, Dialect
from koscom_async.sandbox.faults import Faults
from koscom_async.sandbox.firm.orders import OrderDesk
from koscom_async.sandbox.ledger import Ledger
from koscom_async.sandbox.market.market import Market
from koscom_async.sandbox.meters import Quota, RateMeter
from koscom_async.sandbox.reply import refused


@frozen(kw_only=True)
class State:
    """What the endpoints answer from, and what the application measures with."""

    firm: Firm
    ledger: Ledger = field(repr=False)
    tokens: Tokens = field(repr=False)
    grants: Grants = field(repr=False)
    faults: Faults
    quota: Quota
    meters: Mapping[str, RateMeter]
    latency: Mapping[str, Latency]
    date_limits: Mapping[str, int] = field(factory=dict)
    page_sizes: Mapping[str, int] = field(factory=dict)
    calls: CallRecord = field(repr=False)
    random: Random = field(repr=False)
    market: Market = field(repr=False)
    desk: OrderDesk = field(repr=False)
    now: Callable[[], datetime] | None = None
    """The clock by which the discretionary service keeps its hours; `None` where it keeps none."""

    def dialect(self, broker: str) -> Dialect:
        """Return how a broker spells, or refuse a broker that the sandbox does not have."""
        dialect = DIALECTS.get(broker)
        if dialect is None:
            raise refused("3002", description=broker)
        return dialect

    def max_days(self, broker: str) -> int:
        """Return how long a range of dates a broker takes for transactions."""
        return self.date_limits.get(broker, self.dialect(broker).max_days)

    def page_size(self, broker: str) -> int:
        """Return how many rows of a balance or portfolio a broker puts on a page."""
        return self.page_sizes.get(broker, self.dialect(broker).page_size)

    def seconds_before_answer(self, broker: str) -> float:
        """Draw how long a broker takes this time."""
        latency = self.latency.get(broker)
        return latency.draw(self.random) if latency is not None else 0.0

    def platform_id(self) -> str:
        """Make up the platform's own message id."""
        return f"fa{self.random.getrandbits(36):09x}"
