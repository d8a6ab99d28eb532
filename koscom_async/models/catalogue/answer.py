"""What an operation answered: rows whose fields have readable names, and everything as it was sent beside them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import Any, Self, overload

from attrs import evolve, field, frozen

from koscom_async._lazy import lists, records
from koscom_async._masking import HIDDEN
from koscom_async._record import Record, counted, spread
from koscom_async.models.catalogue.operation import AnswerField
from koscom_async.models.market.table import Table

__all__ = ["Answer", "Row", "Rows"]


@frozen
class RowNames:
    """The attributes that all rows of one kind have, in order, and the wire names behind them in small letters."""

    order: tuple[str, ...]
    fields: tuple[AnswerField, ...] = field(eq=False)
    places: Mapping[str, int] = field(eq=False)
    wires: frozenset[str] = field(eq=False)
    secret: frozenset[str] = field(eq=False)

    @classmethod
    def of(cls, fields: Sequence[AnswerField]) -> Self:
        """Return the names of rows with those fields, of which several may be spellings of one."""
        first = {each.name: each for each in reversed(fields)}
        order = tuple(dict.fromkeys(each.name for each in fields))
        return cls(
            order=order,
            fields=tuple(first[name] for name in order),
            places={name: place for place, name in enumerate(order)},
            wires=frozenset(each.wire.lower() for each in fields),
            secret=frozenset(each.name for each in fields if each.secret),
        )


@frozen(eq=False, repr=False)
class Row(Mapping[str, Any]):
    """One row, by attribute or by key: `row.price`, `row["price"]`. What was not sent is `None`.

    Numbers are exact `Decimal`s in shares, contracts and KRW, counts `int`s, days `date`s, times of day `time`s, in
    Korea; a signal in the place of a time, such as "the session is closed", is `None`. `raw` is the row as it came;
    `extra` what in it the catalogue does not know.
    """

    _names: RowNames
    _values: tuple[Any, ...]
    _sent: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self._values[self._names.places[name]]

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):  # else while it is being made
            place = self._names.places.get(name)
            if place is not None:
                return self._values[place]
        raise AttributeError(f"the answer has no field {name!r}; see row.keys()", name=name, obj=self)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names.order)

    def __len__(self) -> int:
        return len(self._names.order)

    @property
    def raw(self) -> Mapping[str, Any]:
        """What came, by the platform's own names; numbers are `Decimal`s with the digits that were sent."""
        return MappingProxyType(self._sent)

    @property
    def extra(self) -> Mapping[str, Any]:
        """What came under names that the catalogue does not have."""
        wires = self._names.wires
        return {name: value for name, value in self._sent.items() if name.lower() not in wires}

    def __hash__(self) -> int:
        return hash((self._names.order, spread(self._values)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Row):
            return NotImplemented
        return (self._names.order, self._values) == (other._names.order, other._values)

    def __repr__(self) -> str:
        shown = (f"{name}={value!r}" for name, value in self.__rich_repr__() if value is not None)
        return f"Row({', '.join(shown)})"

    def __rich_repr__(self) -> Iterator[tuple[str, object]]:
        """Yield each field with what may be shown of its value."""
        for name, value in self.items():
            yield name, HIDDEN if value is not None and name in self._names.secret else value


@frozen(eq=False, repr=False)
class Rows(Record, Sequence[Row]):
    """The rows of an answer, kept as columns: a row is made when it is looked at."""

    names: RowNames
    columns: tuple[Sequence[Any], ...]
    sent: Sequence[dict[str, Any]] = field(eq=False)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Row, ...]: ...
    def __getitem__(self, index: int | slice) -> Row | tuple[Row, ...]:
        if isinstance(index, slice):
            return tuple(self[place] for place in range(*index.indices(len(self))))
        sent = self.sent[index]
        return Row(self.names, tuple(column[index] for column in self.columns), sent)

    def __len__(self) -> int:
        return len(self.sent)

    def column(self, name: str) -> tuple[Any, ...]:
        """Return one attribute of all rows; raises `KeyError` for one that they do not have."""
        return tuple(self.columns[self.names.places[name]])

    def chosen(self, places: Sequence[int]) -> "Rows":
        """Return some of these rows, by their places."""
        columns = tuple(tuple(column[at] for at in places) for column in self.columns)
        return Rows(self.names, columns, tuple(self.sent[at] for at in places))

    def joined(self, more: "Sequence[Rows]") -> "Rows":
        """Return these rows and those of other answers to the same operation."""
        parts = (self, *more)
        columns = tuple(tuple(chain(*each)) for each in zip(*(part.columns for part in parts), strict=True))
        return Rows(self.names, columns, tuple(chain(*(part.sent for part in parts))))

    def __repr__(self) -> str:
        return f"<Rows: {counted(len(self), 'row')}>"

    def __rich_repr__(self) -> Iterator[tuple[None, Row]]:
        for row in self:
            yield None, row


@frozen(kw_only=True, eq=False, repr=False)
class Answer(Table[Row], Sequence[Row]):
    """The rows of an answer, as the platform orders them: histories have the newest first.

    `head` is what stands above them, such as the issue's code. `complete` is `False` where rows may be missing: the
    platform keeps the newest hundred of a call, and drops the rest without a word. `notes` say what could not be read.
    """

    operation: str
    rows: Rows
    head: Row
    complete: bool = True
    notes: tuple[str, ...] = field(default=(), eq=False)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Row, ...]: ...
    def __getitem__(self, index: int | slice) -> Row | tuple[Row, ...]:
        return self.rows[index]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def one(self) -> Row:
        """The only row, of an operation that has no list; raises `ValueError` where there are several or none."""
        (row,) = self.rows
        return row

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes that each row has."""
        return self.rows.names.order

    def column(self, name: str) -> tuple[Any, ...]:
        """Return one attribute of all rows; raises `KeyError` for one that they do not have."""
        return self.rows.column(name)

    def __repr__(self) -> str:
        whole = "complete" if self.complete else "INCOMPLETE"
        return f"<{type(self).__name__}: {self.operation}, {counted(len(self), 'row')}, {whole}>"

    def _repr_html_(self) -> str:
        return lists.answer_view(self)

    @staticmethod
    def joined(answers: "Sequence[Answer]") -> "Answer":
        """Return the answers to the parts of one question as one."""
        first, *more = answers
        if not more:
            return first
        return evolve(
            first,
            rows=first.rows.joined([each.rows for each in more]),
            complete=all(each.complete for each in answers),
            notes=tuple(note for each in answers for note in each.notes),
        )

    def without(self, name: str, value: object) -> Self:
        """Return the answer without the rows that have a value in one attribute."""
        kept = [place for place, each in enumerate(self.column(name)) if each != value]
        return evolve(self, rows=self.rows.chosen(kept))

    @property
    def columns(self) -> "records.Columns":
        """The attribute, the Korean term and the type of each column."""
        return records.answer_columns(self.rows.names.fields)

    def _values(self) -> Sequence[Sequence[Any]]:
        return self.rows.columns

    def _items(self) -> Iterator[Row]:
        return iter(self.rows)

    @property
    def title(self) -> str:
        """What it is, in a line."""
        head = ", ".join(f"{name} {value}" for name, value in self.head.__rich_repr__() if value is not None)
        return f"{self.operation} {head}".rstrip()

    def _facts(self) -> Mapping[str, Any]:
        names = ("operation", "complete", "head", "notes")
        return {name: getattr(self, name) for name in names}
