"""What the client says and what the reference reads, number by number."""

import json
import pickle
from collections import Counter

from koscom_async import Holdings, KoscomError
from tests.fuzz import reference, reference_merge


def key_of_account(account):
    return account.broker.short_name, account.number


def compare_portfolios(portfolios, expected):
    """Hold each instrument's number in each account against the reference."""
    ours = [
        (
            each.asset_class.value,
            each.code,
            each.quantity,
            tuple(sorted((*key_of_account(lot.account), repr(plain(lot.row.number))) for lot in each.lots)),
        )
        for each in portfolios.positions
    ]
    theirs = [
        (
            group[0][1].kind,
            group[0][1].tokens[0][2] if group[0][1].tokens else None,
            reference.added(row.quantity for _, row in group),
            tuple(sorted((*key, repr(plain(row.value))) for key, row in group)),
        )
        for group in reference_merge.grouped(expected)
    ]
    ours, theirs = (sorted(map(repr, map(plain, each))) for each in (ours, theirs))
    assert ours == theirs, f"portfolios differ\nclient:    {ours}\nreference: {theirs}"


def compare_transactions(history, expected):
    """Hold each account's transactions against the reference; they stand in the order of their days."""
    for key, account in expected.items():
        ours = [
            (
                row.on,
                row.type and row.type.value.upper(),
                row.code,
                row.amount_change,
                row.quantity_change,
                row.quantity_after,
            )
            for row in history.rows
            if key_of_account(row.account) == key
        ]
        theirs = [(day, sort and sort.upper(), *rest) for day, sort, *rest in account.rows]
        ours, theirs = (sorted(map(repr, map(plain, each))) for each in (ours, theirs))
        assert ours == theirs, f"transactions differ\nclient:    {ours}\nreference: {theirs}"
    days = [row.on for row in history.rows if row.on is not None]
    assert days == sorted(days), "the days are out of order"


def compare_watchlists(watchlists, expected):
    """Hold the symbols of each group against the reference."""
    ours = {
        (key_of_account(place.account), place.group, symbol.code)
        for symbol in watchlists.symbols
        for place in symbol.watched
    }
    theirs = {(key, *each) for key, account in expected.items() for each in account.rows}
    assert ours == theirs, f"watchlists differ\nclient:    {ours}\nreference: {theirs}"


def position_of(position):
    instrument = position.instrument
    return (
        instrument.asset_class.value,
        instrument.currency,
        instrument.code,
        position.quantity,
        position.cost,
        position.value,
        position.profit_loss,
        tuple(sorted(key_of_account(lot.account) for lot in position.lots)),
    )


def plain(value):
    """Return a value whose equal numbers look equal."""
    if isinstance(value, tuple | list):
        return tuple(map(plain, value))
    return (
        f"{value.normalize() + 0:f}" if hasattr(value, "normalize") and not isinstance(value, str) else value
    )


def compare_holdings(holdings, expected):
    """Hold every number of the holdings against the accounts that the client has read."""
    positions, totals = reference_merge.merge(expected)
    check_repeated_rows(holdings, expected)
    ours = sorted(map(repr, map(plain, map(position_of, holdings.positions))))
    theirs = sorted(map(repr, map(plain, positions)))
    assert ours == theirs, f"positions differ\nclient:    {ours}\nreference: {theirs}"
    cash = {each.currency: each for each in holdings.cash}
    by_currency = {each.currency: each for each in holdings.all_totals}
    if holdings.outcomes and not expected:
        assert {name: each.value for name, each in by_currency.items()} == {"KRW": None}, (
            "blind, and says a number"
        )
        return
    assert by_currency.keys() == totals.keys(), "currencies differ"
    for name, sums in totals.items():
        total = by_currency[name]
        found = {"value": total.value, "cost": total.cost}
        if name in cash:
            found |= {
                "cash": total.cash,
                "counted": cash[name].counted,
                "debts": total.liabilities,
                "net worth": total.net_worth,
            }
        for what, number in found.items():
            assert plain(number) == plain(sums[what]), f"{what} in {name}: {number} is not {sums[what]}"


def check_repeated_rows(holdings, expected):
    """Check that a row which came twice in one account is a doubt."""
    for key, account in expected.items():
        seen = Counter(
            (row.kind, row.currency, json.dumps(row.sent, sort_keys=True, default=str))
            for row in account.rows
            if row.quantity or row.cost or row.value
        )
        if seen and max(seen.values()) > 1:
            doubted = {key_of_account(each.account) for each in holdings.doubts}
            assert key in doubted, "the same row came twice, and no doubt says so"


def check_kept(answer):
    """Check that an answer can be kept and taken up again."""
    again = pickle.loads(pickle.dumps(answer))  # noqa: S301  # what we pickled
    assert shown(again) == shown(answer), "pickled, and another one"
    json.dumps(answer.to_dicts(), ensure_ascii=False).encode()
    if isinstance(answer, Holdings):
        text = answer.to_json()
        text.encode()
        taken_up = Holdings.from_json(text)
        assert shown(taken_up) == shown(answer), "to_json, from_json, and another one"
        assert taken_up.to_json() == text, "to_json differs from that of the answer that it was read into"


def shown(answer):
    """Return all of an answer but its times."""
    if isinstance(answer, KoscomError):
        return repr(answer)
    facts = [
        getattr(answer, name) for name in answer.__slots__ if name not in {"outcomes", "as_of", "__weakref__"}
    ]
    read = [
        [repr(getattr(each, name, None)) for name in ("account", "balance", "portfolio", "error", "rows")]
        for each in answer.outcomes
    ]
    return facts, read
