"""One question of a firm to a broker, to its last page, and the check that each row is there once."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Generic, TypeVar

from attrs import field, frozen

from koscom_async._services.query import find_contradiction, read_pages
from koscom_async._transport.gateway import Gateway
from koscom_async._transport.statistics import TraceBuilder
from koscom_async._wire.discretionary import Blocks, DiscretionaryPage, DiscretionaryReader
from koscom_async._wire.endpoints import Call, Endpoint
from koscom_async._wire.requests import firm_request, new_request_id
from koscom_async._wire.values import Block
from koscom_async.brokers import Broker
from koscom_async.models.member import VirtualAccount
from koscom_async.settings import Settings

Row = TypeVar("Row")


@frozen(kw_only=True)
class FirmQuery(Generic[Row]):
    """`query` makes the question for a page's key; `what` is what its rows are called in a complaint."""

    gateway: Gateway
    settings: Settings
    endpoint: Endpoint
    broker: Broker
    account: VirtualAccount | None = None
    blocks: Blocks
    query: Callable[[str | None], Mapping[str, object]] = field(repr=False)
    read_item: Callable[[Block, str], Row]
    what: str

    async def pages(self, log: TraceBuilder) -> list[DiscretionaryPage[Row]]:
        """Return every page, or raise the error that makes the answer unbelievable."""
        pages = await read_pages(partial(self._ask, log), limit=self.settings.page_limit, log=log)
        self._check_total(pages, log)
        return pages

    async def _ask(self, log: TraceBuilder, page: str | None) -> DiscretionaryPage[Row]:
        request_id = new_request_id()
        query = self.query(page)
        number = self.account.number if self.account else None
        overrides = self.settings.overrides_of(self.broker.short_name)
        answer = await self.gateway.ask(
            Call(
                endpoint=self.endpoint,
                path=self.endpoint.path.format(broker=self.broker.short_name),
                broker=self.broker.short_name,
                account=self.account.masked_number if self.account else None,
                body=firm_request(
                    self.settings, request_id=request_id, block=self.blocks.request, query=query
                ),
                read=DiscretionaryReader(
                    blocks=self.blocks,
                    read_item=self.read_item,
                    request_id=request_id,
                    account_number=number,
                    query=query,
                    strict_request_id=overrides.check_request_id,
                ),
                secrets=(self.settings.api_key, self.settings.api_secret, *((number,) if number else ())),
            ),
            log,
        )
        log.note(*answer.notes)
        return answer

    def _check_total(self, pages: list[DiscretionaryPage[Row]], log: TraceBuilder) -> None:
        """Hold the rows against `totalCnt`, which counts no cash."""
        overrides = self.settings.overrides_of(self.broker.short_name)
        items = [_Items(rows=page.items, total=page.total) for page in pages]
        wrong = find_contradiction(self.what, items, trust_totals=overrides.trust_totals, note=log.note)
        if wrong is not None:
            raise wrong


@frozen(kw_only=True)
class _Items:
    """A page without its cash."""

    rows: tuple[object, ...]
    total: int | None
