"""The rows of one instrument, and what they come to while they are gathered, each row looked at once."""

from decimal import Decimal
from typing import Any, Self

from attrs import define

from koscom_async._decimals import ZERO, total
from koscom_async.models.account import BalanceRow
from koscom_async.models.codes import Product, TradeType
from koscom_async.models.member import VirtualAccount
from koscom_async.models.positions import Lot, lots_of

ON_CREDIT = frozenset({TradeType.MARGIN, TradeType.LOAN})


@define(eq=False, weakref_slot=False)
class Group:
    """The rows of one instrument, with their sums: `None` as soon as one addend is not known.

    Of product and name it has what the rows agree on; where brokers differ, the same choice whatever the order.
    """

    row: BalanceRow
    """The first"""
    account: VirtualAccount
    """The first row's"""
    quantity: Decimal | None
    cost: Decimal | None
    value: Decimal | None
    has_costs: bool
    credit_value: Decimal | None
    product: Product | None
    is_derivative: bool
    name: str | None
    was_counted: bool = False
    """Whether it was taken for no derivative before a row came that says it is one"""
    further: list[Any] | None = None
    """Each further row, followed by its account; `None` where there is none, as a list is a third of what is made"""

    @classmethod
    def begun(cls, row: BalanceRow, account: VirtualAccount) -> Self:
        """Return the group of one row; numbers as they came."""
        product, value, cost = row.product, row.value, row.cost
        return cls(
            row,
            account,
            row.quantity,
            cost,
            value,
            # A cost of 0 is how brokers spell "not known".
            bool(cost),
            total((value,)) if row.trade_type in ON_CREDIT else ZERO,
            product,
            product is not None and product.is_derivative,
            row.name,
        )

    def add(self, row: BalanceRow, account: VirtualAccount) -> None:  # noqa: C901  # as the docstring says
        """Take one more row in. Most of a merge's time is spent here: hence the plain steps, and nothing called."""
        further = self.further
        if further is None:
            self.further = [row, account]
        else:
            further.append(row)
            further.append(account)
        quantity = row.quantity
        if quantity is None:
            self.quantity = None
        elif self.quantity is not None:
            self.quantity += quantity
        cost = row.cost
        if cost is None:
            self.cost = None
        elif self.cost is not None:
            self.cost += cost
        if not cost:
            self.has_costs = False
        value = row.value
        if value is None:
            self.value = None
        elif self.value is not None:
            self.value += value
        if row.trade_type in ON_CREDIT:
            self.credit_value = total((self.credit_value, value))
        if row.product is not self.product:
            self._choose_product(row.product)
        name = row.name
        if name is not None and name != self.name:
            self._choose_name(name)

    def _choose_product(self, product: Product | None) -> None:
        known = [each for each in (self.product, product) if each is not None]
        self.product = min(known, key=_product_rank, default=None)
        if not self.is_derivative and self.product is not None and self.product.is_derivative:
            self.is_derivative = self.was_counted = True

    def _choose_name(self, name: str) -> None:
        # Brokers cut names; the fullest is what they mean.
        self.name = max((self.name or "", name), key=lambda each: (len(each), each))

    def rows(self) -> list[BalanceRow]:
        """Return the rows, in the order in which they came."""
        return [self.row, *(self.further or ())[::2]]

    def lots(self) -> tuple[Lot, ...]:
        """Return the rows as lots."""
        return lots_of(self.rows(), [self.account, *(self.further or ())[1::2]])


def _product_rank(product: Product) -> tuple[bool, bool, Product]:
    # What one broker knows for a future is one, though another call it a share.
    return (not product.is_derivative, not product.is_known, product)
