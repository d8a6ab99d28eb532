"""Holds the rows that came against the number that the broker announced: too few lose money, too many double it.

Owns the comparison, and no question: what becomes of an answer that contradicts itself is the caller's.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from koscom_async.errors import PagingError, ResponseError, TruncatedResponseError


class CountedPage(Protocol):
    """What counting has to know of a page."""

    @property
    def rows(self) -> tuple[object, ...]:
        """The rows on this page."""

    @property
    def total(self) -> int | None:
        """The rows of the whole query, as this page announces them; `None` where it does not."""


def find_contradiction(
    what: str, pages: Sequence[CountedPage], *, trust_totals: bool, note: Callable[[str], None]
) -> ResponseError | None:
    """Return why the pages cannot be the whole answer, each row once; what is only odd is noted.

    `what` is what the rows are called: an asset class, mostly.
    """
    received = sum(len(page.rows) for page in pages)
    announced = _announced(pages, received)
    if announced is None:
        _note_missing_total(what, pages, received, note)
    elif received != announced:
        wrong = _miscounted(what, received, announced)
        if trust_totals:
            return wrong
        note(f"{wrong.message}, which the settings allow")
        announced = None
    return _repeated(what, pages, are_counted=announced is not None)


def _announced(pages: Sequence[CountedPage], received: int) -> int | None:
    totals = [page.total for page in pages if page.total is not None]
    # Seen: a total of 0 beside rows. It announces nothing.
    return None if not totals or (received and not any(totals)) else max(totals)


def _note_missing_total(
    what: str, pages: Sequence[CountedPage], received: int, note: Callable[[str], None]
) -> None:
    if any(page.total == 0 for page in pages):
        note(f"{what}: {received} rows came beside a total of 0, which announces nothing")
    else:
        note(f"{what}: the broker announced no number of rows to hold them against")


def _miscounted(what: str, received: int, announced: int) -> ResponseError:
    if received < announced:
        return TruncatedResponseError(f"{what}: {received} of {announced} rows came")
    return PagingError(f"{what}: {received} rows came where {announced} were announced")


def _repeated(what: str, pages: Sequence[CountedPage], *, are_counted: bool) -> PagingError | None:
    """Find a page that came twice.

    Where the count is right, a single row that stands there twice is taken for two lots that are alike: of bonds
    that were bought twice, say. Two whole pages that are alike are a page too many and a page too few.
    """
    seen: list[tuple[object, ...]] = []
    for page in pages:
        if page.rows in seen and not (are_counted and len(page.rows) == 1):
            return PagingError(f"{what}: two pages have the very same rows")
        if page.rows:
            seen.append(page.rows)
    return None
