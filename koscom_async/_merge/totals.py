"""Sums over positions and cash, a currency at a time; currencies are never added, only converted where all can be."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from attrs import define, evolve, field

from koscom_async._decimals import difference, owed, percent, total
from koscom_async._merge.draft import GroupDraft
from koscom_async.models.account import WON
from koscom_async.models.holdings import AccountReconciliation, Cash, Totals


@define(eq=False)
class Securities:
    """The groups in one currency, futures and options apart, as their value is not money put in."""

    counted: list[GroupDraft] = field(factory=list)
    derivatives: list[GroupDraft] = field(factory=list)


_NONE = Securities()


def by_currency(groups: Iterable[GroupDraft]) -> Mapping[str, Securities]:
    """Return the groups by the currency whose totals they are part of."""
    securities: defaultdict[str, Securities] = defaultdict(Securities)
    for group in groups:
        own = securities[group.row.currency]
        (own.derivatives if group.is_derivative else own.counted).append(group)
    return securities


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
    counted = total(each.counted for each in cash if each.currency == WON)
    assets = total((in_won.value, counted))
    liabilities = total(account.liabilities for account in accounts)
    converted = total(group.value_in_won for each in securities.values() for group in each.counted)
    # Brokers give no rate for foreign cash: where there is any, what everything is worth in won is not known.
    rated_money = counted if all(each.counted == 0 for each in cash if each.currency != WON) else None
    return evolve(
        in_won,
        cash=money,
        unsettled=difference(counted, money),
        assets=assets,
        liabilities=liabilities,
        net_worth=difference(assets, liabilities),
        value_in_won=converted,
        net_worth_in_won=difference(total((converted, rated_money)), liabilities),
        reported_value=total(account.reported_value for account in accounts),
        reported_net_worth=total(account.reported_net_worth for account in accounts),
    )


def weighed_whole(securities: Mapping[str, Securities], totals: Totals) -> Decimal | None:
    """Return what weights are a part of: securities and cash in won; `None` where a part is negative or unknown."""
    value, assets = totals.value, totals.assets
    if value is None or assets is None or assets <= 0 or assets < value:
        return None
    parts = [group.value for group in securities.get(WON, _NONE).counted]
    is_negative = [part.is_signed() and bool(part) for part in parts if part is not None]
    return None if True in is_negative else assets


def foreign_totals(securities: Mapping[str, Securities], cash: tuple[Cash, ...]) -> tuple[Totals, ...]:
    """Sum up each other currency by itself."""
    money = {each.currency: each for each in cash if each.currency != WON}
    return tuple(
        _foreign(_summed(securities.get(currency, _NONE), currency), money.get(currency))
        for currency in sorted((securities.keys() | money.keys()) - {WON})
    )


def _foreign(securities: Totals, cash: Cash | None) -> Totals:
    if cash is None:  # as from the account service
        return securities
    assets = total((securities.value, cash.counted))
    liabilities = owed(cash.loan, cash.receivable)
    return evolve(
        securities,
        cash=cash.balance,
        unsettled=difference(cash.counted, cash.balance),
        assets=assets,
        liabilities=liabilities,
        net_worth=difference(assets, liabilities),
    )


def _summed(securities: Securities, currency: str) -> Totals:
    counted = [group for group in securities.counted if group.value or group.holds_anything]
    profits = [group.profit_loss for group in counted if group.profit_loss is not None]
    # Without any position the profit is zero; without any known cost it is not known.
    profit_loss = total(profits) if profits or not counted else None
    has_negative_cost = True in [group.has_negative_cost for group in counted]
    return Totals(
        currency=currency,
        cost=total([group.cost for group in counted]),
        value=total([group.value for group in counted]),
        profit_loss=profit_loss,
        return_pct=None
        if has_negative_cost
        else percent(profit_loss, total([group.cost for group in counted if group.profit_loss is not None])),
        value_without_cost=total([group.value for group in counted if group.profit_loss is None]),
        derivatives_value=total([group.value for group in securities.derivatives]),
    )
