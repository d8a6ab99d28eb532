"""One account's whole watchlist: with the query block at the brokers that take it, without it at all others."""

from functools import partial

from attrs import evolve, frozen

from koscom_async._services.query import AccountAsker, Capabilities, read_pages
from koscom_async._wire.account import WatchlistReader
from koscom_async._wire.envelope import Page
from koscom_async._wire.requests import watchlist_request
from koscom_async.errors import RequestRejectedError, TruncatedResponseError
from koscom_async.models.watchlist import WatchGroup, Watchlist

INVALID_QUERY = "6004"


@frozen(kw_only=True)
class WatchlistQuery:
    """The question about one account's watchlist."""

    asker: AccountAsker
    capabilities: Capabilities

    async def read(self) -> Watchlist:
        """Return every group, or raise the error that makes the list unbelievable."""
        pages = await self._read(with_query=self.capabilities.supports_interest_query(self.asker.account))
        self._check_total(pages)
        return Watchlist(account=self.asker.account, groups=_groups(pages), notes=tuple(self.asker.log.notes))

    async def _read(self, *, with_query: bool) -> list[Page[WatchGroup]]:
        try:
            return await read_pages(
                partial(self._ask_page, with_query=with_query),
                limit=self.asker.settings.page_limit,
                log=self.asker.log,
            )
        except RequestRejectedError as error:
            if error.code != INVALID_QUERY or not with_query:
                raise
        self.capabilities.learn_no_interest_query(self.asker.account)
        self.asker.log.note(f"the query block was refused ({INVALID_QUERY}), and left out")
        return await self._read(with_query=False)

    async def _ask_page(self, page: str | None, *, with_query: bool) -> Page[WatchGroup]:
        return await self.asker.ask(
            watchlist_request,
            lambda question: WatchlistReader(question=question),
            with_query=with_query,
            page=page,
        )

    def _check_total(self, pages: list[Page[WatchGroup]]) -> None:
        """Hold what came against what was announced, whether the broker counts groups or symbols."""
        announced = max((page.total for page in pages if page.total is not None), default=0)
        groups = sum(len(page.rows) for page in pages)
        symbols = sum(len(group.symbols) for page in pages for group in page.rows)
        if announced > max(groups, symbols):
            missing = f"{groups} groups with {symbols} symbols of {announced} rows came"
            if self.asker.trusts_totals:
                raise TruncatedResponseError(missing)
            self.asker.log.note(f"{missing}, which the settings allow")


def _groups(pages: list[Page[WatchGroup]]) -> tuple[WatchGroup, ...]:
    """Return the groups; one that a page's end has cut in two is put together again."""
    groups: list[WatchGroup] = []
    for page in pages:
        rows = list(page.rows)
        if groups and rows and page is not pages[0] and rows[0].name == groups[-1].name:
            rest = rows.pop(0)
            groups[-1] = evolve(groups[-1], symbols=(*groups[-1].symbols, *rest.symbols))
        groups.extend(rows)
    return tuple(groups)
