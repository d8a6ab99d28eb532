"""Rows and summaries to frozen records: a cattrs converter with the wire's names. Reads every row; `fast` is quicker.

- Scalars follow the rules of `scalars`, absent included; a code becomes an open enum.
- Unknown keys are left alone and stay reachable in `raw`.
- What does not fit is a `MalformedResponseError` that names the field as it stands on the wire.

Lists inside a row are not read here; what else a row does not say itself is given to `read_record`.
"""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar, get_args

from attrs import fields
from cattrs import Converter
from cattrs.errors import AttributeValidationNote, ClassValidationError
from cattrs.gen import make_dict_structure_fn, override

from koscom_async._wire.records.names import NOT_IN_SUMS, WIRE_NAMES, WireNames
from koscom_async._wire.values import (
    Block,
    ScalarError,
    is_absent,
    read_code,
    read_codes,
    read_date,
    read_number,
    read_text,
    read_texts,
    read_time,
)
from koscom_async.errors import MalformedResponseError
from koscom_async.models.account import WON
from koscom_async.models.codes import OpenEnum
from koscom_async.models.currencies import currency_of

Record = TypeVar("Record")

# No JSON key of the platform's begins like these.
_RAW = ":raw"
_RATE = "earningRate"
"""A rate of return, which some send with a percent sign."""
_GIVEN = ":given "


def names_of(kind: type) -> WireNames:
    """Return the wire's names for the attributes of a record."""
    return WIRE_NAMES[kind.__name__]


def code_of(kind: Any) -> type[OpenEnum] | None:
    """Return the open enum of a field that holds a code or `None`; `None` for fields of other types."""
    first = next(iter(get_args(kind)), None)
    return first if isinstance(first, type) and issubclass(first, OpenEnum) else None


Unread = dict[str, int]
"""How many rows had a field that no sum uses and that could not be read, by its name on the wire."""


def unread_notes(unread: Unread) -> list[str]:
    """Return a note for each such field."""
    return [
        f"{name} could not be read in {count} {'row' if count == 1 else 'rows'}, and is left out"
        for name, count in sorted(unread.items())
    ]


def read_record(
    kind: type[Record], block: Block, path: str, unread: Unread | None = None, **given: object
) -> Record:
    """Return a block as a record, or raise naming the field that does not fit; `given` is what it does not say.

    A field that no sum uses and that does not fit is absent and counted in `unread`, where there is one to count in.
    """
    known: dict[str, Any] = {**block, _RAW: block, **{_GIVEN + name: value for name, value in given.items()}}
    for first, *variants in names_of(kind).values():
        for variant in variants:
            if variant in block:
                known[first] = _either(block.get(first), block[variant], f"{path}.{variant}")
    rate = known.get(_RATE)
    if isinstance(rate, str) and "return_rate" in names_of(kind):
        known[_RATE] = rate.strip().removesuffix("%")
    structure = _structure_function(kind)
    try:
        record: Record = structure(known, kind)
    except ClassValidationError as group:
        failed = [(_attribute(error), error) for error in group.exceptions]
        if unread is None or not NOT_IN_SUMS.issuperset(attribute for attribute, _ in failed):
            complaints = [_complaint(kind, block, attribute, error, path) for attribute, error in failed]
            raise MalformedResponseError("; ".join(complaints)) from None
        names = [names_of(kind)[attribute][0] for attribute, _ in failed]
    else:
        return record
    for name in names:
        unread[name] = unread.get(name, 0) + 1
    return structure(known | dict.fromkeys(names), kind)  # type: ignore[no-any-return]  # of that kind


# Both are made when the first row needs them: most programs meet few kinds of rows that `fast` cannot read.
@cache
def _converter() -> Converter:
    converter = Converter()
    converter.register_structure_hook(Decimal | None, lambda value, _: read_number(value))
    converter.register_structure_hook(date | None, lambda value, _: read_date(value))
    converter.register_structure_hook(datetime | None, lambda value, _: read_time(value))
    converter.register_structure_hook(str | None, lambda value, _: read_text(value))
    converter.register_structure_hook(str, lambda value, _: currency_of(read_text(value) or WON))
    converter.register_structure_hook_func(
        lambda kind: kind == tuple[str, ...], lambda value, _: read_texts(value)
    )
    converter.register_structure_hook_func(lambda kind: code_of(kind) is not None, _read_code)
    return converter


def _make_structure_function(kind: type) -> Callable[[Any, Any], Any]:
    names = names_of(kind)
    overrides = {
        each.name: override(rename=_GIVEN + each.name, struct_hook=_as_it_is) for each in fields(kind)
    }
    hooks = {each.name: _code_hook(each) for each in fields(kind) if is_code(each)}
    overrides |= {
        attribute: override(rename=spellings[0], struct_hook=hooks.get(attribute))
        for attribute, spellings in names.items()
    }
    if "raw" in overrides:
        overrides["raw"] = override(rename=_RAW, struct_hook=_as_it_is)
    return make_dict_structure_fn(kind, _converter(), **overrides)  # type: ignore[arg-type]  # by name, as its keywords


_structure_function: Callable[[type], Callable[[Any, Any], Any]] = cache(_make_structure_function)


def is_code(attribute: Any) -> bool:
    """Whether an attribute holds an instrument's code, or a tuple of them."""
    return bool(attribute.metadata.get("is_code"))


def _code_hook(attribute: Any) -> Callable[[object, object], object]:
    read = read_codes if attribute.type == tuple[str, ...] else read_code
    return lambda value, _: read(value)


def _as_it_is(value: object, _: object) -> object:
    return value


def _read_code(value: object, kind: Any) -> OpenEnum | None:
    text, code = read_text(value), code_of(kind)
    return None if text is None or code is None else code(text)


def _either(first: object, second: object, path: str) -> object:
    if is_absent(first):
        return second
    try:
        if is_absent(second) or read_number(first) == read_number(second):
            return first
    except ScalarError as error:
        raise MalformedResponseError(f"{path} or its other spelling: {error}") from None
    raise MalformedResponseError(f"{path}: two spellings of one field with two values")


def _attribute(error: Exception) -> str:
    """Return the attribute at which a record failed."""
    notes = [note for note in getattr(error, "__notes__", ()) if isinstance(note, AttributeValidationNote)]
    return notes[0].name if notes else ""


def _complaint(kind: type, block: Block, attribute: str, error: Exception, path: str) -> str:
    spellings = names_of(kind).get(attribute, ("?",))
    name = next((each for each in spellings if not is_absent(block.get(each))), spellings[0])
    return f"{path}.{name}: {error}"
