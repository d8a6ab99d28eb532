"""Records every call that came: for tests that ask how often, in what order, and how many at once. Judges none."""

import json
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from attrs import evolve, field, frozen

_SHOWN = 4


def _masked(number: str | None) -> str:
    return "None" if number is None else repr(f"{number[:_SHOWN]}…{number[-_SHOWN:]}")


@frozen(kw_only=True)
class Call:
    """One call as the gateway saw it; times are seconds on the monotonic clock.

    `status` and `finished` are `None` while it is being answered, and `status` stays so where no answer was
    sent (a reset, a caller that gave up). `in_flight` counts the calls to the same broker that were open
    when this one came, itself included; `in_flight_total` those to the whole gateway.
    """

    broker: str
    endpoint: str
    asset_type: str | None = None
    page: str | None = None
    account: str | None = field(default=None, repr=_masked)
    request_id: str | None = None
    fault: str | None = None
    status: int | None = None
    started: float = 0.0
    finished: float | None = None
    in_flight: int = 1
    in_flight_total: int = 1


class CallRecord:
    """All calls, in the order in which they came.

    Only the server's event loop calls `begin`, `mark` and `end`; any thread may call `snapshot` and `clear`.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._calls: dict[int, Call] = {}
        self._open: dict[int, str] = {}
        self._came = 0
        self._in_flight: Counter[str] = Counter()

    def begin(self, call: Call) -> int:
        """Write a call down as it comes; return its place, for `end`."""
        self._came += 1
        self._open[self._came] = call.broker
        self._in_flight[call.broker] += 1
        self._calls[self._came] = evolve(
            call,
            started=self._clock(),
            in_flight=self._in_flight[call.broker],
            in_flight_total=len(self._open),
        )
        return self._came

    def mark(self, place: int, *, fault: str) -> None:
        """Write down the fault that struck a call, if one did."""
        if fault and place in self._calls:
            self._calls[place] = evolve(self._calls[place], fault=fault)

    def end(self, place: int, *, status: int | None) -> None:
        """Write down how a call ended."""
        self._in_flight[self._open.pop(place)] -= 1
        if place in self._calls:  # not forgotten in between
            self._calls[place] = evolve(self._calls[place], status=status, finished=self._clock())

    def snapshot(self) -> tuple[Call, ...]:
        """Return the calls so far."""
        return tuple(self._calls.copy().values())

    def clear(self) -> None:
        """Forget the calls so far."""
        self._calls.clear()


@frozen(kw_only=True)
class Peek:
    """What can be seen of a message without judging it; `None` where there is nothing to be seen."""

    asset_type: str | None = None
    page: str | None = None
    account: str | None = field(default=None, repr=False)
    request_id: str | None = None


def peek(body: bytes) -> Peek:
    """Return what any message, however broken, shows of itself: for the record of calls."""
    try:
        message = _object(json.loads(body))
    except ValueError:
        message = {}
    body_block = next((value for name, value in message.items() if name.endswith("RequestBody")), None)
    query = next(iter(_object(body_block).values()), None)
    return Peek(
        asset_type=_shown(query, "assetType") or _shown(query, "qrAssetType"),
        page=_shown(query, "page"),
        account=_shown(message.get("accInfo"), "vtAccNo") or _shown(query, "qrAccNo"),
        request_id=_shown(message.get("commonHeader"), "reqIdConsumer"),
    )


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _shown(block: object, name: str) -> str | None:
    value = _object(block).get(name)
    return value if isinstance(value, str) else None
