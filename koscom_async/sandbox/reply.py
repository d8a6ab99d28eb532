"""What goes back over the wire: a status, a body and headers; and the refusals, in the platform's own shapes.

Statuses and messages come from the error table, so that nothing here has to be kept in step with it.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

from attrs import evolve, field, frozen

from koscom_async.error_codes import BROKER_CATEGORY, ErrorCode, Kind, find_error_code

# How numbers are spelled, and a JSON writer that leaves a spelling alone.
#
# `json.dumps` writes each float its own way; brokers write `157.0`, `3.69827563509E11` or `"6.98E+7"`, and a
# client must read all of them, so a dialect says which it wants.


# Java prints a double in scientific notation from here on, and below a thousandth.
_JAVA_LARGE = Decimal("1E7")
_JAVA_SMALL = Decimal("1E-3")


@frozen
class Literal:
    """A piece of JSON that is written as it stands."""

    text: str


Spelling = Callable[[Decimal], Literal | str]


def java_double(number: Decimal) -> Literal:
    """Spell as Java's `Double.toString`: `157.0`, `9.816358E7`."""
    if number == 0 or _JAVA_SMALL <= abs(number) < _JAVA_LARGE:
        return Literal(_with_fraction(number))
    exponent = number.adjusted()
    return Literal(f"{_with_fraction(number.scaleb(-exponent))}E{exponent}")


def _with_fraction(number: Decimal) -> str:
    text = format(number.normalize(), "f")
    return text if "." in text else f"{text}.0"


def plain(number: Decimal) -> Literal:
    """Spell without an exponent, and without a fraction where there is none."""
    return Literal(format(number, "f"))


def scientific_text(number: Decimal) -> str:
    """Spell as a string, with an exponent wherever the number ends in zeros: `"6.98E+7"`."""
    return str(number.normalize())


def json_text(value: Any) -> str:
    """Return a value as JSON; `Literal`s as they stand."""
    match value:
        case Literal():
            return value.text
        case str():
            return encode_basestring(value)
        case dict():
            return "{" + ",".join(f"{encode_basestring(k)}:{json_text(v)}" for k, v in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(map(json_text, value)) + "]"
        case None | bool() | int():
            return json.dumps(value)
    raise TypeError(f"cannot spell a {type(value).__name__}; use a Literal")


JSON_MEDIA_TYPE = "application/json; charset=utf-8"


@frozen(kw_only=True)
class Reply:
    """One HTTP answer; the body may hold personal data, so it is not shown.

    `steps`, where there are any, say how it comes over the wire otherwise than HTTP wants: see `delivery`. With
    `needs_new_connection`, a connection that has carried an answer before is reset in its place.
    """

    status: int = 200
    body: bytes = field(default=b"", repr=False)
    media_type: str = JSON_MEDIA_TYPE
    headers: Mapping[str, str] = field(factory=dict)
    steps: Callable[["Reply"], Iterator[Any]] | None = field(default=None, repr=False)
    needs_new_connection: bool = False

    def with_headers(self, headers: Mapping[str, str]) -> "Reply":
        """Return the same answer with more headers; its own win."""
        return evolve(self, headers={**headers, **self.headers}) if headers else self


class Refused(Exception):
    """Raised by a check; the application sends the reply."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def json_reply(document: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Return a document as an answer."""
    return Reply(status=status, body=json_text(document).encode(), headers=headers or {})


def find_refusal_code(code: str) -> ErrorCode | None:
    """Return the error table's line of a code that can be an answer over HTTP."""
    row = find_error_code(code)
    return None if row is None or row.status is None or row.kind is Kind.SUCCESS else row


def code_reply(code: str, *, broker: str | None = None, description: str = "", suffix: str = "") -> Reply:
    """Return a platform error code as the platform answers it: a business error comes with HTTP 500.

    `suffix` follows the table's message, where the manual says that it carries a number.
    """
    row = find_refusal_code(code)
    if row is None or row.status is None:
        raise ValueError(f"not a code that is answered over HTTP: {code!r}")
    document: dict[str, object] = {
        "category": (broker or row.category) if row.category == BROKER_CATEGORY else row.category,
        "code": int(row.code),
        "message": row.message + suffix,
    }
    if description:
        document["description"] = description
    return json_reply(document, status=row.status)


def refused(code: str, *, broker: str | None = None, description: str = "", suffix: str = "") -> Refused:
    """Refuse with a platform error code."""
    return Refused(code_reply(code, broker=broker, description=description, suffix=suffix))


def refused_by_gateway(status: int, message: str, headers: Mapping[str, str] | None = None) -> Refused:
    """Refuse as the gateway itself does: `{"message": …}`."""
    return Refused(json_reply({"message": message}, status=status, headers=headers))


def refused_token(error: str, description: str, *, status: int = 401) -> Refused:
    """Refuse as the OAuth guard does."""
    return Refused(json_reply({"error": error, "error_description": description}, status=status))
