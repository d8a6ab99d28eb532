"""Which accounts are under contract at a broker (일임설정 계좌), and how each is named."""

from collections.abc import Iterator, Mapping

from attrs import field, frozen

from koscom_async._masking import masked_number, masked_repr
from koscom_async._record import Record
from koscom_async.brokers import Broker
from koscom_async.models._fields import (
    BROKER,
    MASKED_WITH_TWIN,
    NOT_ON_THE_WIRE,
    account_number_field,
    omitted_field,
    raw_field,
    twin_field,
)
from koscom_async.models.discretionary.codes import ContractStatus
from koscom_async.models.member import VirtualAccount

__all__ = ["DiscretionaryAccount", "DiscretionaryAccounts"]


@frozen(kw_only=True, eq=False, repr=False)
class DiscretionaryAccount(Record):
    """An account that a customer entrusted to the firm (일임 계좌).

    Its numbers are masked, and its holder's name is never shown. A contract whose status the broker did not send, or
    that no document lists, counts as active: money must not vanish for want of a code.
    """

    broker: Broker = field(metadata={**BROKER, **NOT_ON_THE_WIRE})
    number: str = field(repr=masked_repr, metadata=MASKED_WITH_TWIN)
    """계좌번호 (`accNo`)"""
    holder: str | None = omitted_field()
    """계좌명 (`accName`): a person's name"""
    virtual_number: str | None = account_number_field()
    """가상계좌번호 (`virtualAccNo`)"""
    status: ContractStatus | None = None
    """일임설정상태 (`contractStatus`)"""
    raw: Mapping[str, object] = raw_field()
    twin: int = twin_field()

    @property
    def is_active(self) -> bool:
        """Whether the contract has neither been terminated nor matured."""
        return self.status not in (ContractStatus.TERMINATED, ContractStatus.MATURED)

    @property
    def masked_number(self) -> str:
        """The number's first and last four digits, and which it is where the broker has several such."""
        return masked_number(self.number, twin=self.twin)

    @property
    def account(self) -> VirtualAccount:
        """The account as outcomes and holdings name it: by broker and number, without its holder."""
        return VirtualAccount(broker=self.broker, number=self.number, twin=self.twin)

    def __str__(self) -> str:
        return f"{self.broker.short_name} {self.masked_number}"


@frozen(kw_only=True, eq=False, repr=False)
class DiscretionaryAccounts(Record):
    """The firm's accounts at one broker, as listed; `notes` say what was tolerated on the way."""

    broker: Broker = field(metadata=BROKER)
    accounts: tuple[DiscretionaryAccount, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def active(self) -> tuple[DiscretionaryAccount, ...]:
        """The accounts whose contract is in force."""
        return tuple(account for account in self.accounts if account.is_active)

    def __iter__(self) -> Iterator[DiscretionaryAccount]:
        return iter(self.accounts)

    def __len__(self) -> int:
        return len(self.accounts)
