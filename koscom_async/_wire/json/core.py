"""JSON to values and back, with every number exact: read from its digits by the standard library, never as a float.

A body that is not a JSON document is a `MalformedResponseError`. What a document means is the readers' work.
"""

import json
from decimal import Decimal
from secrets import token_hex
from typing import NoReturn

from koscom_async._cooperative import SLICE_LENGTH, Cooperative
from koscom_async._wire.json.walk import Walk
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


def read_list(text: str) -> list[object]:
    """Return the values of a text that is a list and nothing else; raise a `ValueError` if it is not."""
    values, end = scan(text, 0)
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


def scan(text: str, at: int) -> tuple[object, int]:
    """Return the value that begins at a place, and where it ends."""
    try:
        return _DECODER.raw_decode(text, at)
    except ArithmeticError:
        return _LENIENT_DECODER.raw_decode(text, at)


def _decoded(text: str) -> object:
    try:
        return _DECODER.decode(text)
    except ArithmeticError:
        return _LENIENT_DECODER.decode(text)


def _text(body: bytes) -> str:
    # As `json.loads` does it.
    return body.decode(json.detect_encoding(body), "surrogatepass")


def _check_not_empty(body: bytes) -> None:
    if not body.strip():
        raise MalformedResponseError("the answer is empty")


def _complaint(error: Exception, body: bytes) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"the answer is not whole JSON: it breaks at character {error.pos} of {len(error.doc)}"
    return f"the {len(body)} bytes of the answer cannot be read as JSON"
