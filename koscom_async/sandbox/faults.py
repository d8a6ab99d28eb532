"""Which fault is set for which broker, and whether it strikes a call.

What each kind does is in `fault_kinds`; this module owns the counting, the chance and the checks of names.
"""

import math
import random
from collections.abc import Iterable, Mapping, Sequence

from attrs import Attribute, field, frozen

from koscom_async._hints import near
from koscom_async.sandbox.fault_kinds import NO_FAULT, FaultKind, find_kind

MEMBER_SERVICE = "common"
"""What stands in a broker's place for the member service: in its paths, and in settings by broker."""

AUTH_SERVICE, MARKET_SERVICE = "auth", "market"
COMPANY_SERVICE, TESTBED_SERVICE, FRAUD_SERVICE = "nice", "ratestbed", "thecheat"
"""The same for the other services that belong to no broker."""

SERVICES: Mapping[str, str] = {
    MEMBER_SERVICE: "the member service",
    AUTH_SERVICE: "the authorization server",
    MARKET_SERVICE: "market data",
    COMPANY_SERVICE: "company data",
    TESTBED_SERVICE: "the robo-adviser testbed",
    FRAUD_SERVICE: "the search for reported fraud",
}
"""These services, in words."""


def _seconds(_: object, __: "Attribute[float]", value: float) -> None:
    if not value >= 0 or math.isinf(value):
        raise ValueError(f"Fault.delay must be 0 or more seconds, got {value!r}")


def _probability(_: object, __: "Attribute[float]", value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"Fault.failure_rate must be from 0 to 1, got {value!r}")


def _not_negative(_: object, attribute: "Attribute[int]", value: int | None) -> None:
    if value is not None and value < 0:
        raise ValueError(f"Fault.{attribute.name} must not be below 0, got {value!r}")


@frozen
class Fault:
    """Something that goes wrong at a broker.

    `kind` is a platform error code ("3600") or a name ("down"; `FAULT_KINDS` has all), with an argument after
    a colon where the kind takes one: "429:30" asks to wait 30 seconds ("429:none" does not say how long),
    "error-200:6005" answers that code, "drip:0.1" sends a byte every tenth of a second, "slow-uniform:0.1-2"
    takes from 0.1 to 2 seconds, "flapping:3" is down for every other three calls, "flapping:2s" every other
    two seconds, "huge:100" and "gzip-bomb:1024" send that many megabytes.
    `delay` seconds pass first (5 for "slow"). The first `after` calls are spared; of the others the share
    `failure_rate` is hit, `times` of them at most. Raises `ValueError` for anything unknown or impossible.
    """

    kind: str = field()
    delay: float = field(default=0.0, kw_only=True, validator=_seconds)
    failure_rate: float = field(default=1.0, kw_only=True, validator=_probability)
    times: int | None = field(default=None, kw_only=True, validator=_not_negative)
    after: int = field(default=0, kw_only=True, validator=_not_negative)

    @kind.validator
    def _check_kind(self, _: object, value: str) -> None:
        find_kind(value)


class _ActiveFault:
    """A fault that is set, with what it has done so far."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._kind = find_kind(fault.kind, delay=fault.delay)
        self._seen = 0
        self._hit = 0

    def strike(self, chance: random.Random) -> FaultKind:
        fault = self.fault
        self._seen += 1
        used_up = fault.times is not None and self._hit >= fault.times
        if self._seen <= fault.after or used_up or chance.random() >= fault.failure_rate:
            return NO_FAULT
        self._hit += 1
        return self._kind


def unknown_broker(name: object, brokers: Sequence[str]) -> ValueError:
    """Return the error of a name that is no broker's and no service's, with the one that may be meant."""
    meant = near(str(name), brokers)
    known = f"unknown broker {name!r}: the sandbox has {', '.join(brokers)}"
    return ValueError(f"{known}; {meant}" if meant else known)


class Faults:
    """The faults that are set, by broker, or by service."""

    def __init__(self, brokers: Iterable[str], *, seed: int) -> None:
        self._brokers = tuple(brokers)
        self._chance = random.Random(seed)
        self._active: dict[str, _ActiveFault] = {}

    def set(self, broker: str, fault: Fault | str) -> None:
        """Set a broker's fault in the place of an earlier one."""
        if broker not in self._brokers:
            raise unknown_broker(broker, self._brokers)
        fault = Fault(fault) if isinstance(fault, str) else fault
        kind = find_kind(fault.kind)
        if kind.brokers_only and broker in SERVICES:
            raise ValueError(f"fault {fault.kind!r} is one of a broker, and {broker} is {SERVICES[broker]}")
        for service, is_its_own in (
            (MEMBER_SERVICE, kind.member_only),
            (AUTH_SERVICE, kind.auth_only),
            (MARKET_SERVICE, kind.market_only),
        ):
            if is_its_own and broker != service:
                raise ValueError(
                    f"fault {fault.kind!r} is one of {SERVICES[service]}, which is {service!r} here"
                )
        self._active[broker] = _ActiveFault(fault)

    def clear(self, broker: str | None = None) -> None:
        """Take away one broker's fault, or all."""
        if broker is None:
            self._active.clear()
        else:
            self._active.pop(broker, None)

    def strike(self, broker: str) -> FaultKind:
        """Return what hits this call: mostly `NO_FAULT`."""
        active = self._active.get(broker)
        return NO_FAULT if active is None else active.strike(self._chance)
