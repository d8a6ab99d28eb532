"""What the accounts of one investor are together: the same instrument once, and the sums of each currency."""

import re
from collections import defaultdict

from tests.fuzz.reference import added, is_filler

OTHER = 3
"""The rank of codes that are neither ISIN nor fund code nor standard code: none of them is better than another."""


def less(first, second):
    return None if first is None or second is None else first - second


def grouped(accounts):
    """Return the rows of each instrument."""
    groups = defaultdict(list)
    owners = claims([row for account in accounts.values() for row in account.rows])
    for key, account in accounts.items():
        for row in account.rows:
            groups[row.kind, row.currency, instrument(row, owners)].append((key, row))
    return list(groups.values())


def instrument(row, owners):
    best = [token for token in row.tokens if token[0] == row.tokens[0][0]]
    if len(best) > 1 and best[0][0] < OTHER:
        return tuple(best)  # two standard codes in one row: neither the one nor the other
    if best:
        return resolve((row.kind, row.currency), best[0], owners) or ("alone", id(row))
    if row.name and row.kind != "FUND" and not is_filler(re.sub(r"[\W_]", "", row.name).upper()):
        return ("name", row.name, row.product)
    return ("alone", id(row))


def claims(rows):
    """Return beside which better codes, or equals of the last rank, a code was given."""
    owners = defaultdict(set)
    for row in rows:
        if not row.is_empty and row.tokens:
            first = row.tokens[0][0]
            best = [token for token in row.tokens if token[0] == first]
            for token in row.tokens:
                better = best if token[0] > first or first == OTHER else []
                owners[row.kind, row.currency, token] |= set(better) - {token}
                for each in better if first == OTHER else ():
                    owners[row.kind, row.currency, each] |= {token} - {each}
    return owners


def resolve(kind, token, owners):
    """Return the code that stands for the instrument; `None` where several claim this one."""
    alike, better = {token}, set()
    while True:
        found = set().union(*(owners.get((*kind, each), set()) for each in alike))
        better |= {each for each in found if each[0] < token[0]}
        more = {each for each in found if each[0] == token[0]} - alike
        if not more:
            break
        alike |= more
    if not better:
        return min(alike)
    stand_for = {resolve(kind, each, owners) for each in better}
    return stand_for.pop() if len(stand_for) == 1 else None


def is_derivative(group):
    rows = [row for _, row in group]
    return any(
        row.product in {"FUT", "OPT"} for row in ([each for each in rows if not each.is_empty] or rows)
    )


def position(group):
    """Return what is expected of a position: asset class, currency, code, sums, profit, and its rows."""
    rows = [row for _, row in group]
    tokens = sorted(token for row in rows for token in row.tokens)
    quantity, cost, value = (
        added(getattr(row, each) for row in rows) for each in ("quantity", "cost", "value")
    )
    has_costs = all(row.cost or row.is_empty for row in rows)
    return (
        rows[0].kind,
        rows[0].currency,
        tokens[0][2] if tokens else None,
        quantity,
        cost,
        value,
        less(value, cost) if has_costs else None,
        tuple(sorted(key for key, _ in group)),
    )


def counted_cash(account, rows_value, name):
    """Return the view that makes the broker's total; where none does, the latest that is known."""
    views = [view for view in account.cash.get(name, ()) if view is not None]
    for value in (rows_value, account.value):
        for view in views if account.total and value is not None and name == "KRW" else ():
            if value + view == account.total:
                return view
    return views[-1] if views else None


def merge(accounts):
    """Return positions, and for each currency the value, cost, cash, counted cash, debts and net worth."""
    groups = grouped(accounts)
    positions = sorted(map(position, groups), key=repr)
    values = defaultdict(list)
    costs = defaultdict(list)
    in_won = {key: [] for key in accounts}
    for group in groups:
        if not is_derivative(group):
            values[group[0][1].currency] += [row.value for _, row in group]
            costs[group[0][1].currency] += [row.cost for _, row in group]
            for key, row in group:
                in_won[key] += [row.value] if row.currency == "KRW" else []
    names = {"KRW", *values, *(row.currency for account in accounts.values() for row in account.rows)}
    names |= {name for account in accounts.values() for name in account.cash}
    totals = {}
    for name in names:
        having = {key: each for key, each in accounts.items() if name == "KRW" or name in each.cash}
        value, cost = added(values[name]), added(costs[name])
        counted = added(counted_cash(each, added(in_won[key]), name) for key, each in having.items())
        cash = added(each.cash.get(name, [None])[0] for each in having.values())
        debts = added(each.debts.get(name) for each in having.values())
        assets = None if value is None or counted is None else value + counted
        totals[name] = {"value": value, "cost": cost, "cash": cash, "counted": counted, "debts": debts,
                        "net worth": less(assets, debts)}  # fmt: skip
    return positions, totals
