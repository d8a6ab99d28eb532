"""Answers of the market data service as typed records: columns to fields, times to moments, signs by their codes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from functools import cache
from itertools import repeat
from typing import Any, TypeVar

from attrs import NOTHING, evolve, fields

from koscom_async._clock import KST
from koscom_async._cooperative import SLICE_ROWS, Cooperative, run_cooperatively
from koscom_async.models._fields import constructor
from koscom_async.models.catalogue.answer import Answer, Row
from koscom_async.models.market.bars import Bar
from koscom_async.models.market.issues import Issue, Listing
from koscom_async.models.market.others import INVESTORS, InvestorTrade
from koscom_async.models.market.quotes import IndexValue, Level, OrderBook, Quote
from koscom_async.models.market.sessions import WEEKEND
from koscom_async.models.market.table import signed

Kind = TypeVar("Kind")
Priced = TypeVar("Priced", Quote, IndexValue)
Changed = TypeVar("Changed", Quote, IndexValue, Bar)

_LEVELS = 10
_LATE_SECONDS = 60
"""How far the platform's clock may be ahead of this one."""

_maker: Callable[[Any], Callable[..., Any]] = cache(constructor)


def records_of(kind: type[Kind], answer: Answer, **shared: object) -> Iterator[Kind]:
    """Return a record for each row; `shared` are what all of them have."""
    columns = _columns(kind, answer, shared)
    return map(_maker(kind), *(repeat(each) if column is None else column for column, each in columns))


def record_at(kind: type[Kind], answer: Answer, **shared: object) -> Callable[[int], Kind]:
    """Return what makes the record of one row, by its place."""
    columns, make = _columns(kind, answer, shared), _maker(kind)
    return lambda place: make(*[each if column is None else column[place] for column, each in columns])


def _columns(
    kind: type, answer: Answer, shared: Mapping[str, object]
) -> list[tuple[Sequence[Any] | None, object]]:
    """Return for each field of a record its column, or what all rows have in its place."""
    columns: list[tuple[Sequence[Any] | None, object]] = []
    for each in fields(kind):
        name = each.name if each.name in answer.names else each.metadata.get("named")
        if each.name == "raw":
            columns.append((answer.rows.sent, None))
        elif name in answer.names and each.name not in shared:
            columns.append((answer.column(name), None))
        else:
            default = None if each.default is NOTHING else each.default
            columns.append((None, shared.get(each.name, default)))
    return columns


async def gathered(records: Iterable[Kind]) -> list[Kind]:
    """Return all records, made some at a time."""

    def steps() -> Cooperative[list[Kind]]:
        made: list[Kind] = []
        for record in records:
            made.append(record)
            if not len(made) % SLICE_ROWS:
                yield
        return made

    return await run_cooperatively(steps())


def moment(day: date, clock: time | None, *, now: datetime) -> datetime | None:
    """Return when something was traded on a day; `None` without a time, or where that cannot have been then.

    It has not been so late yet, or the day is of a weekend: a time without a day is that of the session before.
    """
    if clock is None or day.weekday() >= WEEKEND:
        return None
    at = datetime.combine(day, clock, KST)
    return at if (at - now).total_seconds() <= _LATE_SECONDS else None


def priced(kind: type[Priced], answer: Answer, *, now: datetime, **shared: object) -> Iterator[Priced]:
    """Return prices of today, with their time and the sign that the direction code gives to the change."""
    records = records_of(kind, answer, received_at=now, **shared)
    for record, row in zip(records, answer, strict=True):
        at = moment(now.date(), row.get("time"), now=now)
        yield evolve(with_sign(record, row.get("direction")), at=at)


def with_sign(record: Changed, direction: str | None) -> Changed:
    """Return a record whose change has the sign of its direction code; it is doubtful where it had the other."""
    change, is_doubtful = signed(record.change, direction)
    return evolve(record, change=change, doubtful=True) if is_doubtful else record


async def listing_of(board: str, answer: Answer) -> Listing:
    """Return what is listed on a board, or on a market of contracts."""
    issues = await gathered(records_of(Issue, answer, board=board))
    return Listing(board=board, on=answer.head.get("date"), issues=tuple(issues))


def order_book_of(answer: Answer, code: str, *, now: datetime) -> OrderBook:
    """Return the order book of an instrument without the levels at which nothing is offered."""
    asks, bids = (tuple(_levels(answer.one, side)) for side in ("ask", "bid"))
    (book,) = records_of(OrderBook, answer, asks=asks, bids=bids, received_at=now)
    return book if book.code else evolve(book, code=code)


def _levels(row: Row, side: str) -> Iterator[Level]:
    for place in range(1, _LEVELS + 1):
        price, quantity = row.get(f"{side}_price_{place}"), row.get(f"{side}_quantity_{place}")
        if price is not None and (
            price or quantity
        ):  # an index option's price may be below a point, not nothing
            yield Level(side=side, price=price, quantity=quantity, orders=row.get(f"{side}_orders_{place}"))


def trades_of(answer: Answer) -> Iterator[InvestorTrade]:
    """Yield who sold and bought; codes have two digits."""
    made = records_of(InvestorTrade, answer)
    for sent, trade in zip(answer.column("investor"), made, strict=True):
        code = None if sent is None else sent.zfill(2)
        yield evolve(trade, code=code, name=INVESTORS.get(code or ""))
