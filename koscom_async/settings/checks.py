"""Checks and conversions of settings; each error names the setting. Also the frozen mapping that settings hold."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isfinite
from typing import Any, TypeVar

from attrs import Attribute

from koscom_async.errors import SettingsError

Key = TypeVar("Key")
Value_co = TypeVar("Value_co", covariant=True)


def finite_number(instance: object, attribute: "Attribute[Any]", value: object) -> float:
    """Return a number that is finite, or raise."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
            return value
    except OverflowError:  # a whole number that no float holds
        pass
    raise _wrong(instance, attribute, "must be a finite number", value)


def boolean(instance: object, attribute: "Attribute[Any]", value: object) -> None:
    """Check that a value is True or False."""
    if not isinstance(value, bool):
        raise _wrong(instance, attribute, "must be True or False", value)


def positive(instance: object, attribute: "Attribute[Any]", value: object) -> None:
    """Check that a number is above 0."""
    if finite_number(instance, attribute, value) <= 0:
        raise _wrong(instance, attribute, "must be above 0", value)


def not_negative(instance: object, attribute: "Attribute[Any]", value: object) -> None:
    """Check that a number is not below 0."""
    if finite_number(instance, attribute, value) < 0:
        raise _wrong(instance, attribute, "must not be below 0", value)


def share(instance: object, attribute: "Attribute[Any]", value: object) -> None:
    """Check that a number is a share, from 0 to below 1."""
    if not 0 <= finite_number(instance, attribute, value) < 1:
        raise _wrong(instance, attribute, "must be at least 0 and below 1", value)


def positive_integer(instance: object, attribute: "Attribute[Any]", value: object) -> None:
    """Check that a number is whole, and at least 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _wrong(instance, attribute, "must be a whole number of at least 1", value)


def _wrong(instance: object, attribute: "Attribute[Any]", rule: str, value: object) -> SettingsError:
    return SettingsError(
        f"{type(instance).__name__}.{attribute.name} {rule}, got {value!r}", setting=attribute.name
    )


# Kept as text and compiled on first use, to keep imports cheap.
_BROKER_NAME = r"[a-z][a-z0-9_-]*"


def broker_name(instance: object, attribute: "Attribute[Any]", value: object) -> None:
    """Check that a text is a broker's short name."""
    if not isinstance(value, str) or not re.fullmatch(_BROKER_NAME, value):
        raise _wrong(instance, attribute, "must have brokers' short names", value)


def as_names(value: object) -> object:
    """Return names as a tuple; in one text, as in the environment, they are separated by commas."""
    if isinstance(value, str):
        return tuple(name.strip() for name in value.split(",") if name.strip())
    return tuple(value) if isinstance(value, Iterable) else (value,)


def record_of(kind: type) -> Any:
    """Check that a nested record is one."""

    def check(instance: object, attribute: "Attribute[Any]", value: object) -> None:
        if not isinstance(value, kind):
            raise _wrong(instance, attribute, f"must be a {kind.__name__}", value)

    return check


def records_by_broker(kind: type) -> Any:
    """Check a mapping of broker short names to nested records."""

    def check(instance: object, attribute: "Attribute[Any]", value: Mapping[object, object]) -> None:
        for name, record in value.items():
            if not isinstance(name, str) or not re.fullmatch(_BROKER_NAME, name):
                raise _wrong(instance, attribute, "must have brokers' short names as keys", name)
            if not isinstance(record, kind):
                raise _wrong(instance, attribute, f"must have a {kind.__name__} for {name}", record)

    return check


class FrozenMapping(Mapping[Key, Value_co]):
    """A copy of a mapping that cannot be changed; unlike `MappingProxyType` it is hashed, copied and pickled."""

    __slots__ = ("_entries", "get")

    def __init__(self, entries: Mapping[Key, Value_co]) -> None:
        self._entries = dict(entries)
        # The dict's own, since each call asks for its broker: Mapping's raises and catches where there is none.
        self.get = self._entries.get  # type: ignore[method-assign]

    def __getitem__(self, key: Key) -> Value_co:
        return self._entries[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __hash__(self) -> int:
        return hash(frozenset(self._entries.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self._entries,))

    def __repr__(self) -> str:
        return repr(self._entries)


def as_frozen_mapping(value: object) -> object:
    """Return a frozen copy of a mapping; of any other value, a mapping that every check refuses."""
    return FrozenMapping(value if isinstance(value, Mapping) else {"": value})


def not_set(variables: Sequence[str]) -> str:
    """Return which environment variables are not set."""
    return f"{', '.join(variables)} {'is' if len(variables) == 1 else 'are'} not set"


def required(variable: str, what: str) -> Any:
    """Check that a text is there, and can travel in a header; `variable` is where the environment has it."""

    def check(_: object, attribute: "Attribute[Any]", value: object) -> None:
        name = attribute.name
        if not isinstance(value, str) or not value.strip():
            raise SettingsError(
                f"{name} ({what}) is missing or empty: pass {name}= or set {variable}", setting=name
            )
        if not value.isascii() or not value.isprintable() or " " in value:
            raise SettingsError(f"{name} ({what}) must be printable ASCII without spaces", setting=name)

    return check
