"""A group draft: the rows of one instrument and their sums, while rows are added one by one."""

from decimal import Decimal
from typing import Any, Self

from attrs import define

from koscom_async._decimals import ZERO, total
from koscom_async.models.account import WON, BalanceRow
from koscom_async.models.codes import Product, TradeType
from koscom_async.models.member import VirtualAccount
from koscom_async.models.positions import Lot, MatchedBy, lots_of

_MARGIN, _LOAN = TradeType.MARGIN, TradeType.LOAN


@define(eq=False, weakref_slot=False)
class GroupDraft:
    """The rows of one instrument, with their sums: `None` as soon as one addend is not known.

    The product is what the rows agree on; where brokers differ, the choice does not depend on their order. A row with
    nothing in it has no say in anything.
    """

    quantity: Decimal | None
    cost: Decimal | None
    value: Decimal | None
    product: Product | None
    name: str | None
    """The first name that came"""
    further: list[Any] | None
    """Each further row, followed by its account; `None` where there is none, as a list costs a third of the draft"""
    row: BalanceRow
    """The first row"""
    account: VirtualAccount
    """The first row's account"""
    matched_by: MatchedBy
    has_costs: bool
    """Whether each row that has anything in it has a cost"""
    has_negative_cost: bool
    credit_value: Decimal | None
    is_derivative: bool
    latest: VirtualAccount
    """The latest row's account"""
    comes_again: bool = False
    """Whether an account holds it in several rows; an account's rows come one after the other"""
    has_several_names: bool = False
    was_counted: bool = False
    """Whether it counted as no derivative before a row came that says it is one"""
    profit_loss: Decimal | None = None
    """Value less cost, where every row with anything in it has both; known when the draft is closed"""

    @classmethod
    def of_row(cls, row: BalanceRow, account: VirtualAccount, matched_by: MatchedBy) -> Self:
        """Return the draft of one row; numbers as they came."""
        product, cost = row.product, row.cost
        return cls(
            row.quantity,
            cost,
            row.value,
            product,
            row.name,
            None,
            row,
            account,
            matched_by,
            # Brokers send a cost of 0 when they do not know it.
            True if cost else row.is_empty,
            cost.is_signed() if cost else False,
            total((row.value,)) if row.trade_type in (_MARGIN, _LOAN) else ZERO,
            product is not None and product.is_derivative,
            account,
        )

    def add(self, row: BalanceRow, account: VirtualAccount) -> None:  # noqa: C901, PLR0912  # see the docstring
        """Add a row. Most of a merge's time is spent here: hence the plain steps, and no calls for usual rows."""
        further = self.further
        if further is None:
            self.further = [row, account]
        else:
            further.append(row)
            further.append(account)
        if account is self.latest:
            self.comes_again = True
        else:
            self.latest = account
        cost = row.cost
        if cost and not cost.is_signed():  # a comparison costs twice as much
            if self.cost is not None:
                self.cost += cost
        elif cost is None:
            self.cost = None
            self.has_costs = False
        elif not row.value and row.is_empty:
            return
        else:
            self._add_odd_cost(cost)
        value = row.value
        if value is None:
            self.value = None
        elif self.value is not None:
            self.value += value
        quantity = row.quantity
        if quantity is None:
            self.quantity = None
        elif self.quantity is not None:
            self.quantity += quantity
        trade_type = row.trade_type
        if trade_type is _MARGIN or trade_type is _LOAN:
            self.credit_value = total((self.credit_value, value))
        if row.product is not self.product:
            self._choose_product(row.product)
        name = row.name
        if name is not None and name != self.name:
            self._take_name(name)

    def _add_odd_cost(self, cost: Decimal) -> None:
        """Add a cost of 0, as brokers spell an unknown one, or a negative one."""
        if self.cost is not None:
            self.cost += cost
        self.has_costs = self.has_costs and bool(cost)
        self.has_negative_cost = self.has_negative_cost or bool(cost)

    def describe(self, row: BalanceRow) -> None:
        """Let a row with nothing in it say what the instrument is, where all rows are such."""
        self._choose_product(row.product)
        if row.name is not None and row.name != self.name:
            self._take_name(row.name)

    def _take_name(self, name: str) -> None:
        self.has_several_names = self.name is not None
        self.name = self.name or name

    def _choose_product(self, product: Product | None) -> None:
        known = [each for each in (self.product, product) if each is not None]
        self.product = min(known, key=product_rank, default=None)
        if not self.is_derivative and self.product is not None and self.product.is_derivative:
            self.is_derivative = self.was_counted = True

    def close(self) -> None:
        """Work out what totals and positions both need, after the last row."""
        if self.has_costs and self.cost is not None and self.value is not None:
            self.profit_loss = self.value - self.cost

    @property
    def holds_anything(self) -> bool:
        """Whether quantity, cost or value is not zero, or not known."""
        return not (self.has_costs and self.value == ZERO and self.cost == ZERO and self.quantity == ZERO)

    @property
    def value_in_won(self) -> Decimal | None:
        """The value at the brokers' own exchange rates, where every row has one."""
        return self.value if self.row.currency == WON else total([row.value_in_won for row in self.rows()])

    def described_by(self) -> list[BalanceRow]:
        """Return the rows that say what the instrument is: those with anything in them, or all where there is none."""
        rows = self.rows()
        return [row for row in rows if not row.is_empty] or rows

    def rows(self) -> list[BalanceRow]:
        """Return the rows, in the order in which they came."""
        return [self.row, *(self.further or ())[::2]]

    def accounts(self) -> list[VirtualAccount]:
        """Return the account of each row."""
        return [self.account, *(self.further or ())[1::2]]

    def lots(self) -> tuple[Lot, ...]:
        """Return the rows as lots."""
        return lots_of(self.rows(), self.accounts())


def product_rank(product: Product) -> tuple[bool, bool, Product]:
    """Return what puts products in order where brokers differ: the least is taken."""
    # What one broker calls a future is one, even if another calls it a share.
    return (not product.is_derivative, not product.is_known, product)
