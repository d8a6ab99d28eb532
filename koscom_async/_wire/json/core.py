"""JSON to values and back, with every number exact: read from its digits by the standard library, never as a float.

A body that is not a JSON document is a `MalformedResponseError`, and so is one whose numbers could be read in two ways,
as a key has two values, or that is nested without an end. What a document means is the readers' work.
"""

import json
import re
from collections.abc import Iterable
from decimal import Decimal
from itertools import chain, islice
from operator import itemgetter
from secrets import token_hex
from types import NoneType
from typing import Any, NoReturn

from koscom_async._cooperative import SLICE_LENGTH, Cooperative
from koscom_async._wire.json.walk import MAX_DEPTH, DocumentError, Walk, refuse_second_value, too_deep
from koscom_async._wire.values import any_number, sent_number
from koscom_async.errors import MalformedResponseError


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


_DECODER = json.JSONDecoder(parse_float=sent_number, parse_int=sent_number, parse_constant=_refuse_constant)
# For documents with a number that no amount can be.
_LENIENT_DECODER = json.JSONDecoder(
    parse_float=any_number, parse_int=any_number, parse_constant=_refuse_constant
)


# The standard library writes no decimals. One is written as marked text, whose marks are taken away with the quotes;
# the mark is drawn by chance, so that no other text can hold it.
_MARK = token_hex(8)


def _marked(value: object) -> str:
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} is no JSON value")
    return f"{_MARK}{value}{_MARK}"


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_marked).encode


def write_json(document: object) -> bytes:
    """Return the bytes of a document that JSON can hold; a decimal is a number with the digits that it has."""
    text = _encode(document)
    if _MARK in text:
        text = text.replace(f'"{_MARK}', "").replace(f'{_MARK}"', "")
    return text.encode()


def read_json(body: bytes) -> object:
    """Return the document in a response body; numbers are `Decimal` with the digits that were sent."""
    _check_not_empty(body)
    try:
        return _decoded(_text(body))
    # Bad encoding is a ValueError, and a thousand nested brackets a RecursionError.
    except (ValueError, RecursionError) as error:
        complaint = _complaint(error, body)
    # Raised here, outside of the handler: the exception's context would hold the document, and so personal data.
    raise MalformedResponseError(complaint)


def read_list(text: str, level: int) -> list[object]:
    """Return the values of a text that is a list and nothing else; raise a `ValueError` if it is not."""
    values, end = scan(text, 0, level)
    if not isinstance(values, list) or end != len(text):
        raise ValueError
    return values


def json_steps(body: bytes, *, slice_length: int = SLICE_LENGTH) -> Cooperative[object]:
    """Do what `read_json` does, and stop between slices of a large document."""
    _check_not_empty(body)
    try:
        walk = Walk(_text(body), scan=scan, read_list=read_list, slice_length=slice_length)
        document = yield from walk.steps()
    except (ValueError, RecursionError) as error:
        complaint = _complaint(error, body)
    else:
        return document
    raise MalformedResponseError(complaint)


def scan(text: str, at: int, level: int) -> tuple[object, int]:
    """Return the value that begins at a place, inside of so many others, and where it ends."""
    try:
        value, end = _DECODER.raw_decode(text, at)
    except ArithmeticError:
        value, end = _LENIENT_DECODER.raw_decode(text, at)
    _check_document(value, text, at, end, level)
    return value, end


def _decoded(text: str) -> object:
    try:
        value = _DECODER.decode(text)
    except ArithmeticError:
        value = _LENIENT_DECODER.decode(text)
    _check_document(value, text, 0, len(text))
    return value


def _text(body: bytes) -> str:
    # As `json.loads` does it; only in other encodings a zero follows the first bracket.
    encoding = "utf-8" if b"{\0" < body[:2] < b"|" else json.detect_encoding(body)
    try:
        return body.decode(encoding)
    except UnicodeDecodeError:
        if len(body) > SLICE_LENGTH and _has_many_halves(body, encoding):
            raise DocumentError(f"the answer holds more than {_MOST_HALVES:,} halves of characters") from None
        # Halves of characters that are written as bytes become escapes, of which JSON makes one character where two
        # belong together; so did some databases write what is beyond 16 bits.
        return body.decode(encoding, "surrogatepass").encode(errors="backslashreplace").decode()


_HALF = re.compile(rb"\xed[\xa0-\xbf]")
_MOST_HALVES = 20_000
"""Halves of characters in one large answer. Each is decoded in a call of its own, a third of a microsecond, and none of
these calls can be interrupted."""


def _has_many_halves(body: bytes, encoding: str) -> bool:
    """Whether there are too many; in other encodings than UTF-8, which are not searched, there may be."""
    return encoding != "utf-8" or next(islice(_HALF.finditer(body), _MOST_HALVES, None), None) is not None


def _check_not_empty(body: bytes) -> None:
    if not body.strip():
        raise MalformedResponseError("the answer is empty")


def _complaint(error: Exception, body: bytes) -> str:
    if isinstance(error, RecursionError):
        error = too_deep()
    if isinstance(error, DocumentError):
        return str(error)
    if isinstance(error, json.JSONDecodeError):
        return f"the answer is not whole JSON: it breaks at character {error.pos} of {len(error.doc)}"
    return f"the {len(body)} bytes of the answer cannot be read as JSON"


# What is checked beside the grammar: parsers keep the last of two values, and what is nested too deeply can be neither
# pickled nor written. Each key has a colon behind it, so where a text has as many colons as its value has keys, no key
# came twice. Counting is cheap. A text with a colon in a value is read again, pair by pair.

_FEW_LEVELS = _FEW_CONTAINERS = 16
"""A text with no more lists, and a value with no more objects around its rows, cannot be too deep."""

# Values of these types hold nothing, and are decimals where they are numbers.
_FINAL = frozenset({str, type(sent_number("1")), bool, NoneType})
_CONTAINERS = frozenset({dict, list})
_OBJECTS = frozenset({dict})
_INTEGERS = frozenset({int})

# Only one of these stands before a key's colon.
_KEYS_ENDS = tuple(f"{end}:" for end in '" \t\n\r')


def _check_document(value: Any, text: str, start: int, end: int, level: int = 0) -> None:
    """Raise a `DocumentError` where the text of a value has a key with two values, or where the value is too deep.

    The text stands between two places, and inside as many objects and lists as `level` says.
    """
    if type(value) not in _CONTAINERS:
        return
    if (
        _keys_around(value) != text.count(":", start, end)
        or level > _FEW_LEVELS
        or _has_many_lists(text, start, end)
    ):
        check_keys(settle(value, level), text[start:end])


def _keys_around(value: Any) -> int:
    """Return the number of keys in rows and in the objects around them, where there are few such objects; else 0.

    What stands inside a row is not looked at, as this is done with every answer.
    """
    keys, around, containers = 0, [value], _CONTAINERS
    add = around.append
    for each in around:  # it grows on the way
        if type(each) is list:
            if not _OBJECTS.issuperset(map(type, each)):
                return 0
            keys += sum(map(len, each))
        else:
            keys += len(each)
            for member in each.values():
                if type(member) in containers:
                    add(member)
    return keys if len(around) <= _FEW_CONTAINERS else 0


def _has_many_lists(text: str, start: int, end: int) -> bool:
    for _ in range(_FEW_CONTAINERS + 1):
        start = text.find("[", start, end) + 1
        if not start:
            return False
    return True


def settle(value: Any, level: int = 0) -> int:
    """Put a decimal in the place of every integer inside a value, and return the number of its keys.

    Raise a `DocumentError` where it is too deep, and an `ArithmeticError` for an integer that is no amount.
    """
    level += 1
    if level > MAX_DEPTH:
        raise too_deep()
    entries: Iterable[tuple[Any, Any]]
    if type(value) is dict:
        keys, entries = len(value), value.items()
    elif level < MAX_DEPTH and (_are_final_rows(value) or _settle_columns(value)):
        return sum(map(len, value))
    else:
        keys, entries = 0, enumerate(value)
    for place, entry in entries:
        kind = type(entry)
        if kind in _CONTAINERS:
            keys += settle(entry, level)
        elif kind is int:
            value[place] = sent_number(entry)
    return keys


def _are_final_rows(rows: list[Any]) -> bool:
    """Whether nothing has to be done about the rows of a list; looked at all at once, since mostly it is so."""
    try:
        return _FINAL.issuperset(map(type, chain.from_iterable(map(dict.values, rows))))
    except TypeError:  # some are no objects
        return False


def _settle_columns(rows: list[Any]) -> bool:
    """Put decimals in the place of integers, column by column; return whether the rows are alike and hold nothing else.

    A market's snapshot is nearly all integers, and by columns takes two thirds of what it takes one by one.
    """
    if not _OBJECTS.issuperset(map(type, rows)) or len(set(map(len, rows))) > 1:
        return False
    for name in rows[0]:
        try:
            column = list(map(itemgetter(name), rows))
        except KeyError:
            return False
        kinds = set(map(type, column))
        if kinds == _INTEGERS:
            for row, number in zip(rows, map(sent_number, column), strict=True):
                row[name] = number
        elif not kinds <= _FINAL:
            return False
    return True


def check_keys(keys: int, text: str) -> None:
    """Raise a `DocumentError` if a key has two values in one object of a text, whose value has so many keys."""
    # The second count is for texts with a colon inside of a value.
    if keys != text.count(":") and keys != sum(map(text.count, _KEYS_ENDS)):
        _PAIR_DECODER.decode(text)


def _object_of(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        for name, value in pairs:
            refuse_second_value(members, name, value)
    return members


_PAIR_DECODER = json.JSONDecoder(
    parse_float=any_number,
    parse_int=any_number,
    parse_constant=_refuse_constant,
    object_pairs_hook=_object_of,
)
