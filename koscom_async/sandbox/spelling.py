"""How numbers are spelled, and a JSON writer that leaves a spelling alone.

`json.dumps` writes each float its own way; brokers write `157.0`, `3.69827563509E11` or `"6.98E+7"`, and a
client must read all of them, so a dialect says which it wants.
"""

from collections.abc import Callable
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

from attrs import frozen

__all__ = ["Literal", "Spelling", "java_double", "json_text", "plain", "scientific_text"]

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


def json_text(value: Any) -> str:  # noqa: PLR0911  # a table by type
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
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
    raise TypeError(f"cannot spell a {type(value).__name__}; use a Literal")
