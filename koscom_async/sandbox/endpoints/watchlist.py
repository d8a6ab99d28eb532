"""The watchlist of the account service (관심종목 조회); most brokers refuse a question with a query block."""

from koscom_async.sandbox.dialects import Balance, Service
from koscom_async.sandbox.documents import recorded_answer
from koscom_async.sandbox.endpoints.balance import find_account
from koscom_async.sandbox.endpoints.endpoint import Visit
from koscom_async.sandbox.fault_kinds import FaultKind
from koscom_async.sandbox.ledger import AssetClass
from koscom_async.sandbox.paging import cut
from koscom_async.sandbox.question import read_watchlist_question
from koscom_async.sandbox.reply import Reply, refused
from koscom_async.sandbox.state import State

__all__ = ["answer_watchlist"]

WITHOUT_PAGES = 1_000_000


def answer_watchlist(visit: Visit, state: State, fault: FaultKind) -> Reply:
    """Answer the groups of one account: in pages where a query was sent, all at once where none was."""
    dialect = state.dialect(visit.broker)
    question = read_watchlist_question(visit.message(), body_block="interestSymbolListRequestBody")
    account = find_account(visit, question, state)
    if (recorded := recorded_answer(account, "interest", visit.message(), question)) is not None:
        return recorded
    if question.has_query and not dialect.supports_interest_query:
        raise refused("6004", broker=visit.broker, suffix=" (queryType)")
    shelf = account.shelf(account.watchlist)
    rows, next_page = cut(
        shelf,
        AssetClass.ALL,
        fault.read(question).paged,
        page_size=dialect.page_size if question.has_query else WITHOUT_PAGES,
        query="watchlist",
    )
    answer = Balance(
        service=Service.WATCHLIST,
        question=question,
        asset_class=AssetClass.ALL,
        account=shelf,
        platform_id=state.platform_id(),
        rows=rows,
        total=len(shelf.entries),
        next_page=next_page,
        request_id=question.request_id,
    )

    foreign = state.ledger.foreign_to
    return dialect.reply(fault.bend(answer, lambda: (other := foreign(account)).shelf(other.watchlist)))
