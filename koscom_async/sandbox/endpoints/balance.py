"""The balance of the account service (계좌잔고 조회): finds the account, cuts the page, has it spelled."""

from koscom_async.sandbox.dialects import Balance
from koscom_async.sandbox.documents import recorded_answer
from koscom_async.sandbox.endpoints.accounts import find_account, find_class
from koscom_async.sandbox.endpoints.endpoint import Visit
from koscom_async.sandbox.fault_kinds import FaultKind
from koscom_async.sandbox.paging import cut
from koscom_async.sandbox.question import read_account_question
from koscom_async.sandbox.reply import Reply
from koscom_async.sandbox.state import State

__all__ = ["answer_balance"]


def answer_balance(visit: Visit, state: State, fault: FaultKind) -> Reply:
    """Answer one page of one account."""
    dialect = state.dialect(visit.broker)
    question = read_account_question(visit.message(), body_block="balanceRequestBody")
    account = find_account(visit, question, state)
    if (recorded := recorded_answer(account, "balance", visit.message(), question)) is not None:
        return recorded
    asset_class = find_class(question, dialect)
    rows, next_page = cut(
        account, asset_class, fault.read(question).paged, page_size=state.page_size(visit.broker)
    )
    balance = Balance(
        question=question,
        asset_class=asset_class,
        account=account,
        platform_id=state.platform_id(),
        rows=rows,
        total=len(account.rows_of(asset_class)),
        next_page=next_page,
        request_id=question.request_id,
    )
    return dialect.reply(fault.bend(balance, lambda: state.ledger.foreign_to(account)))
