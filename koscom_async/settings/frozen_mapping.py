"""A mapping that nobody can change, and that can be hashed, copied and pickled like the records it stands in.

`MappingProxyType` can do none of the three, so settings that hold one could not be handed to another process.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

Key = TypeVar("Key")
Value_co = TypeVar("Value_co", covariant=True)


class FrozenMapping(Mapping[Key, Value_co]):
    """Its own copy of another mapping."""

    __slots__ = ("_entries",)

    def __init__(self, entries: Mapping[Key, Value_co]) -> None:
        self._entries = dict(entries)

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
