"""Sums over positions and cash, a currency at a time; currencies are never added, only converted where all can be."""

from collections.abc import Iterable

from attrs import evolve

from koscom_async._exact import difference, percent, total
from koscom_async.models.account import WON
from koscom_async.models.positions import Position
from koscom_async.models.totals import AccountReconciliation, Cash, Totals


def won_totals(
    positions: list[Position],
    cash: tuple[Cash, ...],
    accounts: tuple[AccountReconciliation, ...],
    *,
    is_blind: bool,
) -> Totals:
    """Sum up what is in won. Where no account could be read nothing is known, which is not nothing."""
    if is_blind:
        return Totals(currency=WON)
    securities = securities_in(positions, WON)
    money = total(each.balance for each in cash if each.currency == WON)
    assets = total((securities.value, money))
    liabilities = total(account.liabilities for account in accounts)
    in_won = total(position.value_in_won for position in positions if not position.is_derivative)
    # Brokers give no rate for foreign cash: where there is any, what everything is worth in won is not known.
    rated_money = money if all(each.balance == 0 for each in cash if each.currency != WON) else None
    return evolve(
        securities,
        cash=money,
        assets=assets,
        liabilities=liabilities,
        net_worth=difference(assets, liabilities),
        value_in_won=in_won,
        net_worth_in_won=difference(total((in_won, rated_money)), liabilities),
        reported_value=total(account.reported_value for account in accounts),
        reported_net_worth=total(account.reported_net_worth for account in accounts),
    )


def foreign_totals(positions: list[Position], cash: tuple[Cash, ...]) -> tuple[Totals, ...]:
    """Sum up each other currency by itself."""
    money = {each.currency: each for each in cash if each.currency != WON}
    currencies = {position.instrument.currency for position in positions} - {WON}
    return tuple(
        _foreign(positions, currency, money.get(currency)) for currency in sorted(currencies | set(money))
    )


def _foreign(positions: list[Position], currency: str, cash: Cash | None) -> Totals:
    securities = securities_in(positions, currency)
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


def securities_in(positions: Iterable[Position], currency: str) -> Totals:
    """Sum up the positions in one currency, derivatives apart."""
    in_currency = [position for position in positions if position.instrument.currency == currency]
    counted = [position for position in in_currency if not position.is_derivative]
    with_profit = [position for position in counted if position.profit_loss is not None]
    # Nothing held has made no profit; but where no cost is known, neither is the profit.
    profit_loss = (
        total(position.profit_loss for position in with_profit) if with_profit or not counted else None
    )
    return Totals(
        currency=currency,
        cost=total(position.cost for position in counted),
        value=total(position.value for position in counted),
        profit_loss=profit_loss,
        return_pct=percent(profit_loss, total(position.cost for position in with_profit)),
        value_without_cost=total(position.value for position in counted if position.profit_loss is None),
        derivatives_value=total(position.value for position in in_currency if position.is_derivative),
    )
