"""The investors that the peers are asked about, and the gateways at which they have their accounts.

`python peer_scenarios.py NAME LATENCY_SECONDS` runs one's gateway in a process of its own, and prints its address.
"""

import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from attrs import evolve, field, frozen

from koscom_async import BrokerLimits, Limits
from koscom_async.sandbox import Fault, Ledger, RateLimit, SandboxGateway, example_ledger, generated

PAGE = dict.fromkeys(("cyber", "star", "diamond"), 100)
NO_LIMITS = BrokerLimits(rate=1e6, burst=10**5, in_flight=1000)
IN_FLIGHT = 200
UNLIMITED = Limits(default=NO_LIMITS, in_flight=IN_FLIGHT)
# Calls arrive less evenly than they leave: a client that asks at exactly the broker's rate is refused now and then.
RATE_SHARE = 0.9
RATE, BURST = 20.0, 10
QUOTA = 10**9
FAILING_SHARE = 0.3


def account_of_many_rows() -> Ledger:
    """Return an investor with one account, at a broker that answers 100 rows a page: 250 shares, and 62 funds."""
    person = generated(investors=1, accounts=2, rows=312, transactions=700).people[0]
    return Ledger((evolve(person, accounts=person.accounts[1:]),))


@frozen(kw_only=True)
class Scenario:
    """An investor and a gateway; `limits` are the rates of the brokers as our client knows them."""

    title: str
    ledger: Callable[[], Ledger]
    gateway: Mapping[str, Any] = field(factory=dict)
    limits: Limits = UNLIMITED
    rest: float = 0.0
    """Seconds until the gateway's rates have recovered"""
    is_fresh: bool = False
    """Whether each round has clients of its own, which remember nothing of the last"""

    def sandbox(self, **options: Any) -> SandboxGateway:
        """Return its gateway, which does not run yet."""
        return SandboxGateway(
            ledger=self.ledger(), page_sizes=PAGE, quota=QUOTA, **{**self.gateway, **options}
        )


SCENARIOS: Mapping[str, Scenario] = {
    "three": Scenario(title="3 accounts", ledger=example_ledger),
    "sixteen": Scenario(title="16 accounts", ledger=partial(generated, investors=1, accounts=16, rows=10)),
    "many-rows": Scenario(title="312 rows on several pages", ledger=account_of_many_rows),
    "down": Scenario(
        title="a broker goes down",
        ledger=example_ledger,
        gateway={"faults": {"star": "down"}},
        is_fresh=True,
    ),
    "down-long": Scenario(
        title="a broker is down for long", ledger=example_ledger, gateway={"faults": {"star": "down"}}
    ),
    "flapping": Scenario(
        title="a broker answers 503 to three calls in ten",
        ledger=partial(generated, investors=1, accounts=16, rows=10),
        gateway={"faults": {"star": Fault("503", failure_rate=FAILING_SHARE)}},
        is_fresh=True,
    ),
    "rate": Scenario(
        title=f"a broker takes {RATE:g} calls a second",
        ledger=partial(generated, investors=1, accounts=16, rows=10),
        gateway={"rate_limits": {"cyber": RateLimit(RATE, burst=BURST)}},
        limits=Limits(
            default=NO_LIMITS,
            brokers={"cyber": BrokerLimits(rate=RATE * RATE_SHARE, burst=int(BURST * RATE_SHARE))},
            in_flight=IN_FLIGHT,
        ),
        rest=2 * BURST / RATE,
    ),
    "twice": Scenario(
        title="one share at two brokers",
        ledger=partial(generated, investors=1, accounts=2, rows=1),
    ),
}


def main(name: str, latency: float) -> None:
    """Serve until stopped."""
    gateway = SCENARIOS[name].sandbox(latency=latency)
    gateway.serve_forever(on_ready=lambda ready: print(ready.url, flush=True))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
