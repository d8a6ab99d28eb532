"""How records compare and show themselves, read from their attrs fields.

attrs can write these methods for each class, and compiles them when the class is made: with a hundred records, a fifth
of what the first client of a process costs. The constructor of a record is what attrs writes.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from operator import attrgetter
from typing import Any, ClassVar

from attrs import fields

from koscom_async._decimals import EXACT
from koscom_async._lazy import rows


def spread(value: Any) -> Any:
    """Return a value, or a tuple of values, with texts for decimals, to be hashed; equal ones stay equal.

    A number's hash is its remainder, so that a broker can send a hundred thousand numbers with one hash. A text's hash
    is salted anew in each process.
    """
    if value.__class__ is tuple:
        return tuple(map(spread, value))
    if value.__class__ is not Decimal:
        return value
    return str(EXACT.normalize(value)) if value else "0"


class Record:
    """The base of the frozen records: equal where the compared fields of one class are, and hashed by them."""

    __slots__ = ()

    _compared: ClassVar[Any]  # an attrgetter of the compared fields
    _shown: ClassVar[tuple[tuple[str, Callable[[Any], str]], ...]]

    @classmethod
    def __attrs_init_subclass__(cls) -> None:
        declared = fields(cls)  # type: ignore[arg-type]  # each record is an attrs class
        cls._compared = attrgetter(*(each.name for each in declared if each.eq))
        cls._shown = tuple(
            (each.name, each.repr if callable(each.repr) else repr) for each in declared if each.repr
        )

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return bool(self._compared(self) == self._compared(other))

    def __hash__(self) -> int:
        return hash(spread(self._compared(self)))

    def __repr__(self) -> str:
        shown = (f"{name}={show(getattr(self, name))}" for name, show in self._shown)
        return f"{self.__class__.__qualname__.rpartition('>.')[2]}({', '.join(shown)})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Return how pydantic takes a record, and FastAPI with it: as it is, and written as `to_dicts()` writes it."""
        from pydantic_core import core_schema

        writing = core_schema.plain_serializer_function_ser_schema(
            rows.dicts_of, return_schema=core_schema.dict_schema()
        )
        return core_schema.is_instance_schema(cls, serialization=writing)

    def __rich_repr__(self) -> Iterator[tuple[str | None, object]]:
        """Yield what rich shows, also of records whose own `repr` is a line: each field, masked as in a `repr`."""
        for name, show in self._shown:
            value = getattr(self, name)
            yield name, value if show is repr else _Verbatim(show(value))


class _Verbatim(str):
    """A text whose `repr` is itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 call`, `5 calls`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def amount(value: Decimal | None, unit: str) -> str:
    """Return an amount for the line that a `repr` is."""
    return "unknown" if value is None else f"{value:,f} {unit}"
