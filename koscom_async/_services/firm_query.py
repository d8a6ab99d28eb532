"""A firm's query to a broker, asked with its key and secret: the discretionary service's envelope.

What is asked, and how its rows are read, is given: see `discretionary`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from attrs import field, frozen

from koscom_async._services.query import CountedPage, Query
from koscom_async._wire.discretionary import Blocks, DiscretionaryPage, DiscretionaryReader, firm_request
from koscom_async._wire.endpoints import Call
from koscom_async._wire.requests import new_request_id
from koscom_async._wire.values import Block
from koscom_async.brokers import Broker
from koscom_async.models.codes import AssetClass
from koscom_async.models.member import VirtualAccount

Row = TypeVar("Row")

FirmPart = AssetClass | str
"""An asset class; or, where the endpoint has none, what its rows are called."""


@frozen(kw_only=True)
class FirmQuery(Query[FirmPart, DiscretionaryPage[Row]], Generic[Row]):
    """`conditions` makes the query block for a page of a part, `read_item` reads one of the part's rows."""

    at: Broker
    account: VirtualAccount | None = None
    blocks: Blocks
    conditions: Callable[[FirmPart, str | None], Mapping[str, object]] = field(repr=False)
    read_item: Callable[[FirmPart], Callable[[Block, str], Row]]

    @property
    def broker(self) -> str:
        return self.at.short_name

    def call(self, part: FirmPart, page: str | None) -> Call[DiscretionaryPage[Row]]:
        request_id = new_request_id()
        conditions = self.conditions(part, page)
        number = self.account.number if self.account else None
        return Call(
            endpoint=self.endpoint,
            path=self.endpoint.path.format(broker=self.broker),
            broker=self.broker,
            account=self.account.masked_number if self.account else None,
            body=firm_request(
                self.settings, request_id=request_id, block=self.blocks.request, query=conditions
            ),
            read=DiscretionaryReader(
                blocks=self.blocks,
                read_item=self.read_item(part),
                request_id=request_id,
                account_number=number,
                query=conditions,
                strict_request_id=self.overrides.check_request_id,
            ),
            secrets=(self.settings.api_key, self.settings.api_secret, *((number,) if number else ())),
        )

    def counted(self, pages: Sequence[DiscretionaryPage[Row]]) -> Sequence[CountedPage]:
        """Return the pages without their cash, which the total does not count."""
        return [_Items(rows=page.items, total=page.total) for page in pages]


@frozen(kw_only=True)
class _Items:
    rows: tuple[object, ...]
    total: int | None
