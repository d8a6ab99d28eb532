"""One query: asked a page at a time to the last page, its rows counted against what the broker announced.

It does not choose what to ask: parts and their order are each service's own.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from attrs import Factory, define, field, frozen

from koscom_async import error_codes
from koscom_async._cooperative import Cooperative, run_cooperatively
from koscom_async._services.lessons import AccountKey
from koscom_async._services.repeats import find_repeated, key_of_row
from koscom_async._transport.gateway import Gateway
from koscom_async._transport.statistics import TraceBuilder
from koscom_async._wire.endpoints import REGISTERED, Call, Endpoint, account_path, metered_as
from koscom_async._wire.envelope import Question
from koscom_async._wire.requests import device_block, new_request_id
from koscom_async._wire.values import PageKey
from koscom_async.errors import (
    KoscomError,
    PagingError,
    RequestRejectedError,
    ResponseError,
    ResponseTooLargeError,
    TruncatedResponseError,
)
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
    def next_page(self) -> PageKey | None:
        """The key of the next page, or `None` at the end."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was tolerated in the answer."""


NO_OVERRIDES = BrokerOverrides()

READINGS = 2
"""How often a query is read whose pages contradict each other."""

UNANNOUNCED_PAGES = 100
"""The most pages of an account's query whose broker does not say how many rows there are: they might have no end."""


@define(eq=False)
class AnswerBudget:
    """Counts what came for one question, of every asset class and reading, and refuses what is too much."""

    settings: Settings
    size: int = 0
    rows: int = 0

    def add_bytes(self, count: int) -> None:
        """Count a body, before it is read."""
        self.size += count
        if self.size > self.settings.max_answer_bytes:
            raise ResponseTooLargeError(
                f"the pages are larger than {self.settings.max_answer_bytes} bytes (max_answer_bytes)",
                budget="max_answer_bytes",
            )

    def add_rows(self, count: int) -> None:
        """Count the rows of a page."""
        self.rows += count
        self.check_rows(self.rows)

    def check_rows(self, rows: int, whose: str = "") -> None:
        """Refuse more rows than an answer may have."""
        if rows > self.settings.max_answer_rows:
            raise ResponseTooLargeError(
                f"more than {self.settings.max_answer_rows} rows {whose}came (max_answer_rows)",
                budget="max_answer_rows",
            )


TOGETHER = 4
"""The accounts of one investor may cost so many times as much together as one may."""

Part = TypeVar("Part")
AnyPage = TypeVar("AnyPage", bound=Page)


@frozen(kw_only=True, eq=False, repr=False)
class Query(ABC, Generic[Part, AnyPage]):
    """Reads a query from one endpoint, part by part: an asset class, a range of dates, or the whole.

    Subclasses make the call for a page of a part, and say how the rows of a part are called and counted.
    """

    endpoint: Endpoint
    gateway: Gateway = field(repr=False)
    settings: Settings
    trace: TraceBuilder
    budget: AnswerBudget = field(default=Factory(lambda query: AnswerBudget(query.settings), takes_self=True))

    @property
    @abstractmethod
    def broker(self) -> str:
        """The short name of the broker that is asked."""

    @abstractmethod
    def call(self, part: Part, page: PageKey | None) -> Call[AnyPage]:
        """Return the call for one page of a part; the first page has no key."""

    @property
    def is_about_one_account(self) -> bool:
        """Whether its cost in calls is bounded as one account's; a firm's list of accounts may be long."""
        return True

    def name_of(self, part: Part) -> object:
        """Return what the rows of a part are called in an error: the part's own text, where nothing else is given."""
        return part

    def counted(self, pages: Sequence[AnyPage]) -> Sequence[CountedPage]:
        """Return the pages with the rows that the broker's total counts."""
        return pages

    def counts(self, pages: Sequence[AnyPage]) -> Collection[int]:
        """Return the numbers that the broker's total may be, where it is not the number of counted rows."""
        return ()

    def key_of(self, row: Any) -> Hashable:
        """Return what makes a counted row the same one on another page, or `None` where rows may be alike."""
        return key_of_row(row)

    @property
    def overrides(self) -> BrokerOverrides:
        """What the settings say of the broker."""
        return self.settings.brokers.get(self.broker, NO_OVERRIDES)

    async def read(self, part: Part, *, first: AnyPage | None = None) -> list[AnyPage]:
        """Return every page of a part. One whose pages contradict each other is read once more, from its first page.

        Raises where rows are missing, come twice, or are too many the second time, too. `first` is the first page,
        where it is there already.
        """
        pages, wrong = await self.read_pages(part, first=first)
        if wrong is not None:
            self.trace.note(f"{wrong.message}; the query was read again from its first page")
            pages, wrong = await self.read_pages(part)
        if wrong is not None:
            wrong.attempts = READINGS
            raise wrong
        return pages

    async def read_pages(
        self, part: Part, *, first: AnyPage | None = None
    ) -> tuple[list[AnyPage], KoscomError | None]:
        """Return every page of a part, and why they cannot be the whole of it: one reading.

        A page key that the broker forgot ends the reading, and is such a reason.
        """
        try:
            pages = await self._read_to_the_end(part, first)
        except RequestRejectedError as error:
            if error.code != error_codes.INVALID_PAGE:
                raise
            return [], error
        return pages, await run_cooperatively(self.find_contradiction(part, pages))

    async def _read_to_the_end(self, part: Part, first: AnyPage | None) -> list[AnyPage]:
        pages: list[AnyPage] = []
        seen: set[PageKey] = set()
        key: PageKey | None = None
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
            is_announced = page.total or not self.is_about_one_account
            limit = self.settings.page_limit if is_announced else UNANNOUNCED_PAGES
            if len(pages) >= min(limit, self.settings.page_limit):
                raise PagingError(f"more than {len(pages)} pages")
            seen.add(key)

    async def ask(self, part: Part, page: PageKey | None) -> AnyPage:
        """Return one page of a part; raise where the question has cost all the calls that it may."""
        self.check_cost()
        answer = await self.gateway.ask(self.call(part, page), self.trace)
        self.count(self.size_of(answer))
        self.trace.note(*answer.notes)
        return answer

    def check_cost(self) -> None:
        """Raise where the account has cost all the calls that it may."""
        if self.is_about_one_account and self.trace.calls >= self.settings.call_limit:
            raise _too_costly(self.trace.calls)

    def count(self, rows: int) -> None:
        """Count the rows of a page; raise where more came than the answer may have."""
        self.budget.add_rows(rows)

    def size_of(self, page: AnyPage) -> int:
        """Return how many rows of the answer's budget a page takes."""
        return len(page.rows)

    def find_contradiction(self, part: Part, pages: Sequence[AnyPage]) -> Cooperative[ResponseError | None]:
        """Return why the pages cannot be the whole part."""
        # Cash is no row, and brokers disagree on whether a query for it counts it.
        if part is AssetClass.CASH:
            return None
        wrong = yield from find_contradiction(
            self.name_of(part),
            self.counted(pages),
            trust_totals=self.overrides.trust_totals,
            note=self.trace.note,
            counts=self.counts(pages),
            key_of=self.key_of,
        )
        return wrong


@frozen(kw_only=True, eq=False, repr=False)
class AccountQuery(Query[Part, AnyPage]):
    """A query about one account, on behalf of its investor.

    Where it `keeps_rows` until all accounts are read, theirs together are counted, too.
    """

    keeps_rows: ClassVar[bool] = True

    investor: Investor
    account: VirtualAccount

    @property
    def broker(self) -> str:
        """The short name of the account's broker."""
        return self.account.broker.short_name

    def check_cost(self) -> None:
        """Raise where the account has cost all the calls that it may, or all accounts of the investor have."""
        super().check_cost()
        ticket = self.trace.ticket
        if ticket is not None and ticket.calls >= TOGETHER * self.settings.call_limit:
            raise _too_costly(ticket.calls)

    def count(self, rows: int) -> None:
        """Count the rows of a page; raise where more came than the account's answer may have, or all accounts'."""
        super().count(rows)
        ticket = self.trace.ticket
        if ticket is not None and self.keeps_rows:
            ticket.rows += rows
            self.budget.check_rows(ticket.rows, "of the investor's accounts together ")

    @property
    def metered_as(self) -> str:
        """The name under which the broker's calls are limited."""
        return self.broker if self.broker in REGISTERED else metered_as(self.broker, self.settings)

    @property
    def key(self) -> AccountKey:
        """What stands for the account where something is learned of it."""
        return (hash(self.investor.ci), hash(self.account.number))

    @abstractmethod
    def body(self, part: Part, page: PageKey | None, **envelope: Any) -> Mapping[str, object]:
        """Return the body that asks for a page; `envelope` goes to one of the `requests`."""

    @abstractmethod
    def reader(self, part: Part, question: Question) -> Callable[[object], AnyPage]:
        """Return what reads the answer."""

    def call(self, part: Part, page: PageKey | None) -> Call[AnyPage]:
        """Return the call for one page, with a request id of its own."""
        number, request_id = self.account.number, new_request_id()
        question = Question(
            account_number=number,
            request_id=request_id,
            strict_request_id=self.overrides.check_request_id,
        )
        return Call(
            endpoint=self.endpoint,
            path=account_path(
                self.endpoint,
                self.broker,
                self.account.broker.code,
                self.account.endpoint,
                self.settings.base_url,
            ),
            broker=self.metered_as,
            asked=self.broker,
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
            charge=self.budget.add_bytes,
            secrets=secrets_of(self.investor, self.account),
        )


def _too_costly(calls: int) -> PagingError:
    return PagingError(
        f"the question took {calls} calls, and is not answered",
        retriable=False,
        advice="ask for less, such as a shorter range of dates, or set a higher Settings(call_limit=…)",
    )


def secrets_of(investor: Investor, account: VirtualAccount | None = None) -> tuple[str, ...]:
    """Return what no error may repeat from an answer, as it travels; the gateway adds the token and the firm's."""
    return (
        *investor.secrets,
        *device_block(investor.device).values(),
        *((account.number,) if account is not None else ()),
    )


def find_contradiction(
    what: object,
    pages: Sequence[CountedPage],
    *,
    trust_totals: bool,
    note: Callable[[str], None],
    counts: Collection[int] = (),
    key_of: Callable[[Any], Hashable] = key_of_row,
) -> Cooperative[ResponseError | None]:
    """Return why the pages cannot be the whole answer, each row once: too few hide money, too many double it.

    What is only odd is noted. `what` is what the rows are called: an asset class, mostly. `counts` are the numbers
    that the broker may have counted, where that is not the number of rows.
    """
    received = sum(len(page.rows) for page in pages)
    totals = {page.total for page in pages if page.total is not None}
    if received:
        totals.discard(0)  # Seen: a total of 0 beside rows. It announces nothing.
    wrong = _miscounted(what, counts or (received,), totals)
    if wrong is not None:
        if trust_totals:
            return wrong
        note(f"{wrong.message}, which the settings allow")
    elif not totals:
        note(
            f"{what}: {received} rows came beside a total of 0, which announces nothing"
            if any(page.total == 0 for page in pages)
            else f"{what}: the broker announced no number of rows to hold them against"
        )
    if len(pages) < 2:
        return None
    repeated = yield from find_repeated(what, [page.rows for page in pages], key_of)
    return repeated


def _miscounted(what: object, counts: Collection[int], totals: Collection[int]) -> ResponseError | None:
    """Return the error of rows that are too few or too many, or of which the pages announce different numbers."""
    if len(totals) > 1:
        return PagingError(
            f"{what}: the announced total changed between pages ({min(totals)}, {max(totals)})"
        )
    received = max(counts)
    for announced in totals:
        if received < announced:
            return TruncatedResponseError(f"{what}: {received} of {announced} rows came")
        if announced not in counts:
            return PagingError(f"{what}: {received} rows came where {announced} were announced")
    return None
