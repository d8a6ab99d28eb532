"""The market behind orders: what is sent for a contract account is accepted, executed as far as it goes, or rejected.

An order meets a hundred of an instrument at its price of today; the rest waits for an amendment that meets a hundred
more. Made up, as the platform's order service is in no public document.
"""

from collections.abc import Iterable
from datetime import datetime, time, timedelta, timezone
from decimal import Decimal

from attrs import evolve, frozen

from koscom_async.sandbox.firm.generator import PAPERS
from koscom_async.sandbox.firm.records import (
    BUY,
    SELL,
    WAITING,
    DiscretionaryAccount,
    Execution,
    Order,
    Paper,
)

DEPTH = Decimal(100)
EXECUTED, AMENDED, CANCELLED, REJECTED = "체결", "정정확인", "취소확인", "거부"
KINDS = {"L": "보통", "M": "시장가"}
SIDES = {"S": SELL, "B": BUY}
_FIRST_NUMBER = 9001
_KST = timezone(timedelta(hours=9))

AccountKey = tuple[str, str]


class Refused(Exception):
    """The desk does not take an order."""


@frozen(kw_only=True)
class Wanted:
    """An order as it came; what it leaves out is `None`."""

    client_id: str
    code: str | None = None
    side: str | None = None
    kind: str | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    original: str | None = None


class OrderDesk:
    """Every contract account, with what was ordered for it since the gateway was made."""

    def __init__(self, accounts: Iterable[DiscretionaryAccount]) -> None:
        self._accounts = {(each.broker, each.number): each for each in accounts}
        self._sent: dict[tuple[AccountKey, str], str] = {}  # by the client's id: the broker's number
        self._number = _FIRST_NUMBER

    @property
    def accounts(self) -> tuple[DiscretionaryAccount, ...]:
        """The accounts as they stand now."""
        return tuple(self._accounts.values())

    def has(self, account: AccountKey) -> bool:
        """Return whether there is such an account, with a contract in force."""
        return account in self._accounts and self._accounts[account].contract_status == "0"

    def find(self, account: AccountKey, client_id: str) -> Order | None:
        """Return an order by the client's id."""
        number = self._sent.get((account, client_id))
        return None if number is None else self._order(account, number)

    def place(self, account: AccountKey, wanted: Wanted) -> Order:
        """Take a new order, and hand it to the market."""
        paper = next((each for each in PAPERS if wanted.code in [code for _, code in each.codes]), None)
        if paper is None:
            raise Refused("isin: the market has no instrument with this standard code")
        if wanted.side not in SIDES or wanted.kind not in KINDS or wanted.quantity is None:
            raise Refused("side, kind or qty is not what it should be")
        if (wanted.price is None) != (wanted.kind == "M"):
            raise Refused("price: a limit order has one, a market order has none")
        order = self._new(account, wanted, paper, side=SIDES[wanted.side], quantity=wanted.quantity)
        return self._executed(account, evolve(order, kind=KINDS[wanted.kind]))

    def amend(self, account: AccountKey, wanted: Wanted) -> Order:
        """Take the place of an order with what is left of it, at another price or in a smaller quantity."""
        original = self._waiting(account, wanted)
        if (wanted.price is None) == (wanted.quantity is None):
            raise Refused("either the price is amended, of all that is left, or the quantity")
        left = original.left if wanted.quantity is None else wanted.quantity - original.executed
        if not 0 < left <= original.left:
            raise Refused("qty is raised, or below what is executed")
        order = self._new(account, wanted, original.paper, side=original.side, quantity=left)
        price = original.price if wanted.price is None else wanted.price
        self._put(account, evolve(original, state=AMENDED))
        return self._executed(
            account, evolve(order, price=price, kind=original.kind, original=original.number)
        )

    def cancel(self, account: AccountKey, wanted: Wanted) -> Order:
        """Cancel what is left of an order."""
        original = self._waiting(account, wanted)
        order = self._new(account, wanted, original.paper, side=original.side, quantity=original.left)
        self._put(account, evolve(original, state=CANCELLED))
        return self._put(
            account,
            evolve(
                order, price=original.price, state=CANCELLED, original=original.number, is_cancellation=True
            ),
        )

    def _new(
        self, account: AccountKey, wanted: Wanted, paper: Paper, *, side: str, quantity: Decimal
    ) -> Order:
        if (account, wanted.client_id) in self._sent:
            raise Refused("clientOrderNo was sent before")
        at = datetime.combine(self._accounts[account].today, time(10), _KST)
        placed_at = at + timedelta(seconds=self._number - _FIRST_NUMBER)
        number = f"{placed_at:%m%d}{self._number:05d}"
        self._number += 1
        self._sent[account, wanted.client_id] = number
        price = paper.price if wanted.price is None else wanted.price
        return Order(
            number=number,
            paper=paper,
            side=side,
            quantity=quantity,
            price=price,
            placed_at=placed_at,
            state=WAITING,
        )

    def _executed(self, account: AccountKey, order: Order) -> Order:
        """Keep an order with what the market has for it; reject one that the account cannot pay or deliver."""
        reason = self._reason(self._accounts[account], order)
        if reason is not None:
            return self._put(account, evolve(order, state="", reason=reason))
        market, is_buy = order.paper.price, order.side == BUY
        if market <= order.price if is_buy else market >= order.price:
            quantity = min(order.quantity, DEPTH)
            execution = Execution(
                number=self._number,
                quantity=quantity,
                price=market,
                at=order.placed_at + timedelta(seconds=1),
            )
            state = EXECUTED if quantity == order.quantity else WAITING
            order = evolve(order, executions=(execution,), state=state)
        return self._put(account, order)

    @staticmethod
    def _reason(account: DiscretionaryAccount, order: Order) -> str | None:
        if order.side == SELL:
            held = sum(
                (each.quantity for each in account.securities if each.paper == order.paper), Decimal(0)
            )
            return None if held >= order.quantity else "잔고 부족"
        return None if account.cash(order.paper.currency) >= order.quantity * order.price else "증거금 부족"

    def _waiting(self, account: AccountKey, wanted: Wanted) -> Order:
        number = self._sent.get((account, wanted.original or ""), wanted.original)
        original = self._order(account, number or "")
        if original is None or not original.left:
            raise Refused("nothing is left of the original order: executed, amended or cancelled")
        return original

    def _order(self, account: AccountKey, number: str) -> Order | None:
        return next((each for each in self._accounts[account].orders if each.number == number), None)

    def _put(self, account: AccountKey, order: Order) -> Order:
        """Keep an order, in the place of the one with its number."""
        owner = self._accounts[account]
        others = tuple(each for each in owner.orders if each.number != order.number)
        self._accounts[account] = evolve(owner, orders=(*others, order))
        return order
