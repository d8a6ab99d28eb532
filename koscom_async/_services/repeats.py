"""Rows that came on two pages: where an account changes while it is read, one row comes twice and its neighbour never.

Only queries of several pages are looked at. How many rows there should be is not known here.
"""

from collections.abc import Callable, Hashable, Sequence
from functools import cache
from operator import attrgetter
from typing import Any

from attrs import fields

from koscom_async._cooperative import SLICE_ROWS, Cooperative, batched
from koscom_async._record import spread
from koscom_async.errors import PagingError
from koscom_async.models.transactions import CASH

MOVING = frozenset({"value", "profit_loss", "return_rate", "rate", "foreign_deposit", "won_deposit"})
"""What changes with the market between two pages, while the row stays the same."""


def find_repeated(
    what: object, pages: Sequence[Sequence[object]], key_of: Callable[[Any], Hashable]
) -> Cooperative[PagingError | None]:
    """Return the error of a page or a row that came twice; `key_of` gives `None` for rows that may be alike.

    Pages are compared by the hashes of their rows, and row by row only where these are equal, so that the work grows
    with the number of rows and no faster.
    """
    known: dict[tuple[int, ...], list[Sequence[object]]] = {}
    before: set[Hashable] = set()
    has_repeated_row = False
    for rows in filter(None, pages):
        hashes: list[int] = []
        keys: set[Hashable] = set()
        for some in batched(rows, count=SLICE_ROWS):
            found = [key_of(row) for row in some]
            hashes += [hash(row if key is None else key) for row, key in zip(some, found, strict=True)]
            keys.update(key for key in found if key is not None)
            yield
        alike = known.setdefault(tuple(hashes), [])
        if any(list(other) == list(rows) for other in alike):
            return PagingError(f"{what}: two pages have the very same rows")
        alike.append(rows)
        has_repeated_row = has_repeated_row or not before.isdisjoint(keys)
        before |= keys
    return PagingError(f"{what}: a row of one page came again on another") if has_repeated_row else None


def key_of_row(row: Any) -> Hashable:
    """Return what makes a row the same one on another page; `None` for a row without a code.

    Two bonds without a code that were bought twice, say, are two rows that are alike. A row with a code is the same
    one if all of it is equal. Of a holding with quantity and cost, the market may have moved the value meanwhile.
    """
    code = getattr(row, "code", None)
    if code is None or code == CASH:
        return None
    if getattr(row, "quantity", None) and getattr(row, "cost", None):
        kind: Any = type(row)
        return (kind, spread(_lasting(kind)(row)))
    key: Hashable = row
    return key


@cache
def _lasting(kind: Any) -> Callable[[object], Hashable]:
    return attrgetter(*(each.name for each in fields(kind) if each.eq and each.name not in MOVING))
