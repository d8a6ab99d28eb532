"""The balance of the account service (계좌잔고 조회): finds the account, cuts the page, has it spelled."""

from koscom_async.sandbox.dialects import Balance, Dialect
from koscom_async.sandbox.documents import recorded_answer
from koscom_async.sandbox.endpoints.endpoint import Visit
from koscom_async.sandbox.fault_kinds import FaultKind
from koscom_async.sandbox.ledger import Account, AssetClass
from koscom_async.sandbox.paging import cut
from koscom_async.sandbox.question import AccountQuestion, read_account_question
from koscom_async.sandbox.reply import Reply, refused
from koscom_async.sandbox.state import State

# What all endpoints of the account service do first: find the account, and the asset class.

__all__ = ["find_account", "find_class"]


def find_account(visit: Visit, question: AccountQuestion, state: State) -> Account:
    """Return the account that is asked about, or refuse whoever may not see it."""
    person = state.ledger.person(question.ci)
    if person is None:
        raise refused("3007")
    if visit.owner is not person:
        raise refused("2100", description="the access token is another investor's")
    found = state.ledger.account(visit.broker, question.account)
    if found is None:
        raise refused("4001", broker=visit.broker)
    owner, account = found
    if owner is not person:
        raise refused("4003", broker=visit.broker)
    return account


def find_class(question: AccountQuestion, dialect: Dialect) -> AssetClass:
    """Return the asset class that is asked for, or refuse one that the broker does not know."""
    try:
        asset_class = AssetClass(question.asset_class)
    except ValueError:
        raise refused("6001", broker=dialect.broker) from None
    if asset_class is AssetClass.ALL and not dialect.supports_all:
        raise refused("6001", broker=dialect.broker)
    return asset_class


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
