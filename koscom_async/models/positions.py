"""What is held: instruments, positions across all brokers, and the lots that they are made of. Records only."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from attrs import field, frozen

from koscom_async import export
from koscom_async.models.codes import AssetClass, Product, TradeType
from koscom_async.models.member import VirtualAccount

__all__ = ["Instrument", "Lot", "MatchedBy", "Position"]


@frozen(kw_only=True)
class Instrument:
    """What is held. `code` is the ISIN, or the fund code; `None` where no broker said.

    `isin` is a code whose check digit holds; `other_codes` are further codes that rows gave for the same instrument.
    """

    asset_class: AssetClass
    product: Product | None = None
    code: str | None = None
    isin: str | None = None
    other_codes: tuple[str, ...] = ()
    name: str | None = None
    currency: str = "KRW"

    @property
    def label(self) -> str:
        """The best word for it that there is: name, code, or product."""
        return self.name or self.code or str(self.product or self.asset_class)


@frozen(kw_only=True)
class Lot:
    """One row of one account, with the row's own numbers, as the broker sent them.

    `profit_loss` and `return_rate` are the broker's; `rate` is won for one unit of a foreign currency, `loan` what
    is owed for this row. `None` is what it did not send.
    """

    account: VirtualAccount
    trade_type: TradeType | None = None
    quantity: Decimal | None = None
    cost: Decimal | None = None
    value: Decimal | None = None
    profit_loss: Decimal | None = None
    return_rate: Decimal | None = None
    rate: Decimal | None = None
    loan: Decimal | None = None
    raw: Mapping[str, object] = field(factory=dict, repr=False, eq=False, metadata={"omitted": True})


MatchedBy = Literal["code", "name", "nothing"]


@frozen(kw_only=True)
class Position:
    """One instrument, across all brokers; amounts in the instrument's currency.

    Quantity, cost and value are the sums over the lots, `None` where one lot's is not known. `profit_loss` is
    value less cost, `None` where a lot has no cost (a cost of 0 is none). `return_pct` is that in percent of the
    cost, cut after two decimals as the platform does. `weight` is the share, from 0 to 1, of securities and cash
    in KRW; `None` for foreign currencies and derivatives. `value_in_won` is the value at the brokers' own exchange
    rates, `None` where one is missing. `credit_value` is the value of the lots on margin or loan (신용, 대출), `loan`
    what is owed for the lots, where a broker tells. `matched_by` says how sure it is that the lots are one
    instrument: the same `"code"`, the same product and full `"name"`, or `"nothing"` (such a row stays alone).
    """

    instrument: Instrument
    quantity: Decimal | None = None
    cost: Decimal | None = None
    value: Decimal | None = None
    profit_loss: Decimal | None = None
    return_pct: Decimal | None = None
    weight: Decimal | None = None
    value_in_won: Decimal | None = None
    credit_value: Decimal | None = None
    loan: Decimal | None = None
    matched_by: MatchedBy = "code"
    lots: tuple[Lot, ...] = ()

    @property
    def is_derivative(self) -> bool:
        """Whether it is a future or an option, whose value is not money put in."""
        product = self.instrument.product
        return product is not None and product.is_derivative

    def counts_in(self, currency: str) -> bool:
        """Whether its value is part of the totals in that currency."""
        return self.instrument.currency == currency and not self.is_derivative

    def _repr_html_(self) -> str:
        return export.pages.position_view(self)
