"""One query: asked a page at a time to the last page, its rows counted against what the broker announced.

It does not choose what to ask: parts and their order are each service's own.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from attrs import field, frozen

from koscom_async import error_codes
from koscom_async._transport.gateway import Gateway
from koscom_async._transport.statistics import TraceBuilder
from koscom_async._wire.endpoints import Call, Endpoint, account_path
from koscom_async._wire.envelope import Question
from koscom_async._wire.requests import device_block, new_request_id
from koscom_async.errors import PagingError, RequestRejectedError, ResponseError, TruncatedResponseError
from koscom_async.models.codes import AssetClass
from koscom_async.models.investor import Investor
from koscom_async.models.member import VirtualAccount
from koscom_async.settings import BrokerOverrides, Settings


class CountedPage(Protocol):
    """What counting has to know of a page."""

    @property
    def rows(self) -> tuple[object, ...]:
        """The rows on this page."""

    @property
    def total(self) -> int | None:
        """The rows of the whole query, as this page announces them; `None` where it does not."""


class Page(CountedPage, Protocol):
    """What paging has to know of an answer."""

    @property
    def next_page(self) -> str | None:
        """The key of the next page, or `None` at the end."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was tolerated in the answer."""


Part = TypeVar("Part")
AnyPage = TypeVar("AnyPage", bound=Page)


@frozen(kw_only=True)
class Query(ABC, Generic[Part, AnyPage]):
    """Reads a query from one endpoint, part by part: an asset class, a range of dates, or the whole.

    Subclasses make the call for a page of a part, and say how the rows of a part are called and counted.
    """

    endpoint: Endpoint
    gateway: Gateway = field(repr=False)
    settings: Settings
    trace: TraceBuilder

    @property
    @abstractmethod
    def broker(self) -> str:
        """The short name of the broker that is asked."""

    @abstractmethod
    def call(self, part: Part, page: str | None) -> Call[AnyPage]:
        """Return the call for one page of a part; the first page has no key."""

    def name_of(self, part: Part) -> object:
        """Return what the rows of a part are called in an error: the part's own text, where nothing else is given."""
        return part

    def counted(self, pages: Sequence[AnyPage]) -> Sequence[CountedPage]:
        """Return the pages with the rows that the broker's total counts."""
        return pages

    @property
    def overrides(self) -> BrokerOverrides:
        """What the settings say of the broker."""
        return self.settings.overrides_of(self.broker)

    async def read(self, part: Part, *, first: AnyPage | None = None) -> list[AnyPage]:
        """Return every page of a part; raises where rows are missing, come twice, or are too many.

        `first` is the first page, where it is there already.
        """
        pages = await self.read_pages(part, first=first)
        wrong = self.find_contradiction(part, pages)
        if wrong is not None:
            raise wrong
        return pages

    async def read_pages(self, part: Part, *, first: AnyPage | None = None) -> list[AnyPage]:
        """Return every page of a part, uncounted; a page key that the broker forgot restarts the part once."""
        try:
            return await self._read_to_the_end(part, first)
        except RequestRejectedError as error:
            if error.code != error_codes.INVALID_PAGE:
                raise
            self.trace.note(f"the broker forgot a page key ({error.code}); the query was started again")
            return await self._read_to_the_end(part, None)

    async def _read_to_the_end(self, part: Part, first: AnyPage | None) -> list[AnyPage]:
        pages: list[AnyPage] = []
        seen: set[str] = set()
        key: str | None = None
        while True:
            page = first if first is not None and not pages else await self.ask(part, key)
            pages.append(page)
            self.trace.pages += 1
            key = page.next_page
            if key is None:
                return pages
            if key in seen:
                raise PagingError("a page key came back a second time")
            if not page.rows:
                raise PagingError("an empty page announces another one")
            if len(pages) >= self.settings.page_limit:
                raise PagingError(f"more than {self.settings.page_limit} pages")
            seen.add(key)

    async def ask(self, part: Part, page: str | None) -> AnyPage:
        """Return one page of a part."""
        answer = await self.gateway.ask(self.call(part, page), self.trace)
        self.trace.note(*answer.notes)
        return answer

    def find_contradiction(self, part: Part, pages: Sequence[AnyPage]) -> ResponseError | None:
        """Return why the pages cannot be the whole part."""
        # Cash is no row, and brokers disagree on whether a query for it counts it.
        if part is AssetClass.CASH:
            return None
        return find_contradiction(
            self.name_of(part),
            self.counted(pages),
            trust_totals=self.overrides.trust_totals,
            note=self.trace.note,
        )


@frozen(kw_only=True)
class AccountQuery(Query[Part, AnyPage]):
    """A query about one account, on behalf of its investor."""

    investor: Investor
    account: VirtualAccount

    @property
    def broker(self) -> str:
        """The short name of the account's broker."""
        return self.account.broker.short_name

    @abstractmethod
    def body(self, part: Part, page: str | None, **envelope: Any) -> Mapping[str, object]:
        """Return the body that asks for a page; `envelope` goes to one of the `requests`."""

    @abstractmethod
    def reader(self, part: Part, question: Question) -> Callable[[object], AnyPage]:
        """Return what reads the answer."""

    def call(self, part: Part, page: str | None) -> Call[AnyPage]:
        """Return the call for one page, with a request id of its own."""
        number, request_id = self.account.number, new_request_id()
        question = Question(
            account_number=number,
            request_id=request_id,
            strict_request_id=self.overrides.check_request_id,
        )
        return Call(
            endpoint=self.endpoint,
            path=account_path(self.endpoint, self.account, self.settings.base_url),
            broker=self.broker,
            account=self.account.masked_number,
            investor=self.investor,
            body=self.body(
                part,
                page,
                settings=self.settings,
                investor=self.investor,
                request_id=request_id,
                account_number=number,
            ),
            read=self.reader(part, question),
            secrets=secrets_of(self.settings, self.investor, self.account),
        )


def secrets_of(
    settings: Settings, investor: Investor, account: VirtualAccount | None = None
) -> tuple[str, ...]:
    """Return what no error may repeat from an answer: the secrets of a call, as they travel."""
    return (
        *investor.secrets,
        *device_block(investor.device).values(),
        settings.api_key,
        settings.api_secret,
        *((account.number,) if account is not None else ()),
    )


def find_contradiction(
    what: object, pages: Sequence[CountedPage], *, trust_totals: bool, note: Callable[[str], None]
) -> ResponseError | None:
    """Return why the pages cannot be the whole answer, each row once: too few hide money, too many double it.

    What is only odd is noted. `what` is what the rows are called: an asset class, mostly.
    """
    received = sum(len(page.rows) for page in pages)
    announced = announced_by(pages, received)
    if announced is None:
        note(
            f"{what}: {received} rows came beside a total of 0, which announces nothing"
            if any(page.total == 0 for page in pages)
            else f"{what}: the broker announced no number of rows to hold them against"
        )
    elif received != announced:
        wrong = miscounted(what, received, announced)
        if trust_totals:
            return wrong
        note(f"{wrong.message}, which the settings allow")
        announced = None
    return _repeated(what, pages, are_counted=announced is not None)


def announced_by(pages: Sequence[CountedPage], received: int) -> int | None:
    """Return the number of rows that the broker announced, or `None`; of several the largest counts."""
    totals = [page.total for page in pages if page.total is not None]
    # Seen: a total of 0 beside rows. It announces nothing.
    return None if not totals or (received and not any(totals)) else max(totals)


def miscounted(what: object, received: int, announced: int) -> ResponseError:
    """Return the error of rows that are too few, or too many."""
    if received < announced:
        return TruncatedResponseError(f"{what}: {received} of {announced} rows came")
    return PagingError(f"{what}: {received} rows came where {announced} were announced")


def _repeated(what: object, pages: Sequence[CountedPage], *, are_counted: bool) -> PagingError | None:
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
