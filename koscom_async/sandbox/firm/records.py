"""A contract account's truth: deposits and orders, from which everything else follows.

Settlements, trade book, securities and cash are derived, so that executions add up to them by construction.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from attrs import field, frozen

SELL, BUY = "1", "2"
SETTLEMENT = timedelta(days=2)
WAITING = "접수"
_SHOWN = 4
_COMMISSION, _TAX = Decimal("0.0001"), Decimal("0.0018")


def _secret(_: object) -> str:
    return "'***'"


def _masked(number: str) -> str:
    return repr(f"{number[:_SHOWN]}…{number[-_SHOWN:]}")


@frozen(kw_only=True)
class Paper:
    """An instrument: its codes as kind and code, its price today, and won for one unit of its currency."""

    asset_class: str
    product: str
    codes: tuple[tuple[str, str], ...]
    name: str
    price: Decimal
    currency: str = "KRW"
    rate: Decimal = Decimal(0)
    exchange: str | None = None


@frozen(kw_only=True)
class Execution:
    """One execution of an order."""

    number: int
    quantity: Decimal
    price: Decimal
    at: datetime


@frozen
class Cost:
    """One cost, by its Korean name."""

    name: str
    amount: Decimal


@frozen(kw_only=True)
class Order:
    """One order; it is settled two days after."""

    number: str
    paper: Paper
    side: str
    quantity: Decimal
    price: Decimal
    placed_at: datetime
    executions: tuple[Execution, ...] = ()
    kind: str = "보통"
    state: str = ""
    reason: str | None = None
    original: str | None = None
    """The number of the order that this one amends or cancels."""
    is_cancellation: bool = False

    @property
    def left(self) -> Decimal:
        """The quantity that waits for the market."""
        return self.quantity - self.executed if self.state == WAITING else Decimal(0)

    @property
    def day(self) -> date:
        """The day of the order."""
        return self.placed_at.date()

    @property
    def settles_on(self) -> date:
        """The day on which money and securities change hands."""
        return self.day + SETTLEMENT

    @property
    def executed(self) -> Decimal:
        """The quantity that was executed."""
        return sum((each.quantity for each in self.executions), Decimal(0))

    @property
    def amount(self) -> Decimal:
        """Quantity by price of every execution."""
        return sum((each.quantity * each.price for each in self.executions), Decimal(0))

    @property
    def costs(self) -> tuple[Cost, ...]:
        """A commission, and for a sale the tax; to the cent, or to the won."""
        cent = Decimal(1) if self.paper.currency == "KRW" else Decimal("0.01")
        commission = Cost("일반수수료", (self.amount * _COMMISSION).quantize(cent))
        tax = Cost("거래세", (self.amount * _TAX).quantize(cent))
        return (commission, tax) if self.side == SELL else (commission,)

    @property
    def cost_total(self) -> Decimal:
        """All costs."""
        return sum((cost.amount for cost in self.costs), Decimal(0))

    @property
    def cash_change(self) -> Decimal:
        """What the order does to the cash, costs included."""
        return (self.amount if self.side == SELL else -self.amount) - self.cost_total

    @property
    def quantity_change(self) -> Decimal:
        """What the order does to the holding."""
        return -self.executed if self.side == SELL else self.executed


@frozen(kw_only=True)
class Deposit:
    """Money that the customer brought."""

    day: date
    currency: str
    amount: Decimal


@frozen(kw_only=True)
class Entry:
    """One line of the trade book, with what is left of cash and securities after it."""

    day: date
    kind: str
    currency: str
    amount: Decimal
    cash: Decimal
    order: Order | None = None
    quantity: Decimal = Decimal(0)


@frozen(kw_only=True)
class Security:
    """What is held of one instrument, at the cost of what was bought first and is still there."""

    paper: Paper
    quantity: Decimal
    cost: Decimal
    last_bought: date

    @property
    def value(self) -> Decimal:
        """The value at today's price."""
        return self.quantity * self.paper.price


@frozen(kw_only=True)
class DiscretionaryAccount:
    """An account under a discretionary contract (일임 계좌) with the firm that asks, as it stands on `today`."""

    broker: str
    number: str = field(repr=_masked)
    holder: str = field(repr=_secret)
    virtual_number: str = field(repr=_masked)
    contract_status: str = "0"
    today: date = date(2024, 3, 13)
    deposits: tuple[Deposit, ...] = ()
    orders: tuple[Order, ...] = ()

    @property
    def executed(self) -> tuple[Order, ...]:
        """The orders of which something was executed, the first one first."""
        return tuple(sorted((o for o in self.orders if o.executions), key=lambda order: order.placed_at))

    @property
    def unsettled(self) -> tuple[Order, ...]:
        """The executed orders that are settled after today."""
        return tuple(order for order in self.executed if order.settles_on > self.today)

    @property
    def currencies(self) -> tuple[str, ...]:
        """Every currency of which there is a view of the cash."""
        return tuple(dict.fromkeys(("KRW", *(deposit.currency for deposit in self.deposits))))

    def cash(self, currency: str, *, days: int = 2) -> Decimal:
        """Return the cash as it stands after the settlements of that many days more."""
        last = self.today + timedelta(days=days)
        brought = (each.amount for each in self.deposits if each.currency == currency)
        traded = (
            order.cash_change
            for order in self.executed
            if order.paper.currency == currency and order.settles_on <= last
        )
        return sum((*brought, *traded), Decimal(0))

    @property
    def securities(self) -> tuple[Security, ...]:
        """What is held on execution basis, instrument by instrument."""
        papers = dict.fromkeys(order.paper for order in self.executed)
        held = (_held(paper, [o for o in self.executed if o.paper == paper]) for paper in papers)
        return tuple(security for security in held if security.quantity)

    @property
    def book(self) -> tuple[Entry, ...]:
        """The trade book: deposits and executed orders in their order, with what was left after each."""
        return tuple(self._entries())

    def _entries(self) -> Iterator[Entry]:
        cash = dict.fromkeys(self.currencies, Decimal(0))
        quantities: dict[Paper, Decimal] = {}
        for deposit in self.deposits:
            cash[deposit.currency] += deposit.amount
            yield Entry(
                day=deposit.day,
                kind="DEP",
                currency=deposit.currency,
                amount=deposit.amount,
                cash=cash[deposit.currency],
            )
        for order in self.executed:
            currency = order.paper.currency
            cash[currency] = cash.get(currency, Decimal(0)) + order.cash_change
            quantities[order.paper] = quantities.get(order.paper, Decimal(0)) + order.quantity_change
            yield Entry(
                day=order.day,
                kind="BID" if order.side == SELL else "ASK",  # BID is a sale (매도) in the tables
                currency=currency,
                amount=order.cash_change,
                cash=cash[currency],
                order=order,
                quantity=quantities[order.paper],
            )


def _held(paper: Paper, orders: list[Order]) -> Security:
    lots: list[list[Decimal]] = []  # quantity and price of what was bought and not sold yet
    last = orders[0].day
    for order in orders:
        for each in order.executions:
            if order.side == BUY:
                lots.append([each.quantity, each.price])
                last = order.day
            else:
                _sell(lots, each.quantity)
    quantity = sum((lot[0] for lot in lots), Decimal(0))
    return Security(
        paper=paper,
        quantity=quantity,
        cost=sum((lot[0] * lot[1] for lot in lots), Decimal(0)),
        last_bought=last,
    )


def _sell(lots: list[list[Decimal]], quantity: Decimal) -> None:
    while quantity and lots:
        sold = min(quantity, lots[0][0])
        lots[0][0] -= sold
        quantity -= sold
        if not lots[0][0]:
            lots.pop(0)
