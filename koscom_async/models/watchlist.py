"""What an investor watches at a broker (관심종목): groups of symbols.

Page of the manual: 계좌 서비스, "관심종목 조회 API".
"""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar

from attrs import field, frozen

from koscom_async.models.member import VirtualAccount

__all__ = ["WatchGroup", "Watchlist"]


@frozen(kw_only=True)
class WatchGroup:
    """One group of watched symbols (관심종목 그룹), in the investor's own order."""

    name: str | None = field(default=None, repr=False)
    """관심종목 그룹 이름 (`groupName`): the investor's own text"""
    modified_on: date | None = None
    """최종 수정일 (`modifyDate`), KST; most brokers send none"""
    symbols: tuple[str, ...] = ()
    """종목코드 (`isinCode`): ISINs, mostly"""
    raw: Mapping[str, object] = field(factory=dict, repr=False, eq=False, metadata={"omitted": True})


@frozen(kw_only=True)
class Watchlist:
    """One account's watchlist. `notes` say what was tolerated on the way."""

    plain_properties: ClassVar = ("symbols",)

    account: VirtualAccount
    groups: tuple[WatchGroup, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def symbols(self) -> tuple[str, ...]:
        """Every watched symbol once, in the order of the groups."""
        return tuple(dict.fromkeys(symbol for group in self.groups for symbol in group.symbols))
