"""Reading a query to its last page, and noticing when there is none."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from koscom_async._transport.call_log import CallLog
from koscom_async.errors import PagingError, RequestRejectedError

INVALID_PAGE = "6003"


class Page(Protocol):
    """What paging has to know of an answer."""

    @property
    def rows(self) -> tuple[object, ...]:
        """The rows on this page."""

    @property
    def next_page(self) -> str | None:
        """The key of the next page, or `None` at the end."""


AnyPage = TypeVar("AnyPage", bound=Page)
Ask = Callable[[str | None], Awaitable[AnyPage]]


async def read_pages(ask: Ask[AnyPage], *, limit: int, log: CallLog) -> list[AnyPage]:
    """Return every page of a query; a page key that the broker forgot restarts the query once."""
    try:
        return await _read_once(ask, limit=limit, log=log)
    except RequestRejectedError as error:
        if error.code != INVALID_PAGE:
            raise
        log.note("the broker forgot a page key (6003); the query was started again")
        return await _read_once(ask, limit=limit, log=log)


async def _read_once(ask: Ask[AnyPage], *, limit: int, log: CallLog) -> list[AnyPage]:
    pages: list[AnyPage] = []
    seen: set[str] = set()
    key: str | None = None
    while True:
        page = await ask(key)
        pages.append(page)
        log.pages += 1
        key = page.next_page
        if key is None:
            return pages
        if key in seen:
            raise PagingError("a page key came back a second time")
        if not page.rows:
            raise PagingError("an empty page announces another one")
        if len(pages) >= limit:
            raise PagingError(f"more than {limit} pages")
        seen.add(key)
