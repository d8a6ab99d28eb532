"""Who traded, what a fund holds, and what its share is worth by that; the platform's codes of investors and indices."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, ClassVar

from attrs import NOTHING, frozen

from koscom_async._record import Record, counted
from koscom_async.errors import UsageError
from koscom_async.models._fields import raw_field
from koscom_async.models.market.table import RowTable, ko

__all__ = ["Component", "Components", "InvestorTrade", "InvestorTrades", "NetAssetValue"]

INVESTORS: Mapping[str, str] = {
    "01": "금융투자", "02": "보험", "03": "투신", "04": "은행", "05": "기타금융", "06": "연기금", "07": "국가",
    "08": "기관계", "09": "기타법인", "10": "개인", "11": "외국인", "12": "종합계", "13": "사모펀드", "14": "외인-등록",
    "15": "외인-기타", "16": "기타합계",
}  # fmt: skip
"""The manual's table of investors (투자자 코드표); 08 and 12 are sums of others."""

INDEX_MARKETS: Mapping[str, str] = {"K": "kospi", "Q": "kosdaq", "S": "sector", "E": "etc"}
INDICES: Mapping[str, str] = {
    "KOSPI": "K1", "코스피": "K1", "KOSPI200": "K51", "코스피200": "K51", "KOSPI100": "K61", "KOSPI50": "K62",
    "KOSDAQ": "Q1", "코스닥": "Q1", "KOSDAQ100": "Q2", "KOSDAQ150": "Q203", "코스닥150": "Q203", "KRX100": "S50",
    "KRX300": "S300", "VKOSPI": "E61001",
}  # fmt: skip


def index_place(name: str) -> dict[str, str]:
    """Return the market and the code of an index, by its name (KOSPI 200, 코스닥) or its code (K51)."""
    plain = "".join(letter for letter in str(name).upper() if letter.isalnum())
    code = INDICES.get(plain, plain)
    market = INDEX_MARKETS.get(code[:1])
    if market is None or not code[1:].isdecimal():
        raise UsageError(
            f"there is no index {str(name)[:40]!r}",
            advice=f"one of {', '.join(INDICES)}, or a code of the platform, such as K51",
        )
    return {"market": market, "index": code}


def index_name(code: str) -> str | None:
    """Return the name of an index by its code, if it has one here."""
    return next((name for name, known in INDICES.items() if known == code), None)


@frozen(kw_only=True, eq=False, repr=False)
class InvestorTrade(Record):
    """What one kind of investors sold and bought: quantities in shares or contracts, values in KRW.

    `code` is the platform's (`"08"`: institutions), `name` the manual's term for it. Some kinds are sums of others.
    """

    code: str | None = ko("투자자코드", named="investor")
    name: str | None = ko("투자자")
    sold_quantity: Decimal | None = ko("매도수량")
    bought_quantity: Decimal | None = ko("매수수량")
    sold_value: Decimal | None = ko("매도금액")
    bought_value: Decimal | None = ko("매수금액")
    raw: Mapping[str, object] = raw_field()


@frozen(kw_only=True, eq=False, repr=False)
class InvestorTrades(RowTable, Sequence[InvestorTrade]):
    """Who sold and bought an issue, or on a board (투자자별 매매). `at` is the platform's time, where it sends one.

    The platform does not send the day: it is that of the last session, on `received_at`.
    """

    kind: ClassVar[type[Record]] = InvestorTrade

    code: str
    at: time | None = None
    rows: tuple[InvestorTrade, ...] = ()
    received_at: datetime

    @property
    def title(self) -> str:
        """What it is, in a line."""
        return f"{self.code}, {counted(len(self), 'kind')} of investors"

    def _facts(self) -> Mapping[str, Any]:
        return {"code": self.code, "at": self.at, "received_at": self.received_at}


@frozen(kw_only=True, eq=False, repr=False)
class Component(Record):
    """What a fund holds of one thing: `quantity` for one creation unit, `value` in KRW, `weight` in percent."""

    isin: str | None = ko("표준코드")
    name: str | None = ko("종목명")
    quantity: Decimal | None = ko("수량")
    value: Decimal | None = ko("평가금액")
    weight: Decimal | None = ko("비중")
    raw: Mapping[str, object] = raw_field()


@frozen(kw_only=True, eq=False, repr=False)
class Components(RowTable, Sequence[Component]):
    """What a fund (ETF) holds for one creation unit (PDF, 구성종목), as of the day `on`.

    `complete` is `False` where the platform counts other rows than it sent.
    """

    kind: ClassVar[type[Record]] = Component

    code: str
    on: date | None = None
    rows: tuple[Component, ...] = ()
    complete: bool = True

    @property
    def title(self) -> str:
        """What it is, in a line."""
        return f"{self.code}, {counted(len(self), 'component')}" + (f", {self.on}" if self.on else "")

    def _facts(self) -> Mapping[str, Any]:
        return {"code": self.code, "on": self.on, "complete": self.complete}


@frozen(kw_only=True, eq=False, repr=False)
class NetAssetValue(Record):
    """What a fund's share is worth by what the fund holds (NAV), in KRW, and the change since the day before."""

    code: str = ko("종목코드", NOTHING)
    nav: Decimal | None = ko("NAV")
    nav_change: Decimal | None = ko("NAV대비")
    received_at: datetime | None = ko("수신시각")
    raw: Mapping[str, object] = raw_field()
