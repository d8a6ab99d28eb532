"""One account's whole watchlist: with the query block at the brokers that take it, without it at all others.

It does not merge the lists of several accounts.
"""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from enum import Enum, auto
from typing import Any

from attrs import evolve, frozen

from koscom_async import error_codes
from koscom_async._cooperative import Cooperative
from koscom_async._services.lessons import EVERYTHING, NOTHING, Lessons
from koscom_async._services.query import AccountQuery, CountedPage
from koscom_async._wire.account import WatchlistReader, sent_symbols
from koscom_async._wire.endpoints import WATCHLIST, Endpoint
from koscom_async._wire.envelope import Page, Question
from koscom_async._wire.requests import watchlist_request
from koscom_async._wire.values import PageKey
from koscom_async.errors import RequestRejectedError, ResponseError
from koscom_async.models.portfolio import WatchGroup, Watchlist


class QueryBlockSupport:
    """Which accounts take the query block: as refusals, the settings, or the registry say."""

    def __init__(self) -> None:
        self.lessons = Lessons(error_codes.INVALID_QUERY)

    def at(self, query: AccountQuery[Any, Any]) -> bool:
        """Whether the query's account takes it."""
        if self.lessons.allowed(query.broker, query.key) == NOTHING:
            return False
        override = query.overrides.supports_interest_query
        return query.account.broker.supports_interest_query if override is None else override

    def record_refusal(self, query: AccountQuery[Any, Any]) -> None:
        """Remember that the query block was refused."""
        self.lessons.record_refusal(query.broker, query.key, NOTHING)

    def record_success(self, query: AccountQuery[Any, Any]) -> None:
        """Remember that the broker took it."""
        self.lessons.record_answer(query.broker, EVERYTHING)


class Variant(Enum):
    """Whether a request has the query block, by which a broker pages."""

    WITH_QUERY = auto()
    PLAIN = auto()


@frozen(kw_only=True, eq=False, repr=False)
class WatchlistQuery(AccountQuery[Variant, Page[WatchGroup]]):
    """The query for one account's watchlist, in the form that the broker takes."""

    endpoint: Endpoint = WATCHLIST
    block_support: QueryBlockSupport

    async def watchlist(self) -> Watchlist:
        """Return every group, or raise the error that makes the list unbelievable."""
        pages = await self._read_either_way()
        return Watchlist(account=self.account, groups=_groups(pages), notes=tuple(self.trace.notes))

    async def _read_either_way(self) -> list[Page[WatchGroup]]:
        if self.block_support.at(self):
            try:
                pages = await self.read(Variant.WITH_QUERY)
            except RequestRejectedError as error:
                if error.code != error_codes.INVALID_QUERY:
                    raise
                self.block_support.record_refusal(self)
                self.trace.note(f"the query block was refused ({error.code}), and left out")
            else:
                self.block_support.record_success(self)
                return pages
        return await self.read(Variant.PLAIN)

    def body(self, part: Variant, page: PageKey | None, **envelope: Any) -> Mapping[str, object]:
        return watchlist_request(with_query=part is Variant.WITH_QUERY, page=page, **envelope)

    def reader(self, part: Variant, question: Question) -> Callable[[object], Page[WatchGroup]]:
        return WatchlistReader(question=question)

    def name_of(self, part: Variant) -> str:
        return "watchlist"

    def find_contradiction(
        self, part: Variant, pages: Sequence[Page[WatchGroup]]
    ) -> Cooperative[ResponseError | None]:
        """Return why the pages cannot be the whole list; an answer to no query mostly announces nothing."""
        if part is Variant.PLAIN and all(page.total is None for page in pages):
            return None
        wrong = yield from super().find_contradiction(part, pages)
        return wrong

    def counted(self, pages: Sequence[Page[WatchGroup]]) -> Sequence[CountedPage]:
        """Return the pages with a row for each symbol and its group: a page's end may cut a group in two."""
        return [
            Page(
                rows=tuple((group.name, symbol) for group in page.rows for symbol in sent_symbols(group)),
                total=page.total,
                next_page=page.next_page,
            )
            for page in pages
        ]

    def size_of(self, page: Page[WatchGroup]) -> int:
        """Return how many symbols and groups a page has."""
        return len(page.rows) + sum(len(group.symbols) for group in page.rows)

    def counts(self, pages: Sequence[Page[WatchGroup]]) -> Collection[int]:
        """Return every number that a broker may call the total: of groups, of symbols, or of both.

        Brokers count the placeholders that they send, or do not.
        """
        groups = [group for page in pages for group in page.rows]
        sent = sum(len(sent_symbols(group)) for group in groups)
        symbols = sum(len(group.symbols) for group in groups)
        empty = sum(not group.symbols for group in groups)
        return {len(groups), len(_groups(pages)), sent, symbols, symbols + empty}

    def key_of(self, row: tuple[str | None, str]) -> Hashable:
        """Return a symbol in its group; groups without a name may be several."""
        return None if row[0] is None else row


def _groups(pages: Sequence[Page[WatchGroup]]) -> tuple[WatchGroup, ...]:
    """Return the groups; one that a page's end has cut in two is put together again."""
    groups: list[WatchGroup] = []
    for page in pages:
        rows = list(page.rows)
        if groups and rows and page is not pages[0] and rows[0].name == groups[-1].name:
            rest = rows.pop(0)
            groups[-1] = evolve(groups[-1], symbols=(*groups[-1].symbols, *rest.symbols))
        groups.extend(rows)
    return tuple(groups)
