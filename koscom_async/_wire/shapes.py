"""Blocks that stand in the place of an expected one: read where the spelling is known, and refused where it is not.

An unknown key must not hurt; but rows under an unknown name would read as nothing held.
"""

from collections.abc import Collection
from difflib import SequenceMatcher
from itertools import chain
from typing import Any

from koscom_async._masking import clean
from koscom_async._wire.records.names import WIRE_NAMES
from koscom_async._wire.values import Block, is_absent, read_entries
from koscom_async.errors import MalformedResponseError

KNOWN_AS = {"cachBalInfo": "cashBalInfo"}
"""Misspellings that were seen, and what they stand for: the first is that of the operator's own sample program."""

ALIKE = 0.7
"""From here on two names are one name and a slip, by `SequenceMatcher.ratio`."""
AROUND = ("commonHeader", "commHeader", "accInfo", "resp", "partner", "queryResult", "queryRequest")
_NAME_LENGTH = 40
_FIELDS = frozenset(chain.from_iterable(chain.from_iterable(names.values()) for names in WIRE_NAMES.values()))
_MOST_UNKNOWN = 100
"""So many unknown blocks are compared with the missing ones."""
_MOST_BLOCKS = 1_000
_FEW_FIELDS = 3
"""An entry with so many of the platform's fields is a row."""


def respelled(block: Block) -> Block:
    """Return a block with the known misspellings of its keys put right; the right spelling counts where both came."""
    if KNOWN_AS.keys().isdisjoint(block):
        return block
    put_right = {KNOWN_AS[name]: value for name, value in block.items() if name in KNOWN_AS}
    return put_right | {name: value for name, value in block.items() if not is_absent(value)}


def refuse_misspelt(block: Block, expected: Collection[str], path: str, known: Collection[str] = ()) -> None:
    """Raise if an expected block is absent, and an unknown one is called like it or holds rows of the platform's."""
    missing = [name for name in expected if is_absent(block.get(name))]
    if not missing:
        return
    understood = {*expected, *known, *KNOWN_AS}
    unknown = (
        (name, value)
        for name, value in block.items()
        if name not in understood and isinstance(value, list | dict) and value
    )
    for number, (name, value) in enumerate(unknown):
        if number == _MOST_UNKNOWN:
            raise MalformedResponseError(
                f"{path}: {missing[0]} is missing, beside more than {_MOST_UNKNOWN} blocks that are not known"
            )
        alike = [each for each in missing if _is_slip(name, each)] or (missing if _holds_rows(value) else [])
        if alike:
            raise MalformedResponseError(
                f"{path}: the block {_shown(name)!r} is not known, and {alike[0]} is missing"
            )


def refuse_misspelt_blocks(value: Any, expected: Collection[str], path: str, known: Collection[str]) -> None:
    """Do the same for an object of blocks, or an array of blocks with a key each."""
    blocks: dict[str, Any] = {}
    for entry in read_entries(value):
        if isinstance(entry, dict):
            if len(entry) > _MOST_BLOCKS:
                raise MalformedResponseError(f"{path}: more than {_MOST_BLOCKS} blocks")
            blocks.update({name: each for name, each in entry.items() if not is_absent(each)})
    refuse_misspelt(blocks, expected, path, known)


def _is_slip(name: str, expected: str) -> bool:
    name, expected = name[:_NAME_LENGTH].casefold(), expected.casefold()
    match = SequenceMatcher(None, name, expected)
    return match.quick_ratio() >= ALIKE and match.ratio() >= ALIKE


def _holds_rows(value: Any) -> bool:
    first = next((entry for entry in read_entries(value) if isinstance(entry, dict) and entry), {})
    return len(_FIELDS & first.keys()) >= _FEW_FIELDS


def _shown(name: str) -> str:
    """Return a foreign name for a message: short, and without what a terminal obeys."""
    return clean(name, longest=_NAME_LENGTH)
