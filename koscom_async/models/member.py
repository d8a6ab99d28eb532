"""What the member service tells: whether the investor is registered, and which accounts are linked."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from functools import cached_property
from typing import Any, TypeVar

from attrs import evolve, field, frozen

from koscom_async._masking import masked_number, masked_repr
from koscom_async._record import Record
from koscom_async.brokers import Broker
from koscom_async.models._fields import BROKER, MASKED_WITH_TWIN, omitted_field, twin_field

__all__ = ["LinkedAccounts", "Registration", "VirtualAccount"]


@frozen(kw_only=True, eq=False, repr=False)
class VirtualAccount(Record):
    """A linked account (가상계좌): stands one to one for a real account at a broker.

    `alias` is the investor's own label, or `None`; `endpoint` the address that the platform gives for the
    account's services, or `None`. The number is masked wherever the record is shown; accounts of one broker whose masks
    are alike are numbered (`1606…0099 #2`), in the order of their numbers.
    """

    broker: Broker = field(metadata=BROKER)
    number: str = field(repr=masked_repr, metadata=MASKED_WITH_TWIN)
    alias: str | None = field(default=None, repr=False)
    endpoint: str | None = omitted_field()
    twin: int = twin_field()

    @cached_property
    def key(self) -> tuple[str, str]:
        """What makes an account the same one, however it is labelled: broker code and number."""
        return (self.broker.code, self.number)

    @cached_property
    def masked_number(self) -> str:
        """The number's first and last four digits, and which it is where the broker has several such."""
        return masked_number(self.number, twin=self.twin)

    def __str__(self) -> str:
        return f"{self.broker.short_name} {self.masked_number}"


AnyAccount = TypeVar("AnyAccount", bound=Any)


def with_twins(accounts: Iterable[AnyAccount]) -> tuple[AnyAccount, ...]:
    """Return the accounts of one list, those of a broker whose masks are alike numbered (`twin`)."""
    accounts = tuple(accounts)
    numbers: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for account in accounts:
        numbers[account.broker.code, account.masked_number].add(account.number)
    twins = {
        (code, number): place
        for (code, _), alike in numbers.items()
        if len(alike) > 1
        for place, number in enumerate(sorted(alike), 1)
    }
    if not twins:
        return accounts
    return tuple(
        evolve(account, twin=twins.get((account.broker.code, account.number), 0)) for account in accounts
    )


@frozen(kw_only=True, eq=False, repr=False)
class Registration(Record):
    """Whether the investor has joined the portal (회원 가입 여부).

    `terms_expire_on` is when the consent to provide information to the platform ends (KST), or `None`.
    """

    is_member: bool
    terms_expire_on: date | None = None


@frozen(kw_only=True, eq=False, repr=False)
class LinkedAccounts(Record):
    """The accounts that the investor linked to this service (가상계좌 리스트), as listed.

    `terms_expire_on` is when the consent to provide information to the service ends (KST), or `None`.
    """

    accounts: tuple[VirtualAccount, ...] = ()
    terms_expire_on: date | None = None
