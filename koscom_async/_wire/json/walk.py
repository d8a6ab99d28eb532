"""Reads a large JSON text piece by piece: walks its upper levels, where lists are long, and parses what is below them.

A parser in C reads a text in one call that cannot be interrupted. This walk returns the same values and fails at the
same places, but yields between pieces. It knows the brackets of JSON, and leaves every value to a parser.
"""

import re
from collections.abc import Callable
from json import JSONDecodeError
from typing import Any, NoReturn

from koscom_async._cooperative import SLICE_LENGTH, Cooperative, Pace
from koscom_async._wire.values import LONGEST_NUMBER, any_number

PROBES_A_SLICE = 16
"""A value that ends within this part of a slice is not walked."""
MAX_KEYS = 10_000
"""Keys of one object, which are read one by one; a text that is not walked has no room for so many."""
MAX_TEXT = 2**18
"""Characters of one text or number, which a parser reads in one go."""
SINGLE_VALUES = 500
"""Values that are read one by one in a step, however short they are: two to four milliseconds of work."""
MAX_DEPTH = 64
"""Objects and lists inside each other; the platform's own answers have at most eight."""

Scan = Callable[[str, int, int], tuple[object, int]]
"""Reads the value that begins at a place, at a level, and says where it ends; raises what `json` raises."""
ReadList = Callable[[str, int], list[object]]
"""Reads a text that is one list, at a level, and nothing after it; raises any `Exception` if it is not."""

_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_NAME_LENGTH = 40
"""A longer key is not shown in an error."""


class DocumentError(ValueError):
    """A document of good grammar that is not read; the message says why."""


def too_deep() -> DocumentError:
    """Return the error of a document that can be neither pickled nor written."""
    return DocumentError(f"the answer is nested more than {MAX_DEPTH} levels deep")


def refuse_second_value(members: dict[Any, object], name: Any, value: object) -> None:
    """Raise a `DocumentError` if an object has another value under that name; the same one twice says nothing new."""
    if name in members and members[name] != value:
        is_plain = name.isidentifier() and name.isascii() and len(name) <= _NAME_LENGTH
        raise DocumentError(f"{f'the key {name}' if is_plain else 'a key'} has two values in one object")


def _too_long() -> DocumentError:
    return DocumentError(
        f"a text or number in the answer has more than {MAX_TEXT:,} characters, or is broken"
    )


class Walk:
    """One walk through one text."""

    def __init__(
        self, text: str, *, scan: Scan, read_list: ReadList, slice_length: int = SLICE_LENGTH
    ) -> None:
        self._text = text
        self._scan = scan
        self._read_list = read_list
        self._slice_length = self._stop = slice_length
        self._probe_length = slice_length // PROBES_A_SLICE
        self._pace = Pace(SINGLE_VALUES)

    def steps(self) -> Cooperative[object]:
        """Return the value of the text, or raise what `json` would raise."""
        if len(self._text) > self._slice_length:
            yield  # to count the values of a large body, and to decode it, was a step
        value, at = yield from self._value(self._skip(0), 0)
        at = self._skip(at)
        if at != len(self._text):
            raise JSONDecodeError("Extra data", self._text, at)
        return value

    def _skip(self, at: int) -> int:
        found = _SPACE.match(self._text, at)
        return found.end() if found else at

    def _character(self, at: int) -> str:
        return self._text[at : at + 1]

    def _value(self, at: int, level: int) -> Cooperative[tuple[object, int]]:
        walk = {"{": self._object, "[": self._list}.get(self._character(at))
        if walk is None:
            return self._text_value(at, level) if self._character(at) == '"' else self._number(at, level)
        # What is all of a large text is large.
        small = self._small(at, level) if level or len(self._text) <= self._slice_length else None
        if small is not None:
            return small
        if level == MAX_DEPTH:
            raise too_deep()
        return (yield from walk(at + 1, level + 1))

    def _number(self, at: int, level: int) -> tuple[object, int]:
        """Return a number or a word; what stands for a number too long to be one, before a parser makes a decimal."""
        found = _NUMBER.match(self._text, at, at + MAX_TEXT)
        if found is None or found.end() - at <= LONGEST_NUMBER:
            return self._scan(self._text, at, level)
        if found.end() - at == MAX_TEXT:
            raise _too_long()
        return any_number(found[0]), found.end()

    def _text_value(self, at: int, level: int) -> tuple[object, int]:
        """Return a text, unless it is longer than any field: a parser reads it in one go."""
        end = self._text.find('"', at + 1, at + MAX_TEXT)
        if at + MAX_TEXT >= len(self._text) or (end > 0 and self._character(end - 1) != "\\"):
            return self._scan(self._text, at, level)
        try:
            value, length = self._scan(self._text[at : at + MAX_TEXT], 0, level)
        except ValueError:
            raise _too_long() from None
        return value, at + length

    def _small(self, at: int, level: int) -> tuple[object, int] | None:
        """Return an object or a list that ends soon; `None` for one that is large or broken."""
        try:
            value, length = self._scan(self._text[at : at + self._probe_length], 0, level)
        except (ValueError, RecursionError):
            return None
        return value, at + length

    def _is_due(self, at: int) -> bool:
        """Whether it is time to yield, once for each value; then the next time is a slice or many values later."""
        if at < self._stop and not self._pace.is_due():
            return False
        self._stop = at + self._slice_length
        return True

    def _object(self, at: int, level: int) -> Cooperative[tuple[object, int]]:
        members: dict[object, object] = {}
        at = self._skip(at)
        if self._character(at) == "}":
            return members, at + 1
        if self._character(at) != '"':
            self._break("{", at)
        while True:
            if self._is_due(at):
                yield
            name, end = self._text_value(at, level)
            colon = self._skip(end)
            if self._character(colon) != ":":
                self._break('{""', end)
            value, end = yield from self._value(self._skip(colon + 1), level)
            refuse_second_value(members, name, value)
            members[name] = value
            if len(members) > MAX_KEYS:
                raise DocumentError(f"an object has more than {MAX_KEYS:,} keys")
            comma = self._skip(end)
            if self._character(comma) == "}":
                return members, comma + 1
            at = self._skip(comma + 1)
            if self._character(comma) != "," or self._character(at) != '"':
                self._break('{"":""', comma)

    def _list(self, at: int, level: int) -> Cooperative[tuple[object, int]]:
        values: list[object] = []
        at = first = self._skip(at)
        if self._character(at) == "]":
            return values, at + 1
        singly_until = 0
        opening: str | None = None
        while True:
            if self._is_due(at):
                yield
            many = None if opening is None or at < singly_until else self._many(at, opening, level)
            if many is not None:
                found, end = many
                values += found
            else:
                singly_until = max(singly_until, at + self._slice_length if opening is not None else 0)
                value, end = yield from self._value(at, level)
                values.append(value)
            if opening is None:
                opening = self._opening(first, end)
            comma = self._skip(end)
            if self._character(comma) == "]":
                return values, comma + 1
            at = self._skip(comma + 1)
            if self._character(comma) != "," or self._character(at) in {"", "]"}:
                self._break('[""', comma)

    def _opening(self, first: int, end: int) -> str:
        """Return how the first entry begins, up to its first name: the others probably do, too."""
        if self._character(first) != "{":
            return ""
        return self._text[first : self._text.find(":", first, end) + 1] or "{"

    def _many(self, at: int, opening: str, level: int) -> tuple[list[object], int] | None:
        """Return many entries at once, up to a comma behind which another one seems to begin.

        It need not be one: it may stand in some text, or deeper. Then what is before it is no list, and is not read.
        """
        most = min(at + self._slice_length, len(self._text))
        another = self._text.rfind(opening, at + 1, most)
        comma = self._text.rfind(",", at + 1, max(another, 0))
        if comma < 0:
            return None
        try:
            return self._read_list(f"[{self._text[at:comma]}]", level - 1), comma
        except Exception:  # of any parser; the entries are read one by one then
            return None

    def _break(self, before: str, at: int) -> NoReturn:
        """Raise at the parser's own place, which differs by version: it is given a short text like the one before."""
        try:
            self._scan(before + self._text[at:], 0, 0)
        except JSONDecodeError as error:
            place = at + error.pos - len(before)
        else:
            place = at
        raise JSONDecodeError("Broken", self._text, place)
