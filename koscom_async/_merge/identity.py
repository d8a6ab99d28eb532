"""Which rows are one instrument.

- a code decides: asset class, currency and code (ISIN, fund code, product code) equal;
- where a row gives several codes of one instrument (a short code beside the ISIN), all of them count as one;
- without a code, product and full name do; but never a fund's name, which is cut and may be two funds';
- a row with neither stays alone, and so does a fund without a code.
"""

from collections.abc import Hashable, Iterable, Mapping

from koscom_async.models.account import BalanceRow
from koscom_async.models.codes import AssetClass
from koscom_async.models.positions import MatchedBy

Kind = tuple[type[BalanceRow], str]
"""Asset class and currency, without which nothing is the same; the record's class stands for its asset class."""

Synonyms = Mapping[str, str]
"""For each code that stands for an instrument beside others, one that stands for them all."""


def matched_by(row: BalanceRow) -> MatchedBy:
    """Return what makes a row the same instrument as others of its kind."""
    if row.code is not None:
        return "code"
    return "nothing" if row.name is None or row.asset_class is AssetClass.FUND else "name"


def identity_of(row: BalanceRow, synonyms: Synonyms) -> Hashable:
    """Return what the rows of one instrument have in common, and no other row of their kind has."""
    if row.code is not None:
        return synonyms.get(row.code, row.code)
    return (row.name, row.product) if matched_by(row) == "name" else object()


def synonyms_among(rows: Iterable[BalanceRow]) -> Mapping[Kind, Synonyms]:
    """Return which codes mean the same, from the rows that give several."""
    sets: dict[Kind, dict[str, set[str]]] = {}
    for row in rows:
        if not row.other_codes:
            continue
        known = sets.setdefault((type(row), row.currency), {})
        joined = {code for code in (row.code, *row.other_codes) if code is not None}
        for code in tuple(joined):
            joined |= known.get(code, set())
        known.update(dict.fromkeys(joined, joined))
    return {kind: {code: min(joined) for code, joined in known.items()} for kind, known in sets.items()}
