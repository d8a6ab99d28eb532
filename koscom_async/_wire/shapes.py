"""The varying shapes of an answer brought to one: objects, lists, blocks; absent in each spelling.

Knows that blocks may be missing or come in several forms, not what is in them.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from koscom_async._wire.scalars import ScalarError, is_absent
from koscom_async.errors import MalformedResponseError

Block = Mapping[str, Any]


def read_object(value: object, path: str) -> Block:
    """Return a block, empty where it is absent."""
    if is_absent(value):
        return {}
    if not isinstance(value, dict):
        raise MalformedResponseError(f"{path}: expected an object, got a {type(value).__name__}")
    return value


def read_entries(value: object) -> list[Any]:
    """Return what stands in the place of rows, as a list: a single object stands for one."""
    if is_absent(value):
        return []
    return value if isinstance(value, list) else [value]


def read_rows(value: object, path: str) -> Iterator[tuple[str, Block]]:
    """Yield each row with its path; a single object stands for one row, an empty one for none."""
    for index, entry in enumerate(read_entries(value)):
        row = read_object(entry, f"{path}[{index}]")
        if row:
            yield f"{path}[{index}]", row


def read_blocks(value: object, path: str, *, objects: Collection[str], lists: Collection[str]) -> Block:
    """Return an object of blocks, whether it came as one or as an array of blocks with a key each.

    A list may be split over several blocks; an object that comes twice is ambiguous, and refused. Other keys
    are left out: one that stands in every block must not hurt.
    """
    if not isinstance(value, list):
        return read_object(value, path)
    merged: dict[str, Any] = {}
    for where, block in read_rows(value, path):
        for name in lists:
            content = block.get(name)
            if not is_absent(content):
                merged.setdefault(name, []).extend(content if isinstance(content, list) else [content])
        for name in objects:
            content = block.get(name)
            if is_absent(content):
                continue
            if name in merged:
                raise MalformedResponseError(f"{where}.{name}: the same block came twice")
            merged[name] = content
    return merged


def read_field(block: Block, name: str, reader: Any, path: str) -> Any:
    """Read one field by a rule of `scalars`, naming the field if it breaks."""
    try:
        return reader(block.get(name))
    except ScalarError as error:
        raise MalformedResponseError(f"{path}.{name}: {error}") from None
