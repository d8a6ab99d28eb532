"""The operations by name: each made into a record, and into what reads its answers, when it is first looked at."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import fields

from koscom_async._hints import near
from koscom_async._wire.catalogue.checking import Document
from koscom_async._wire.catalogue.loading import load_document
from koscom_async._wire.catalogue.reader import AnswerReader, Shape
from koscom_async.errors import UsageError
from koscom_async.models.catalogue.operation import AnswerField, Operation, Parameter


class Operations(Mapping[str, Operation]):
    """Every operation of the platform, by name: what it takes and gives, its service, hours, licence and status."""

    def __init__(self, path: str | None = None) -> None:
        self._document: Document = load_document(path)
        self._made: dict[str, Operation] = {}
        self._readers: dict[tuple[str, str], AnswerReader] = {}

    def __getitem__(self, name: str) -> Operation:
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = self._operation(name, self._document["operations"][name])
        return made

    def __iter__(self) -> Iterator[str]:
        return iter(self._document["operations"])

    def __len__(self) -> int:
        return len(self._document["operations"])

    def __repr__(self) -> str:
        return f"Operations({len(self)})"

    def named(self, name: object) -> Operation:
        """Return the operation of a name; raise `UsageError` where there is none."""
        if isinstance(name, str) and name in self:
            return self[name]
        advice = near(str(name), self, most=3) or "see koscom.operations, or `koscom operations`"
        raise UsageError(f"{str(name)[:80]!r} is no operation of the platform", advice=advice)

    def find(self, word: str) -> tuple[Operation, ...]:
        """Return the operations in whose name, title, path or fields a word stands."""
        if not isinstance(word, str):
            raise UsageError(f"word must be str, got {type(word).__name__}", advice="pass a part of a name")
        wanted = word.strip().casefold()
        return tuple(each for each in self.values() if wanted in _text_of(each))

    def reader(self, name: str, version: str) -> AnswerReader:
        """Return what reads the answers of an operation in a version."""
        entry = self._document["operations"][name]
        shape = entry.get(f"{version}_shape") or entry["shape"]
        reader = self._readers.get((name, shape))
        if reader is None:
            reader = self._readers[name, shape] = AnswerReader(name, self._shape(shape))
        return reader

    def _shape(self, name: str) -> Shape:
        entry = self._document["shapes"][name]
        return Shape(
            rows=entry["rows"],
            row=self._fields(entry, "row"),
            head=self._fields(entry, "head"),
            is_one=entry.get("one", False),
            is_loose=entry.get("loose", False),
            success=tuple(entry.get("success", ())),
        )

    def _fields(self, shape: Mapping[str, Any], part: str) -> tuple[AnswerField, ...]:
        known, units = self._document["fields"], shape.get("units", "*")
        return tuple(
            _field(wire, {**known.get(wire, {}), **shape.get("as", {}).get(wire, {})}, units)
            for wire in shape.get(part, ())
        )

    def _operation(self, name: str, entry: Mapping[str, Any]) -> Operation:
        shape = self._document["shapes"].get(entry.get("shape", ""), {})
        needed = entry.get("needs", ())
        facts = {key: value for key, value in entry.items() if key in _FACTS}
        return Operation(
            **{"title": name, "specification": "a catalogue of your own"} | facts,
            name=name,
            parameters=tuple(self._parameter(key, needed) for key in entry.get("parameters", ())),
            head=self._fields(shape, "head"),
            fields=self._fields(shape, "row"),
        )

    def _parameter(self, key: str, needed: Sequence[str]) -> Parameter:
        facts = {"name": key, "wire": key} | self._document["parameters"][key]
        facts["wire"] = self._document["parameters"][key].get("wire", facts["name"])
        return Parameter(**facts | ({"required": True} if facts["name"] in needed else {}))


_FACTS = {each.name for each in fields(Operation)} - {"name", "parameters", "head", "fields"}
"""What an entry says of its operation as it is; the rest refers to other parts."""


def _field(wire: str, entry: Mapping[str, Any], units: str) -> AnswerField:
    unit: int | dict[str, int] = entry.get("unit", 1)
    size = unit.get(units, unit.get("*", 1)) if isinstance(unit, dict) else unit
    return AnswerField(**{**entry, "wire": wire, "unit": size})


def _text_of(operation: Operation) -> str:
    words = [operation.name, operation.title, operation.title_ko, *operation.paths.values()]
    for each in (*operation.head, *operation.fields):
        words += each.name, each.wire, each.ko
    return "\n".join(filter(None, words)).casefold()
