"""Which rows are one instrument.

- a code decides: asset class, currency and code (ISIN, fund code, product code) equal;
- where a row gives several codes of one instrument (a short code beside the ISIN), all of them count as one;
- without a code, product and full name do; but never a fund's name, which is cut and may be two funds';
- a row with neither stays alone, and so does a fund without a code.
"""

from collections.abc import Iterable, Iterator

from attrs import define

from koscom_async.models.account import Balance, BalanceRow
from koscom_async.models.codes import AssetClass
from koscom_async.models.member import VirtualAccount
from koscom_async.models.positions import MatchedBy

Identity = tuple[object, ...]


@define(eq=False)
class RowGroup:
    """The rows that are one instrument, each with its account, and what made them one."""

    matched_by: MatchedBy
    rows: list[BalanceRow]
    accounts: list[VirtualAccount]


def grouped(balances: Iterable[Balance]) -> Iterable[RowGroup]:
    """Return the rows of all accounts, put together by instrument."""
    balances = list(balances)
    same = _synonyms(row for balance in balances for row in balance.rows)
    groups: dict[Identity, RowGroup] = {}
    for balance in balances:
        for row in balance.rows:
            matched_by, identity = _identity(row)
            if same:
                identity = same.get(identity, identity)
            group = groups.get(identity)
            if group is None:
                group = groups[identity] = RowGroup(matched_by, [], [])
            group.rows.append(row)
            group.accounts.append(balance.account)
    return groups.values()


def _identity(row: BalanceRow) -> tuple[MatchedBy, Identity]:
    # The record's class stands for its asset class: it is what is hashed fastest, a hundred thousand times.
    if row.code is not None:
        return "code", (row.code, row.currency, type(row))
    if row.name is not None and row.asset_class is not AssetClass.FUND:
        return "name", (row.name, row.product, row.currency, type(row), "name")
    return "nothing", (object(),)


def _identities(row: BalanceRow) -> Iterator[Identity]:
    for code in (row.code, *row.other_codes):
        if code is not None:
            yield (code, row.currency, type(row))


def _synonyms(rows: Iterable[BalanceRow]) -> dict[Identity, Identity]:
    """Return for each code that stands for an instrument beside others, one that stands for them all."""
    sets: dict[Identity, set[Identity]] = {}
    for row in rows:
        if not row.other_codes:
            continue
        joined = set(_identities(row))
        for identity in tuple(joined):
            joined |= sets.get(identity, set())
        for identity in joined:
            sets[identity] = joined
    return {identity: min(joined, key=str) for identity, joined in sets.items()}
