"""What is paid now: quotes, order books, the value of an index. Amounts in KRW, quantities in shares or contracts."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from attrs import NOTHING, field, frozen

from koscom_async._masking import clean
from koscom_async._record import Record, counted
from koscom_async.errors import KoscomError
from koscom_async.models._fields import raw_field
from koscom_async.models.market.table import RowTable, Table, ko

__all__ = ["IndexValue", "Level", "OrderBook", "Quote", "Quotes"]


@frozen(kw_only=True, eq=False, repr=False)
class Quote(Record):
    """An issue's last price (현재가), and the day so far. What the platform did not send is `None`.

    `at` is when it was traded, in Korea: `None` before the first trade, on weekends, and after the close, when the
    platform sends a signal in its place. It sends no day: on a holiday the time may be that of the session before.
    `received_at` is when the answer came. `change` is against the day before; where its number and its direction code
    contradict each other the code counts, and `doubtful` says so.
    """

    code: str = ko("종목코드", NOTHING)
    name: str | None = ko("종목명")
    price: Decimal | None = ko("현재가")
    change: Decimal | None = ko("전일대비")
    volume: Decimal | None = ko("거래량")
    turnover: Decimal | None = ko("거래대금")
    at: datetime | None = ko("체결시각")
    open: Decimal | None = ko("시가")
    high: Decimal | None = ko("고가")
    low: Decimal | None = ko("저가")
    best_ask: Decimal | None = ko("매도호가")
    best_bid: Decimal | None = ko("매수호가")
    market_cap: Decimal | None = ko("시가총액")
    received_at: datetime | None = ko("수신시각")
    doubtful: bool = ko("확인필요", False)
    raw: Mapping[str, object] = raw_field()

    def __repr__(self) -> str:
        return f"<Quote: {_line(self, self.price)}>"


class RowQuotes(Mapping[str, Quote]):
    """Quotes by code, each made when it is looked at: equal to a dict of them, and pickled as that.

    A row without a code is the quote of nothing.
    """

    __slots__ = ("_make", "_places")

    def __init__(self, codes: Iterable[str | None], make: Callable[[int], Quote]) -> None:
        self._places = {code: place for place, code in enumerate(codes) if code is not None}
        self._make = make

    def __getitem__(self, code: str) -> Quote:
        return self._make(self._places[code])

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __reduce__(self) -> tuple[Any, ...]:
        return (dict, (dict(self),))


@frozen(kw_only=True, eq=False, repr=False)
class Quotes(Table[Quote], Mapping[str, Quote]):
    """Quotes by the codes that were asked for. Check `complete` before believing that nothing is missing.

    Every code asked is here, in `missing` (the platform does not list it, or left it out), or in `failures`, with the
    error. `as_of` is when the question was asked, in Korea.
    """

    kind: ClassVar[type[Record]] = Quote

    quotes: Mapping[str, Quote] = field(factory=dict)
    missing: tuple[str, ...] = ()
    failures: Mapping[str, KoscomError] = field(factory=dict)
    as_of: datetime

    @property
    def complete(self) -> bool:
        """Whether every code asked has its quote."""
        return not self.missing and not self.failures

    @property
    def notes(self) -> tuple[str, ...]:
        """Which codes have no quote, and why."""
        missing = [f"{', '.join(self.missing)}: not listed, or left out"] if self.missing else []
        return (*missing, *(f"{code}: {error}" for code, error in self.failures.items()))

    def __getitem__(self, code: str) -> Quote:
        try:
            return self.quotes[code]
        except KeyError:
            raise KeyError(self._why_not(code)) from None

    def _why_not(self, code: str) -> str:
        if code in self.missing:
            return f"{code} is missing: not in the listings, or left out"
        return (
            f"{code} failed: {self.failures[code]}" if code in self.failures else f"{code} was not asked for"
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self.quotes)

    def __len__(self) -> int:
        return len(self.quotes)

    def __hash__(self) -> int:
        return hash((tuple(self.quotes.values()), self.missing, self.as_of))

    def _items(self) -> Iterator[Quote]:
        return iter(self.quotes.values())

    @property
    def title(self) -> str:
        """What it is, in a line."""
        counts = ((len(self.missing), "missing"), (len(self.failures), "failed"))
        return ", ".join(
            [counted(len(self), "quote"), *(f"{number} {word}" for number, word in counts if number)]
        )

    def _facts(self) -> Mapping[str, Any]:
        return {
            "complete": self.complete,
            "as_of": self.as_of,
            "missing": self.missing,
            "failures": self.failures,
        }


@frozen(kw_only=True, eq=False, repr=False)
class Level(Record):
    """A price of the order book: how much is offered at it, and in how many orders where the platform says."""

    side: str = ko("구분", NOTHING)
    price: Decimal = ko("호가", NOTHING)
    quantity: Decimal | None = ko("잔량")
    orders: int | None = ko("건수")


@frozen(kw_only=True, eq=False, repr=False)
class OrderBook(Table[Level]):
    """The order book (호가): `asks` are offers to sell (매도), `bids` to buy (매수), the best first.

    The totals count what is beyond these levels, too. The platform does not say when it was so: `received_at` is when
    the answer came.
    """

    kind: ClassVar[type[Record]] = Level

    code: str
    asks: tuple[Level, ...] = ()
    bids: tuple[Level, ...] = ()
    ask_total: Decimal | None = None
    bid_total: Decimal | None = None
    expected_price: Decimal | None = None
    received_at: datetime
    raw: Mapping[str, object] = raw_field()

    def _items(self) -> Iterator[Level]:
        yield from reversed(self.asks)
        yield from self.bids

    @property
    def title(self) -> str:
        """What it is, in a line."""
        best = [f"{side[0].side} {side[0].price:,f}" for side in (self.asks, self.bids) if side]
        return f"{self.code}, {', '.join(best) or 'no orders'}"

    def _facts(self) -> Mapping[str, Any]:
        names = ("code", "ask_total", "bid_total", "expected_price", "received_at")
        return {name: getattr(self, name) for name in names}


@frozen(kw_only=True, eq=False, repr=False)
class IndexValue(Record):
    """An index now: `volume` in shares, `turnover` in KRW; otherwise as `Quote`."""

    code: str = ko("지수코드", NOTHING)
    name: str | None = ko("지수명")
    value: Decimal | None = ko("지수", named="price")
    change: Decimal | None = ko("전일대비")
    volume: Decimal | None = ko("거래량")
    turnover: Decimal | None = ko("거래대금")
    at: datetime | None = ko("시각")
    received_at: datetime | None = ko("수신시각")
    doubtful: bool = ko("확인필요", False)
    raw: Mapping[str, object] = raw_field()

    def __repr__(self) -> str:
        return f"<IndexValue: {_line(self, self.value)}>"


@frozen(kw_only=True, eq=False, repr=False)
class IndexValues(RowTable, Sequence[IndexValue]):
    """Some indices now; those that could not be asked are in `failures`, by the names that were given."""

    kind: ClassVar[type[Record]] = IndexValue

    rows: tuple[IndexValue, ...] = ()
    failures: Mapping[str, KoscomError] = field(factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every index asked is here."""
        return not self.failures

    @property
    def notes(self) -> tuple[str, ...]:
        """Which indices are not here, and why."""
        return tuple(f"{name}: {error}" for name, error in self.failures.items())

    def __hash__(self) -> int:
        return hash((self.rows, tuple(self.failures)))

    @property
    def title(self) -> str:
        """What it is, in a line."""
        failed = [f"{len(self.failures)} failed"] if self.failures else []
        return ", ".join([*(value.name or value.code for value in self.rows), *failed])

    def _facts(self) -> Mapping[str, Any]:
        return {"complete": self.complete, "failures": self.failures}


def _line(record: Quote | IndexValue, price: Decimal | None) -> str:
    named = " ".join(filter(None, (clean(record.name or ""), record.code)))
    figures = [
        f"{word}{value:{sign},f}"
        for word, value, sign in (("", price, ""), ("", record.change, "+"), ("volume ", record.volume, ""))
        if value is not None
    ]
    return ", ".join((named, *figures, *([f"{record.at:%Y-%m-%d %H:%M:%S}"] if record.at else [])))
