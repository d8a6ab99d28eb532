"""Records to versioned JSON and back: decimals keep every digit, raw rows every value.

- the document says what it is and which version; another kind or a newer version is refused;
- decimals and times are text; a code is its text; an error is its class's name and its facts;
- in raw rows a number is `{"$decimal": "…"}`, since JSON readers round numbers; a key with `$` has one more.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from cattrs import Converter
from cattrs.errors import BaseValidationError
from cattrs.gen import make_dict_unstructure_fn, override
from cattrs.v import transform_error

from koscom_async._decimals import read_amount
from koscom_async.errors import KoscomError, error_of, facts_of, public_kind
from koscom_async.export.texts import escaped_halves
from koscom_async.models.member import VirtualAccount
from koscom_async.models.positions import Instrument, Lot

Record = TypeVar("Record")

VERSION = 2
"""What is written. Version 1 has no doubts, and keys of raw rows that begin with `$` as they are."""
_READ = (1, 2)

MARK = "$"
DECIMAL = "$decimal"
DATETIME = "$datetime"
ODD_NUMBER = "Infinity"
"""Stands in raw rows for a number that no amount can be."""


def dump_document(record: object, kind: str) -> str:
    """Return a record as a JSON document of that kind."""
    content = _converter(VERSION).unstructure(record)
    text = json.dumps({"kind": kind, "version": VERSION, "content": content}, ensure_ascii=False)
    return escaped_halves(text)


def load_document(text: str, record: type[Record], kind: str) -> Record:
    """Return the record in a JSON document of that kind, or raise `ValueError`."""
    try:
        document = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        raise ValueError(f"this is not JSON, and so no {kind} document") from None
    if not isinstance(document, dict) or document.get("kind") != kind:
        raise ValueError(f"this is no {kind} document")
    version = document.get("version")
    if version not in _READ or isinstance(version, bool):
        raise ValueError(
            f"this {kind} document has version {version!r}; this library reads 1 to {VERSION}: update it"
        )
    try:
        return _converter(version).structure(document.get("content"), record)
    except BaseValidationError as error:
        raise ValueError(f"this {kind} document is damaged: {'; '.join(transform_error(error))}") from None
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError):
        raise ValueError(f"this {kind} document is damaged") from None


@cache
def _converter(version: int) -> Converter:
    converter = Converter(forbid_extra_keys=True)
    mark = MARK if version > 1 else ""
    converter.register_unstructure_hook(Decimal, str)
    converter.register_structure_hook(Decimal, lambda text, _: read_amount(_text(text)))
    converter.register_unstructure_hook(datetime, datetime.isoformat)
    converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(_text(text)))
    converter.register_unstructure_hook(date, date.isoformat)
    converter.register_structure_hook(date, lambda text, _: date.fromisoformat(_text(text)))
    converter.register_unstructure_hook_func(_is_error, _dumped_error)
    converter.register_structure_hook_func(_is_error, lambda facts, _: _loaded_error(facts, mark))
    converter.register_unstructure_hook_func(_is_raw, _dumped_raw)
    converter.register_structure_hook_func(_is_raw, lambda value, _: _loaded_raw(value, mark))
    converter.register_structure_hook_func(
        lambda kind: kind == Sequence[Lot], lambda value, _: converter.structure(value, tuple[Lot, ...])
    )
    numbered = make_dict_unstructure_fn(VirtualAccount, converter, twin=override(omit_if_default=True))
    converter.register_unstructure_hook(VirtualAccount, numbered)
    # Documents of the first version hold the ISIN beside the code, which is enough to know it.
    structure = converter.get_structure_hook(Instrument)
    converter.register_structure_hook(
        Instrument,
        lambda facts, kind: structure({name: each for name, each in facts.items() if name != "isin"}, kind),
    )
    return converter


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("expected text")
    return value


def _is_error(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, KoscomError)


def _is_raw(kind: object) -> bool:
    return kind == Mapping[str, object]


def _dumped_raw(value: object) -> Any:
    match value:
        case Decimal():
            return {DECIMAL: str(value)}
        case datetime():
            return {DATETIME: value.isoformat()}
        case Enum():
            return value.value
        case Mapping():
            # A key of the broker's that begins as the marks do is written with one more.
            return {
                f"{MARK}{key}" if key.startswith(MARK) else key: _dumped_raw(each)
                for key, each in value.items()
            }
        case list() | tuple():
            return [_dumped_raw(each) for each in value]
        case _:
            return value


def _loaded_raw(value: object, mark: str) -> Any:
    match value:
        case {"$decimal": str(digits), **rest} if not rest:
            return Decimal(digits) if digits == ODD_NUMBER else read_amount(digits)
        case {"$datetime": str(moment), **rest} if not rest:
            return datetime.fromisoformat(moment)
        case dict():
            doubled = mark * 2
            return {
                key[len(mark) :] if mark and key.startswith(doubled) else key: _loaded_raw(each, mark)
                for key, each in value.items()
            }
        case list():
            return [_loaded_raw(each, mark) for each in value]
        case _:
            return value


def _dumped_error(error: KoscomError) -> dict[str, Any]:
    return {"type": public_kind(error), "facts": _dumped_raw(facts_of(error))}


def _loaded_error(document: Mapping[str, Any], mark: str) -> KoscomError:
    return error_of(_text(document["type"]), _loaded_raw(document["facts"], mark))
