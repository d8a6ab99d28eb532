"""The course of prices: bars of a day, week or month, or of an interval of the session."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal, overload

from attrs import frozen

from koscom_async._lazy import figure, plots
from koscom_async._record import Record, counted
from koscom_async.models._fields import raw_field
from koscom_async.models.market.table import Table, ko

__all__ = ["Bar", "Bars", "Every"]

Every = Literal["day", "week", "month", "10s", "1m", "10m"]


@frozen(kw_only=True, eq=False, repr=False)
class Bar(Record):
    """One bar: of a day, week or month that ends `on` a date, or of an interval that ends `at` a time in Korea.

    Prices are in KRW (those of histories adjusted, as the platform has them) or points, `volume` in shares or
    contracts, `turnover` in KRW. `is_running` where the period has not ended, so that the bar will change.
    """

    on: date | None = ko("일자", named="date")
    at: datetime | None = ko("시각")
    open: Decimal | None = ko("시가")
    high: Decimal | None = ko("고가")
    low: Decimal | None = ko("저가")
    close: Decimal | None = ko("종가", named="price")
    volume: Decimal | None = ko("거래량")
    turnover: Decimal | None = ko("거래대금")
    change: Decimal | None = ko("전일대비")
    open_interest: Decimal | None = ko("미결제약정")
    is_running: bool = ko("진행중", False)
    doubtful: bool = ko("확인필요", False)
    raw: Mapping[str, object] = raw_field()

    def __repr__(self) -> str:
        names = ("open", "high", "low", "close", "volume")
        figures = (f"{name} {value:,f}" for name in names if (value := getattr(self, name)) is not None)
        when = f"{self.at:%Y-%m-%d %H:%M:%S}" if self.at else str(self.on)
        return f"<Bar: {', '.join((when, *figures, *(['running'] if self.is_running else [])))}>"


@frozen(kw_only=True, eq=False, repr=False)
class Bars(Table[Bar], Sequence[Bar]):
    """Bars from `since` to `until`, the oldest first, each period once.

    `complete` only where that is certain: the platform keeps the newest rows of a call and drops the rest without a
    word. `notes` say what may be missing, and what is doubtful. `name` is the issue's, where its listing is known.
    """

    kind: ClassVar[type[Record]] = Bar

    code: str
    name: str | None = None
    every: Every
    since: date
    until: date
    bars: tuple[Bar, ...] = ()
    complete: bool = True
    notes: tuple[str, ...] = ()

    @overload
    def __getitem__(self, place: int) -> Bar: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Bar, ...]: ...
    def __getitem__(self, place: int | slice) -> Bar | tuple[Bar, ...]:
        return self.bars[place]

    def __len__(self) -> int:
        return len(self.bars)

    def plot(self, kind: "plots.BarKind" = "candle", *, theme: "plots.Theme" = "light") -> "figure.Figure":
        """Return a picture as a matplotlib figure (extra `plot`): `"candle"` or `"line"`, with the volume below."""
        return plots.plot_bars(self, kind, theme=theme)

    def _items(self) -> Iterator[Bar]:
        return iter(self.bars)

    @property
    def title(self) -> str:
        """What it is, in a line."""
        whole = "" if self.complete else ", INCOMPLETE"
        return (
            f"{self.code}, {counted(len(self), 'bar')} of {self.every}, {self.since} to {self.until}{whole}"
        )

    def _facts(self) -> Mapping[str, Any]:
        names = ("code", "name", "every", "since", "until", "complete", "notes")
        return {name: getattr(self, name) for name in names}
