"""What all endpoints of the account service do first: find the account, and the asset class."""

from koscom_async.sandbox.dialects import Dialect
from koscom_async.sandbox.endpoints.endpoint import Visit
from koscom_async.sandbox.ledger import Account, AssetClass
from koscom_async.sandbox.question import AccountQuestion
from koscom_async.sandbox.reply import refused
from koscom_async.sandbox.state import State

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
