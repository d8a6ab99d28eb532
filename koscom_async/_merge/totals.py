"""Sums over positions and cash, a currency at a time; currencies are never added, only converted where all can be."""

from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal

from attrs import define, evolve, field

from koscom_async._decimals import difference, percent, total
from koscom_async.models.account import WON
from koscom_async.models.positions import Position
from koscom_async.models.totals import AccountReconciliation, Cash, Totals

WEIGHT_STEP = Decimal("0.000001")


@define(eq=False)
class Securities:
    """The positions in one currency, futures and options apart, as their value is not money put in."""

    counted: list[Position] = field(factory=list)
    derivatives: list[Position] = field(factory=list)


_NONE = Securities()


def by_currency(positions: Iterable[Position]) -> Mapping[str, Securities]:
    """Return the positions by what they are counted in."""
    securities: dict[str, Securities] = {}
    for position in positions:
        instrument = position.instrument
        own = securities.get(instrument.currency)
        if own is None:
            own = securities[instrument.currency] = Securities()
        product = instrument.product
        (own.derivatives if product is not None and product.is_derivative else own.counted).append(position)
    return securities


def weigh(securities: Mapping[str, Securities], totals: Totals) -> None:
    """Give the positions their shares of securities and cash in won."""
    whole = totals.assets
    if not whole or whole < 0:
        return
    for position in securities.get(WON, _NONE).counted:
        if position.value is not None:
            # Nobody has seen the position yet, so it may still be filled: to make it anew would double the work.
            _set_weight(position, (position.value / whole).quantize(WEIGHT_STEP, ROUND_HALF_EVEN))


_set_weight: Callable[[Position, Decimal], None] = vars(Position)["weight"].__set__  # as its constructor does


def won_totals(
    securities: Mapping[str, Securities],
    cash: tuple[Cash, ...],
    accounts: tuple[AccountReconciliation, ...],
    *,
    is_blind: bool,
) -> Totals:
    """Sum up what is in won. Where no account could be read nothing is known, which is not nothing."""
    if is_blind:
        return Totals(currency=WON)
    in_won = _summed(securities.get(WON, _NONE), WON)
    money = total(each.balance for each in cash if each.currency == WON)
    assets = total((in_won.value, money))
    liabilities = total(account.liabilities for account in accounts)
    converted = total(position.value_in_won for each in securities.values() for position in each.counted)
    # Brokers give no rate for foreign cash: where there is any, what everything is worth in won is not known.
    rated_money = money if all(each.balance == 0 for each in cash if each.currency != WON) else None
    return evolve(
        in_won,
        cash=money,
        assets=assets,
        liabilities=liabilities,
        net_worth=difference(assets, liabilities),
        value_in_won=converted,
        net_worth_in_won=difference(total((converted, rated_money)), liabilities),
        reported_value=total(account.reported_value for account in accounts),
        reported_net_worth=total(account.reported_net_worth for account in accounts),
    )


def foreign_totals(securities: Mapping[str, Securities], cash: tuple[Cash, ...]) -> tuple[Totals, ...]:
    """Sum up each other currency by itself."""
    money = {each.currency: each for each in cash if each.currency != WON}
    return tuple(
        _foreign(_summed(securities.get(currency, _NONE), currency), money.get(currency))
        for currency in sorted((securities.keys() | money.keys()) - {WON})
    )


def _foreign(securities: Totals, cash: Cash | None) -> Totals:
    if cash is None:  # the account service tells of none
        return securities
    assets = total((securities.value, cash.balance))
    liabilities = total((cash.loan, cash.receivable))
    return evolve(
        securities,
        cash=cash.balance,
        assets=assets,
        liabilities=liabilities,
        net_worth=difference(assets, liabilities),
    )


def _summed(securities: Securities, currency: str) -> Totals:
    counted = securities.counted
    with_profit = [position for position in counted if position.profit_loss is not None]
    # Nothing held has made no profit; but where no cost is known, neither is the profit.
    profit_loss = (
        total([position.profit_loss for position in with_profit]) if with_profit or not counted else None
    )
    return Totals(
        currency=currency,
        cost=total([position.cost for position in counted]),
        value=total([position.value for position in counted]),
        profit_loss=profit_loss,
        return_pct=percent(profit_loss, total([position.cost for position in with_profit])),
        value_without_cost=total([position.value for position in counted if position.profit_loss is None]),
        derivatives_value=total([position.value for position in securities.derivatives]),
    )
