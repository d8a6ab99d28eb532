"""The same values as `core` reads, read by msgspec: part of the extra `fast`.

Decides nothing: `core` reads what msgspec refuses (half characters, other encodings, numbers that no amount can be),
and says what is wrong with a body.
"""

from contextlib import suppress
from itertools import chain
from types import NoneType
from typing import Any

import msgspec

from koscom_async._cooperative import SLICE_LENGTH, Cooperative
from koscom_async._wire.json import core
from koscom_async._wire.json.walk import Walk
from koscom_async._wire.values import sent_number

_DECODER = msgspec.json.Decoder(float_hook=sent_number)
_ENCODER = msgspec.json.Encoder(decimal_format="number")

# Values of these types are final. Others are changed or looked into: msgspec gives whole numbers as integers.
_FINAL = frozenset({str, type(sent_number("1")), bool, NoneType})


def write_json(document: object) -> bytes:
    """Return the bytes of a document that JSON can hold."""
    with suppress(Exception):
        return _ENCODER.encode(document)
    return core.write_json(document)


def read_json(body: bytes) -> object:
    """Return the document in a response body, as `core.read_json` does."""
    # `core` reads again whatever msgspec refuses.
    with suppress(Exception):
        return _settled(_DECODER.decode(body))
    return core.read_json(body)


def json_steps(body: bytes, *, slice_length: int = SLICE_LENGTH) -> Cooperative[object]:
    """Do what `read_json` does, and stop between slices of a large document."""
    with suppress(Exception):
        # A byte a character: brackets and quotes are found without decoding what stands between them.
        walk = Walk(body.decode("latin-1"), scan=_scan, read_list=_read_list, slice_length=slice_length)
        document = yield from walk.steps()
        return document
    document = yield from core.json_steps(body, slice_length=slice_length)
    return document


def _scan(text: str, at: int) -> tuple[object, int]:
    _, end = core.scan(text, at)
    return _decoded(text[at:end]), end


def _read_list(text: str) -> list[object]:
    values = _decoded(text)
    if not isinstance(values, list):
        raise TypeError
    return values


def _decoded(text: str) -> object:
    return _settled(_DECODER.decode(text.encode("latin-1")))


def _settled(value: object) -> object:
    """Return a value in which every whole number is a decimal; raise an `ArithmeticError` for one that is no amount."""
    if type(value) is int:
        return sent_number(value)
    if type(value) is dict:
        for name, member in value.items():
            if type(member) not in _FINAL:
                value[name] = _settled(member)
    elif type(value) is list and not _are_final_rows(value):
        for place, entry in enumerate(value):
            value[place] = _settled(entry)
    return value


def _are_final_rows(rows: list[Any]) -> bool:
    """Whether nothing has to be done about the rows of a list; looked at all at once, since mostly it is so."""
    try:
        return _FINAL.issuperset(map(type, chain.from_iterable(map(dict.values, rows))))
    except TypeError:  # some are no objects
        return False
