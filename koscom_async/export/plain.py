"""Any record as dicts, lists, text and numbers that JSON can hold, with nothing rounded and no secret shown.

- a decimal becomes text without an exponent (`"369827563509"`);
- a date or a time becomes ISO 8601 text, an open enum its code;
- a field marked `masked` shows its first and last four characters, one marked `omitted` nothing;
- what a record names in `plain_properties` is shown beside its fields;
- an error becomes its kind and its facts.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

import attrs

from koscom_async._masking import masked_number
from koscom_async.errors import KoscomError

_ERROR_FACTS = (
    "code",
    "category",
    "broker",
    "endpoint",
    "account",
    "retriable",
    "attempts",
    "message",
    "advice",
)


def plain(value: object) -> Any:  # noqa: PLR0911  # one return a rule
    """Return a value as JSON-ready data."""
    match value:
        case Decimal():
            return f"{value:f}"
        case Enum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case date():
            return value.isoformat()
        case KoscomError():
            return {"type": type(value).__name__} | {fact: getattr(value, fact) for fact in _ERROR_FACTS}
        case Mapping():
            return {str(key): plain(each) for key, each in value.items()}
        case tuple() | list():
            return [plain(each) for each in value]
        case _ if attrs.has(type(value)):
            return _record(value)
    raise TypeError(f"{type(value).__name__} has no plain form")


def _record(record: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for attribute in attrs.fields(type(record)):
        name, marks = attribute.name, attribute.metadata
        if marks.get("omitted"):
            continue
        value = getattr(record, name)
        if marks.get("masked") and value is not None:
            value = masked_number(value)
        if "plain" in marks:
            fields[name] = {part: plain(getattr(value, part)) for part in marks["plain"]}
        else:
            fields[name] = plain(value)
    for name in getattr(record, "plain_properties", ()):
        fields[name] = plain(getattr(record, name))
    return fields
