"""The sandbox's own truth: who owns which account, and what lies in it, as frozen records with exact amounts.

Knows nothing of how a broker spells it (`dialects`), nor of what the example accounts hold (`accounts`).
"""

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256, sha512
from typing import TypeAlias, TypeVar, overload

from attrs import field, frozen

from koscom_async.sandbox.firm.records import DiscretionaryAccount

_SHOWN = 4


class AssetClass(StrEnum):
    """What a balance query may ask for (`assetType`)."""

    ALL = "ALL"
    CASH = "CASH"
    EQTY = "EQTY"
    FUND = "FUND"
    ETC = "ETC"


def _amount(value: str | Decimal) -> Decimal:
    return Decimal(value)


def _known_amount(value: str | Decimal | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _day(value: str | date | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _secret(_: object) -> str:
    return "'***'"


def _masked(number: str) -> str:
    return repr(f"{number[:_SHOWN]}…{number[-_SHOWN:]}")


@frozen(kw_only=True, cache_hash=True)
class Summary:
    """What a broker says of the whole account, in won; `None` where it does not report the figure."""

    cash: Decimal = field(converter=_amount)
    d1: Decimal | None = field(default=None, converter=_known_amount)
    d2: Decimal | None = field(default=None, converter=_known_amount)
    substitute: Decimal | None = field(default=None, converter=_known_amount)
    receivable: Decimal = field(converter=_amount)
    substitute_margin: Decimal | None = field(default=None, converter=_known_amount)
    loan: Decimal = field(converter=_amount)
    cost: Decimal = field(converter=_amount)
    value: Decimal = field(converter=_amount)
    profit_loss: Decimal = field(converter=_amount)
    total: Decimal = field(converter=_amount)
    withdrawable: Decimal | None = field(default=None, converter=_known_amount)


@frozen(cache_hash=True)
class Equity:
    """One row of shares and the like; amounts are in `currency`, rates in percent."""

    product: str
    isin: str
    trade_type: str
    quantity: Decimal = field(converter=_amount)
    cost: Decimal = field(converter=_amount)
    value: Decimal = field(converter=_amount)
    profit_loss: Decimal | None = field(default=None, converter=_known_amount)
    return_pct: Decimal | None = field(default=None, converter=_known_amount)
    name: str | None = None
    product_type: str | None = None
    currency: str = "KRW"


@frozen(cache_hash=True)
class Fund:
    """One row of a fund, in won; a cost of 0 is how a broker says that it does not know the cost."""

    code: str
    name: str
    cost: Decimal = field(converter=_amount)
    value: Decimal = field(converter=_amount)
    profit_loss: Decimal | None = field(default=None, converter=_known_amount)
    return_pct: Decimal | None = field(default=None, converter=_known_amount)
    first_bought: date | None = field(default=None, converter=_day)
    last_bought: date | None = field(default=None, converter=_day)
    maturity: date | None = field(default=None, converter=_day)
    fund_type: str | None = None
    currency: str = "KRW"


@frozen(cache_hash=True)
class Other:
    """One row of a bond or another product without a code, in won; a bond's quantity is its face amount."""

    product: str
    name: str
    trade_type: str
    quantity: Decimal = field(converter=_amount)
    cost: Decimal = field(converter=_amount)
    value: Decimal = field(converter=_amount)
    return_pct: Decimal | None = field(default=None, converter=_known_amount)
    currency: str = "KRW"


Row: TypeAlias = Equity | Fund | Other
T = TypeVar("T")


class Deferred(Sequence[T]):
    """What is made when it is looked at: of many people, few are asked about at a time. It remembers nothing itself.

    `keys` is what is known of each before it is made.
    """

    def __init__(self, make: Callable[[], Sequence[T]], *, keys: Sequence[tuple[str, str]] = ()) -> None:
        self._make = make
        self.keys = keys

    def __len__(self) -> int:
        return len(self._make())

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[T]: ...
    def __getitem__(self, place: int | slice) -> T | Sequence[T]:
        return self._make()[place]


@frozen(cache_hash=True)
class Movement:
    """One transaction, in the documents' sense: BID is a sale, ASK a purchase. `code` is `None` for money."""

    day: date
    kind: str
    code: str | None
    amount: Decimal
    quantity: Decimal
    after: Decimal


@frozen(cache_hash=True)
class WatchGroup:
    """One group of watched symbols."""

    name: str
    symbols: tuple[str, ...]
    modified: date | None = field(default=None, converter=_day)


@frozen(cache_hash=True)
class Part:
    """One row of a portfolio: `number` is a share in percent or a quantity, as the broker sees fit."""

    asset_class: AssetClass
    number: Decimal | None
    return_pct: Decimal | None
    product: str | None = None
    code: str | None = None
    name: str | None = None
    maturity: date | None = None


Entry: TypeAlias = Row | Movement | WatchGroup | Part


@frozen(kw_only=True)
class Account:
    """One virtual account at one broker."""

    broker: str
    number: str = field(repr=_masked)
    alias: str | None = None
    """The investor's own name for the account; the broker's short name stands where there is none."""
    summary: Summary
    equities: tuple[Equity, ...] = ()
    funds: tuple[Fund, ...] = ()
    others: tuple[Other, ...] = ()
    movements: Sequence[Movement] = field(default=(), repr=False)
    watchlist: tuple[WatchGroup, ...] = ()
    recorded: Mapping[str, "Recording"] = field(factory=dict, repr=False, eq=False)
    """Answers that are given word for word, by endpoint."""

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows, in the order in which an answer to `ALL` lists them."""
        return (*self.equities, *self.funds, *self.others)

    def rows_of(self, asset_class: AssetClass) -> tuple[Entry, ...]:
        """Return the rows that a query for that class is about; the summary is not a row."""
        match asset_class:
            case AssetClass.ALL:
                return self.rows
            case AssetClass.EQTY:
                return self.equities
            case AssetClass.FUND:
                return self.funds
            case AssetClass.ETC:
                return self.others
            case AssetClass.CASH:
                return ()

    def view(self, entries: Iterable[Entry]) -> "AccountView":
        """Return the account as a service sees it whose rows are these, and not the balance's."""
        return AccountView(
            broker=self.broker, number=self.number, summary=self.summary, entries=tuple(entries)
        )


@frozen(kw_only=True)
class AccountView(Account):
    """An account, of which one query sees only these rows."""

    entries: tuple[Entry, ...] = field(default=(), repr=False)

    def rows_of(self, asset_class: AssetClass) -> tuple[Entry, ...]:
        """Return the rows of the query."""
        return self.entries


@frozen(kw_only=True)
class Recording:
    """A question's body block, and the answer's text, with marks for what differs with each call."""

    question: Mapping[str, object]
    answer: str


@frozen(kw_only=True)
class Person:
    """A member of the portal: connecting information, name, access token and linked accounts."""

    ci: str = field(repr=_secret)
    name: str = field(repr=_secret)
    access_token: str = field(repr=_secret)
    accounts: Sequence[Account]

    @property
    def account_keys(self) -> Sequence[tuple[str, str]]:
        """Broker and number of each account, also of those that are not made yet."""
        if isinstance(self.accounts, Deferred):
            return self.accounts.keys
        return [(account.broker, account.number) for account in self.accounts]


@frozen
class Ledger:
    """Every person that the sandbox knows; the first is the gateway's `investor`."""

    people: tuple[Person, ...]
    discretionary: tuple[DiscretionaryAccount, ...] = ()
    _by_ci: dict[str, Person] = field(init=False, repr=False, eq=False)
    _by_account: dict[tuple[str, str], tuple[Person, int]] = field(init=False, repr=False, eq=False)

    @_by_ci.default
    def _index_people(self) -> dict[str, Person]:
        return {person.ci: person for person in self.people}

    @_by_account.default
    def _index_accounts(self) -> dict[tuple[str, str], tuple[Person, int]]:
        return {
            key: (person, place) for person in self.people for place, key in enumerate(person.account_keys)
        }

    @property
    def accounts(self) -> Sequence[Account]:
        """The accounts of the first person, in the order in which the consent list names them."""
        return self.people[0].accounts

    def of(self, broker: str) -> Account:
        """Return the first person's account at a broker."""
        return next(account for account in self.accounts if account.broker == broker)

    def person(self, ci: str) -> Person | None:
        """Return the person with that connecting information."""
        return self._by_ci.get(ci)

    def account(self, broker: str, number: str) -> tuple[Person, Account] | None:
        """Return an account that a broker keeps, with its owner."""
        person, place = self._by_account.get((broker, number), (None, 0))
        return None if person is None else (person, person.accounts[place])

    def foreign_to(self, account: Account) -> Account:
        """Return another person's account at the same broker."""
        owner, _ = self._by_account[account.broker, account.number]
        return next(
            person.accounts[place]
            for person in self.people
            if person is not owner
            for place, (broker, _) in enumerate(person.account_keys)
            if broker == account.broker
        )


def made_up_person(label: str, *, name: str, accounts: Sequence[Account]) -> Person:
    """Return a person whose connecting information and access token follow from a label."""
    seed = f"sandbox person {label}".encode()
    # SHA-512 gives the 64 bytes that a connecting information has.
    ci = b64encode(sha512(seed).digest()).decode()
    return Person(ci=ci, name=name, access_token=f"sandbox-{sha256(seed).hexdigest()}", accounts=accounts)


def with_check_digit(body: str) -> str:
    """Return a standard code: the first eleven characters, and the check digit that follows from them."""
    digits = "".join(str(int(letter, 36)) for letter in body)
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits)))
    return f"{body}{-sum(n // 10 + n % 10 for n in doubled) % 10}"
