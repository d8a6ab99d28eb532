"""When the discretionary service answers what: balances and settlements only outside of the exchange's day.

Manual: 일임매매서비스, "오전 08:30이전과 오후 16:00 이후 조회 가능". It names no exception for days without trading.
"""

from collections.abc import Callable
from datetime import datetime, time

from attrs import frozen

from koscom_async._korea import KST
from koscom_async._wire.endpoints import Endpoint
from koscom_async.errors import OutsideServiceHoursError

CLOSES, OPENS = time(8, 30), time(16)


@frozen(kw_only=True)
class ServiceHours:
    """The hours by a clock that is given; a check that is turned off lets everything pass."""

    is_checked: bool
    now: Callable[[], datetime]

    def check(self, endpoint: Endpoint, broker: str | None = None) -> None:
        """Raise `OutsideServiceHoursError` while the platform does not answer."""
        now = self.now().astimezone(KST)
        if not self.is_checked or not CLOSES <= now.time() < OPENS:
            return
        opens_at = now.replace(hour=OPENS.hour, minute=OPENS.minute, second=0, microsecond=0)
        raise OutsideServiceHoursError(
            f"it is {now:%H:%M} in Korea, and the platform answers this only before {CLOSES:%H:%M} and after "
            f"{OPENS:%H:%M}; no call was made",
            opens_at=opens_at,
            broker=broker,
            endpoint=endpoint.name,
        )
