"""Which rows are one instrument.

- a code decides: asset class, currency and code (ISIN, fund code, product code) equal;
- where a row gives several codes of one instrument (a short code beside the ISIN), all of them count as one;
- without a code, product and full name do; but never a fund's name, which is cut and may be two funds';
- a row with neither stays alone, and so does a fund without a code.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence

from attrs import define, field

from koscom_async._slices import Slices, sliced
from koscom_async.models.account import Balance, BalanceRow
from koscom_async.models.codes import AssetClass
from koscom_async.models.member import VirtualAccount
from koscom_async.models.positions import MatchedBy

ROWS_A_SLICE = 2_000

Group = tuple[list[BalanceRow], list[VirtualAccount]]
"""The rows that are one instrument, and the account of each; the accounts in the order of the balances."""

Kind = tuple[type[BalanceRow], str]
"""Asset class and currency; the record's class stands for its asset class."""

Synonyms = Mapping[str, str]


@define(eq=False)
class _Shelf:
    """The groups of one asset class and currency, by what makes their rows one; and the codes that mean another."""

    synonyms: Synonyms
    groups: dict[Hashable, Group] = field(factory=dict)


def grouped(balances: Sequence[Balance]) -> Slices[list[Group]]:
    """Return the rows of all accounts, put together by instrument."""
    synonyms = _synonyms(row for balance in balances for row in balance.rows if row.other_codes)
    shelves: dict[Kind, _Shelf] = {}
    for balance in balances:
        for rows in sliced(balance.rows, count=ROWS_A_SLICE):
            _put(rows, balance.account, shelves, synonyms)
            yield
    return [group for shelf in shelves.values() for group in shelf.groups.values()]


def _put(
    rows: Sequence[BalanceRow],
    account: VirtualAccount,
    shelves: dict[Kind, _Shelf],
    synonyms: Mapping[Kind, Synonyms],
) -> None:
    shelf, kind, currency = _Shelf({}), None, None
    for row in rows:
        # Most rows are of the kind of the one before, so that a shelf is seldom looked for.
        if row.currency is not currency or type(row) is not kind:
            kind, currency = type(row), row.currency
            shelf = shelves.get((kind, currency)) or shelves.setdefault(
                (kind, currency), _Shelf(synonyms.get((kind, currency), {}))
            )
        code = row.code
        identity = _nameable(row) if code is None else shelf.synonyms.get(code, code)
        group = shelf.groups.get(identity)
        if group is None:
            group = shelf.groups[identity] = ([], [])
        group[0].append(row)
        group[1].append(account)


def _nameable(row: BalanceRow) -> Hashable:
    """Return what makes a row without a code the same as others."""
    return object() if matched_by(row) == "nothing" else (row.name, row.product)


def matched_by(row: BalanceRow) -> MatchedBy:
    """Return what makes a row, and every other of its group, the same instrument."""
    if row.code is not None:
        return "code"
    return "nothing" if row.name is None or row.asset_class is AssetClass.FUND else "name"


def _synonyms(rows: Iterable[BalanceRow]) -> Mapping[Kind, Synonyms]:
    """Return for each code that stands for an instrument beside others, one that stands for them all."""
    sets: dict[Kind, dict[str, set[str]]] = {}
    for row in rows:
        known = sets.setdefault((type(row), row.currency), {})
        joined = {code for code in (row.code, *row.other_codes) if code is not None}
        for code in tuple(joined):
            joined |= known.get(code, set())
        known.update(dict.fromkeys(joined, joined))
    return {kind: {code: min(joined) for code, joined in known.items()} for kind, known in sets.items()}
