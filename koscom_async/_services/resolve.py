"""How a caller may name a broker and an account of the discretionary service, and what is never sent."""

import re
from typing import TypeAlias

from koscom_async.brokers import Broker, find_broker
from koscom_async.errors import UsageError
from koscom_async.models.discretionary.account import DiscretionaryAccount
from koscom_async.models.member import VirtualAccount

BrokerLike: TypeAlias = str | Broker
Account: TypeAlias = str | VirtualAccount | DiscretionaryAccount

_SHORT_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}", re.ASCII)


def resolve_broker(broker: object) -> Broker:
    """Return the broker of a record, a short name or a code; one that is not registered goes by its short name."""
    name = broker.short_name if isinstance(broker, Broker) else str(broker).strip().lower()
    found = find_broker(short_name=name) or find_broker(code=name)
    if found is not None:
        return found
    if not _SHORT_NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no broker's short name", advice="see koscom_async.BROKERS, such as 'samsung'"
        )
    return broker if isinstance(broker, Broker) else Broker(name, name, name, name)


def resolve_account(broker: Broker, account: object) -> VirtualAccount:
    """Return the account of a record or a number, which must be one of that broker."""
    if isinstance(account, VirtualAccount | DiscretionaryAccount):
        if account.broker.code != broker.code:
            raise UsageError(
                f"the account is {account.broker.short_name}'s, and {broker.short_name} was to be asked",
                advice="give the account's own broker",
            )
        return VirtualAccount(broker=broker, number=account.number)
    number = account.strip() if isinstance(account, str) else ""
    if not number:
        raise UsageError("an account is named by its number, as text", advice="see discretionary.accounts()")
    return VirtualAccount(broker=broker, number=number)
