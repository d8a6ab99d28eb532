"""Rows received against the number that the broker announced, for every service but the balance's own."""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from attrs import field, frozen

from koscom_async._transport.gateway import Gateway
from koscom_async._transport.statistics import TraceBuilder
from koscom_async._wire.endpoints import Answer, Call, Endpoint, account_path
from koscom_async._wire.envelope import Question
from koscom_async._wire.requests import device_block, new_request_id
from koscom_async.errors import PagingError, RequestRejectedError, ResponseError, TruncatedResponseError
from koscom_async.models.investor import Investor
from koscom_async.models.member import VirtualAccount
from koscom_async.settings import Settings

# What no error may repeat from an answer: everything that a question carried and that is somebody's secret.


def secrets_of(
    settings: Settings, investor: Investor, account: VirtualAccount | None = None
) -> tuple[str, ...]:
    """Return the texts, also in the spelling in which they travel."""
    return (
        *investor.secrets,
        *device_block(investor.device).values(),
        settings.api_key,
        settings.api_secret,
        *((account.number,) if account is not None else ()),
    )


# What each broker supports: what the registry says, what the settings override, and what was learned by asking.

logger = logging.getLogger("koscom_async.services")


class Capabilities:
    """Lives as long as the client; only its `learn_…` methods change it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._per_class: set[str] = set()
        self._no_interest_query: set[str] = set()

    def supports_all(self, account: VirtualAccount) -> bool | None:
        """Whether one query for all asset classes works at the account's broker; `None`: nobody knows yet."""
        name = account.broker.short_name
        override = self._settings.overrides_of(name).supports_all
        if override is not None:
            return override
        return False if name in self._per_class else account.broker.supports_all

    def learn_per_class(self, account: VirtualAccount) -> None:
        """Remember that the account's broker refused a query for all classes."""
        name = account.broker.short_name
        if name not in self._per_class:
            logger.info("%s does not answer ALL; from now on it is asked for each class", name)
        self._per_class.add(name)

    def supports_interest_query(self, account: VirtualAccount) -> bool:
        """Whether the account's broker takes the query block of the watchlist; its own answer counts most."""
        name = account.broker.short_name
        if name in self._no_interest_query:
            return False
        override = self._settings.overrides_of(name).supports_interest_query
        return account.broker.supports_interest_query if override is None else override

    def learn_no_interest_query(self, account: VirtualAccount) -> None:
        """Remember that the account's broker refused the query block of the watchlist."""
        self._no_interest_query.add(account.broker.short_name)


# Asking about one account: what every question to the account service has in common.
#
# Owns the call's form. Which questions are asked, and what becomes of the answers, is each query's own.


@frozen(kw_only=True)
class AccountAsker:
    """Asks one endpoint about one account."""

    endpoint: Endpoint
    gateway: Gateway = field(repr=False)
    settings: Settings
    investor: Investor
    account: VirtualAccount
    log: TraceBuilder

    @property
    def broker(self) -> str:
        """The short name of the account's broker."""
        return self.account.broker.short_name

    @property
    def trusts_totals(self) -> bool:
        """Whether fewer rows than announced fail the account."""
        return self.settings.overrides_of(self.broker).trust_totals

    async def ask(
        self,
        request: Callable[..., Mapping[str, object]],
        reader: Callable[[Question], Callable[[object], Answer]],
        **datum: Any,
    ) -> Answer:
        """Send the body that `request` makes of these data, and return what the reader makes of the answer."""
        request_id = new_request_id()
        question = Question(
            account_number=self.account.number,
            request_id=request_id,
            strict_request_id=self.settings.overrides_of(self.broker).check_request_id,
        )
        answer = await self.gateway.ask(
            Call(
                endpoint=self.endpoint,
                path=account_path(self.endpoint, self.account, self.settings.base_url),
                broker=self.broker,
                account=self.account.masked_number,
                investor=self.investor,
                body=request(
                    self.settings,
                    self.investor,
                    request_id=request_id,
                    account_number=self.account.number,
                    **datum,
                ),
                read=reader(question),
                secrets=secrets_of(self.settings, self.investor, self.account),
            ),
            self.log,
        )
        self.log.note(*getattr(answer, "notes", ()))
        return answer


# Reading a query to its last page, and noticing when there is none.

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


async def read_pages(ask: Ask[AnyPage], *, limit: int, log: TraceBuilder) -> list[AnyPage]:
    """Return every page of a query; a page key that the broker forgot restarts the query once."""
    try:
        return await _read_once(ask, limit=limit, log=log)
    except RequestRejectedError as error:
        if error.code != INVALID_PAGE:
            raise
        log.note("the broker forgot a page key (6003); the query was started again")
        return await _read_once(ask, limit=limit, log=log)


async def _read_once(ask: Ask[AnyPage], *, limit: int, log: TraceBuilder) -> list[AnyPage]:
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


# Holds the rows that came against the number that the broker announced: too few lose money, too many double it.
#
# Owns the comparison, and no question: what becomes of an answer that contradicts itself is the caller's.


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


def check_announced(
    what: str,
    *,
    received: int,
    totals: Iterable[int | None],
    trusted: bool,
    note: Callable[[str], None],
) -> None:
    """Raise where rows are missing, or came more often than they should; what cannot be checked is noted."""
    announced = [total for total in totals if total is not None]
    # Seen: a total of 0 beside rows. It announces nothing.
    if not announced or (received and not any(announced)):
        note(f"{what}: the broker announced no number of rows to hold them against")
        return
    wrong: ResponseError
    if received < max(announced):
        wrong = TruncatedResponseError(f"{what}: {received} of {max(announced)} rows came")
    elif received > max(announced):
        wrong = PagingError(f"{what}: {received} rows came where {max(announced)} were announced")
    else:
        return
    if trusted:
        raise wrong
    note(f"{wrong.message}, which the settings allow")
