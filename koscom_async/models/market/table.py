"""What tables of market data share: their rows as dicts and frames, a line as `repr`, a table in a notebook."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, Generic, Literal, TypeVar

from attrs import field

from koscom_async._lazy import lists, pa, pd, pl, records, rows
from koscom_async._record import Record

Names = Literal["en", "ko"]
Item = TypeVar("Item")

_FALLS, _RISES = frozenset("4589"), frozenset("1267")
"""Codes of a change's direction: limits, ordinary changes, and quotes without a trade."""


def ko(term: str, default: Any = None, *, named: str | None = None) -> Any:
    """Declare a field with the Korean term that frames name it by, if they are asked to; mostly it may be absent.

    `named` is what answers of the catalogue call it, where that is another name.
    """
    return field(default=default, metadata={"ko": term, "named": named})


def signed(change: Decimal | None, direction: str | None) -> tuple[Decimal | None, bool]:
    """Return a change with the sign of its direction code, and whether number and code contradicted each other."""
    if not change or direction is None or direction not in _FALLS | _RISES:
        return change, bool(change) and direction == "3"
    if (direction in _FALLS) == (change < 0):
        return change, False
    return change.copy_negate(), True


class Table(Record, Generic[Item]):
    """A record with rows of one kind."""

    __slots__ = ()

    kind: ClassVar[type[Record]]
    """What its rows are."""

    @abstractmethod
    def _items(self) -> Iterator[Item]:
        """Yield the rows."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What it is, in a line."""

    def _facts(self) -> Mapping[str, object]:
        """Return what holds for all rows."""
        return {}

    def _values(self) -> Sequence[Sequence[Any]]:
        """Return the values of each column."""
        items = list(self._items())
        return [[getattr(each, name) for each in items] for name, *_ in self.columns]

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.title}>"

    def _repr_html_(self) -> str:
        return lists.table_view(self.title, self.kind, list(self._items()), self.notes)

    @property
    def complete(self) -> bool:
        """Whether everything that was asked for is here."""
        return True

    @property
    def notes(self) -> tuple[str, ...]:
        """What is missing or doubtful, and why."""
        return ()

    @property
    def columns(self) -> "records.Columns":
        """The attribute, the Korean term and the type of each column."""
        return records.columns(self.kind)

    def to_rows(self) -> list[dict[str, Any]]:
        """Return each row as a dict of its values as they are."""
        names = [name for name, *_ in self.columns]
        return [dict(zip(names, row, strict=True)) for row in zip(*self._values(), strict=True)]

    def to_dicts(self) -> dict[str, Any]:
        """Return everything as plain data: numbers as text, days and times in ISO 8601."""
        return {**rows.plain(self._facts()), "rows": [rows.plain(each) for each in self._items()]}

    def to_arrow(self, *, names: Names = "en") -> "pa.Table":
        """Return the rows as an Arrow table (extra `arrow`) with exact decimals; `names="ko"`: 시가, 고가, 거래량.

        A number with more digits than its column holds is null, and its row names the column in `inexact`.
        """
        return records.to_arrow(self.columns, self._values(), self._facts(), names=names)

    def to_polars(self, *, names: Names = "en") -> "pl.DataFrame":
        """Return the rows as a polars frame (extra `polars`), otherwise as `to_arrow`."""
        return records.to_polars(self.to_arrow(names=names))

    def to_pandas(self, *, exact: bool = True, names: Names = "en") -> "pd.DataFrame":
        """Return the rows as a pandas frame (extra `pandas`), otherwise as `to_arrow`.

        With `exact=False` numbers are doubles, and times Korean without a zone: for reading and plotting.
        """
        return records.to_pandas(self.to_arrow(names=names), exact=exact)


class RowTable(Table[Any]):
    """A table that is the sequence of its `rows`."""

    __slots__ = ()

    rows: tuple[Any, ...]

    def __getitem__(self, place: Any) -> Any:
        return self.rows[place]

    def __len__(self) -> int:
        return len(self.rows)

    def _items(self) -> Iterator[Any]:
        return iter(self.rows)
