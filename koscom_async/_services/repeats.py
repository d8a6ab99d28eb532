"""Rows that came on two pages: where an account changes while it is read, one row comes twice and its neighbour never.

Only queries of several pages are looked at. How many rows there should be is not known here.
"""

from collections.abc import Callable, Hashable, Sequence
from functools import cache
from operator import attrgetter
from typing import Any

from attrs import fields

from koscom_async._record import spread
from koscom_async.errors import PagingError
from koscom_async.models.transactions import CASH

MOVING = frozenset({"value", "profit_loss", "return_rate", "rate", "foreign_deposit", "won_deposit"})
"""What changes with the market between two pages, while the row stays the same."""


def find_repeated(
    what: object, pages: Sequence[Sequence[object]], key_of: Callable[[Any], Hashable]
) -> PagingError | None:
    """Return the error of a page or a row that came twice; `key_of` gives `None` for rows that may be alike.

    Each row is hashed once, so that the work grows with the number of rows and no faster.
    """
    filled = [tuple(rows) for rows in pages if rows]
    if len(set(filled)) < len(filled):
        return PagingError(f"{what}: two pages have the very same rows")
    before: set[Hashable] = set()
    for rows in filled:
        keys = {key for row in rows if (key := key_of(row)) is not None}
        if not before.isdisjoint(keys):
            return PagingError(f"{what}: a row of one page came again on another")
        before |= keys
    return None


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
