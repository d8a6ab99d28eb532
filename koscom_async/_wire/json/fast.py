"""The same values as `core` reads, read by msgspec: part of the extra `fast`.

Decides nothing: `core` reads what msgspec refuses (half characters, other encodings, numbers that no amount can be) and
what the checks refuse, and says what is wrong with a body.
"""

from contextlib import suppress

import msgspec

from koscom_async._cooperative import SLICE_LENGTH, Cooperative
from koscom_async._wire.json import core
from koscom_async._wire.json.walk import Walk
from koscom_async._wire.values import sent_number

_DECODER = msgspec.json.Decoder(float_hook=sent_number)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def write_json(document: object) -> bytes:
    """Return the bytes of a document that JSON can hold."""
    with suppress(Exception):
        return _ENCODER.encode(document)
    return core.write_json(document)


def read_json(body: bytes) -> object:
    """Return the document in a response body, as `core.read_json` does."""
    # `core` reads again whatever msgspec refuses.
    with suppress(Exception):
        return _decoded(body, body.decode("latin-1"))
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


def _scan(text: str, at: int, level: int) -> tuple[object, int]:
    _, end = core.scan(text, at, level)
    piece = text[at:end]
    return _decoded(piece.encode("latin-1"), piece, level), end


def _read_list(text: str, level: int) -> list[object]:
    values = _decoded(text.encode("latin-1"), text, level)
    if not isinstance(values, list):
        raise TypeError
    return values


def _decoded(body: bytes, text: str, level: int = 0) -> object:
    """Return the value of a body; `text` has a character for each byte of it."""
    value = _DECODER.decode(body)
    if isinstance(value, dict | list):
        core.check_keys(core.settle(value, level), text)
    # msgspec gives whole numbers as integers.
    return sent_number(value) if type(value) is int else value
