"""Reads the answer of any operation: finds its rows, and makes each of them a record by the operation's shape.

Rows of one kind are read column by column, since mostly a whole column needs nothing done to it. What stands under a
name that the shape does not have stays in the row's `raw` and `extra`.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from operator import itemgetter
from typing import Any

from attrs import frozen

from koscom_async._cooperative import SLICE_LENGTH, SLICE_ROWS, Cooperative, CooperativeReader, batched
from koscom_async._wire.catalogue.kinds import Column, is_absent
from koscom_async._wire.failures import failure, read_code
from koscom_async._wire.json.core import read_json
from koscom_async._wire.values import ScalarError
from koscom_async.errors import MalformedResponseError
from koscom_async.models.catalogue.answer import Answer, RowNames, Rows
from koscom_async.models.catalogue.operation import AnswerField

_MOST_NOTES = 20
_SLICE_VALUES = 40 * SLICE_ROWS
"""Values that a step reads: fewer rows where rows are wide."""

Sources = Sequence[str | None]
"""For each attribute the wire name under which a row has it."""


@frozen(kw_only=True, eq=False)
class Shape:
    """Where an answer's rows are, and which fields stand in them and above them.

    `is_one` where the answer is a single row and no list; `is_loose` where a field that cannot be read is noted, and
    does not refuse the answer; `success` is the field that says how it went, its value where all is well, and the field
    of the words about it.
    """

    rows: str
    row: tuple[AnswerField, ...]
    head: tuple[AnswerField, ...]
    is_one: bool
    is_loose: bool
    success: tuple[str, ...]


class AnswerReader(CooperativeReader[Answer]):
    """Reads the answers of one operation."""

    __slots__ = ("_head", "_name", "_row", "_shape")

    def __init__(self, name: str, shape: Shape) -> None:
        self._name, self._shape = name, shape
        self._row = _Fields(shape.row, is_loose=shape.is_loose)
        self._head = _Fields(shape.head, is_loose=shape.is_loose)

    @property
    def is_one(self) -> bool:
        """Whether the answer is a single row."""
        return self._shape.is_one

    def steps(self, document: object) -> Cooperative[Answer]:
        """Return the answer, or raise a `KoscomError`, step by step."""
        above, entries, path = self._found(document)
        rows = _Draft(self._row)
        notes: list[str] = []
        for batch in batched(entries, count=SLICE_ROWS):
            objects = self._row.objects(batch, path)
            for some in batched(objects, count=max(1, _SLICE_VALUES // max(1, *map(len, objects)))):
                rows.read(some, path, notes)
                yield
        return self._answer(above, rows, notes)

    def empty(self) -> Answer:
        """Return an answer without rows."""
        return self._answer({}, _Draft(self._row), [])

    def _answer(self, above: dict[str, Any], rows: "_Draft", notes: list[str]) -> Answer:
        head = _Draft(self._head)
        head.read([above], "", notes)
        return Answer(
            operation=self._name, rows=rows.rows(), head=head.rows()[0], notes=tuple(notes[:_MOST_NOTES])
        )

    def _found(self, document: object) -> tuple[dict[str, Any], list[Any], str]:
        """Return the object above the rows, the rows, and their place in words."""
        *above, last = self._shape.rows.split(".")
        block = document
        for name in above:
            block = self._member(block, name, document)
        self._check_success(block)
        value = self._member(block, last, document) if last else block
        path = f"{self._shape.rows}." if last else ""
        head = {}
        if self._shape.head and isinstance(block, dict):
            head = {name: each for name, each in block.items() if name.lower() != last.lower()}
        if self._shape.is_one:
            if not isinstance(value, dict) or not value:
                raise self._malformed(self._shape.rows or "the answer", value)
            return head, [value], path
        return head, [] if is_absent(value) else value if isinstance(value, list) else [value], path

    def _member(self, block: object, name: str, document: object) -> Any:
        """Return what an object has under a name, in any case of its letters; text that holds JSON is read."""
        if isinstance(block, dict):
            found = (
                name if name in block else next((key for key in block if key.lower() == name.lower()), None)
            )
            if found is not None:
                value = block[found]
                return _inside(value) if isinstance(value, str) and value.strip()[:1] == "{" else value
            if self._shape.success and any(field.wire in block for field in self._shape.row):
                return block  # the fields stand beside the code of success
        if isinstance(document, dict) and isinstance(document.get("error") or document.get("message"), str):
            raise failure(status=200, document=document)  # an error in the place of an answer, with HTTP 200
        raise self._malformed(name, None)

    def _check_success(self, block: object) -> None:
        """Raise what an answer says that went wrong, if its shape has a field for that."""
        if self._shape.success and isinstance(block, dict):
            name, value, words = self._shape.success
            code = read_code(block.get(name))
            if code != value:
                facts = {"code": code, "category": self._name.partition(".")[0], "message": block.get(words)}
                raise failure(status=200, document=facts)

    @staticmethod
    def _malformed(place: str, value: object) -> MalformedResponseError:
        got = "nothing" if value is None else f"a {type(value).__name__}"
        return MalformedResponseError(f"{place}: expected the rows of the answer, got {got}")


def _inside(text: str) -> object:
    """Return the JSON that a text holds; what is large is none that the platform sends."""
    if len(text) > SLICE_LENGTH:
        raise MalformedResponseError(
            f"the answer holds a text of {len(text)} characters in the place of an object"
        )
    return read_json(text.encode(errors="replace"))


class _Fields:
    """The fields of one kind of rows, and under which names each of them was sent."""

    __slots__ = ("_sources", "_wires", "columns", "names")

    def __init__(self, fields: Sequence[AnswerField], *, is_loose: bool) -> None:
        by_name: dict[str, list[AnswerField]] = {}
        for field in fields:
            by_name.setdefault(field.name, []).append(field)
        self.columns = tuple(Column(each[0], is_loose) for each in by_name.values())
        # A name may be spelled in several ways; the first that was sent counts.
        self._wires = tuple(tuple(field.wire for field in each) for each in by_name.values())
        self.names = RowNames.of(fields)
        self._sources: dict[tuple[str, ...], Sources] = {}

    def objects(self, entries: Sequence[Any], path: str) -> Sequence[dict[str, Any]]:
        """Return the entries of the rows; one that is no object is the value of the only field."""
        if _OBJECTS.issuperset(map(type, entries)):
            return entries
        return [self._object(entry, path) for entry in entries]

    def _object(self, entry: object, path: str) -> dict[str, Any]:
        if isinstance(entry, dict):
            return entry
        if len(self.columns) == 1 and not isinstance(entry, list):
            return {self._wires[0][0]: entry}
        raise MalformedResponseError(f"{path}: expected a row, got a {type(entry).__name__}")

    def sources(self, keys: tuple[str, ...]) -> Sources:
        """Return for each attribute the name under which rows with these names have it."""
        sources = self._sources.get(keys)
        if sources is None:
            sent: Mapping[str, str] = {key.lower(): key for key in reversed(keys)} | {
                key: key for key in keys
            }
            sources = [
                next((found for wire in wires if (found := sent.get(wire) or sent.get(wire.lower()))), None)
                for wires in self._wires
            ]
            if len(self._sources) < _MOST_KINDS:
                self._sources[keys] = sources
        return sources


class _Draft:
    """The rows of one answer, read batch by batch."""

    __slots__ = ("_columns", "_fields", "_sent")

    def __init__(self, fields: _Fields) -> None:
        self._fields = fields
        self._columns: list[list[Any]] = [[] for _ in fields.columns]
        self._sent: list[dict[str, Any]] = []

    def rows(self) -> Rows:
        """Return what was read."""
        return Rows(self._fields.names, tuple(map(tuple, self._columns)), tuple(self._sent))

    def read(self, entries: Sequence[dict[str, Any]], path: str, notes: list[str]) -> None:
        """Read a batch of rows; raise `MalformedResponseError` where one cannot be read."""
        try:
            for keys, rows, by_wire in _runs(entries):
                nothing, sources = (None,) * len(rows), self._fields.sources(keys)
                for mine, column, wire in zip(self._columns, self._fields.columns, sources, strict=True):
                    mine.extend(nothing if wire is None else column.read(by_wire[wire], path, notes))
                self._sent += rows
        except ScalarError as error:
            complaint = str(error)
        else:
            return
        raise MalformedResponseError(complaint)  # out here: the error's context would hold the rows


def _runs(
    entries: Sequence[dict[str, Any]],
) -> Iterator[tuple[tuple[str, ...], Sequence[Any], Mapping[str, Any]]]:
    """Yield the rows that have the same names, mostly all at once: the names, the rows, the values under each name."""
    keys = tuple(entries[0])
    if len(set(map(len, entries))) == 1:
        with suppress(KeyError):
            by_wire = {key: list(map(itemgetter(key), entries)) for key in keys}
            yield keys, entries, by_wire
            return
    for keys, run in groupby(entries, key=tuple):
        rows = list(run)
        yield keys, rows, {key: [row[key] for row in rows] for key in keys}


_OBJECTS = frozenset({dict})
_MOST_KINDS = 32
"""Rows have mostly the same names; a gateway that invents names must not make the memory grow."""
