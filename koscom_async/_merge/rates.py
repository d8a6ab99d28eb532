"""Rates that only another rate of the same currency proves to be for one unit or for 100. Few answers have any."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from attrs import evolve

from koscom_async._merge.draft import GroupDraft
from koscom_async.models.account import BalanceRow
from koscom_async.models.currencies import units_by_others, units_of


def prove_rates(groups: Sequence[GroupDraft]) -> None:
    """Put into the rows of one currency for how many units their rates are, where other rows' rates prove it."""
    rates: dict[Decimal, int | None] = {}
    for row in (row for group in groups for row in group.rows()):
        if row.rate:
            rates[row.rate] = rates.get(row.rate) or units_of(row.currency, row.rate, row.rate_units)
    unproven = [rate for rate, units in rates.items() if units is None]
    if not unproven:
        return
    per_unit = [rate / units for rate, units in rates.items() if units] or _per_unit(unproven)
    proven = {rate: units for rate in unproven if (units := units_by_others(rate, per_unit))}
    if proven:
        for group in groups:
            _replace_rows(group, proven)


def _per_unit(rates: Sequence[Decimal]) -> list[Decimal]:
    """Return the least of rates, where another is about a hundred times as much: so the least is for one unit."""
    least, most = min(rates), max(rates)
    return [least] if units_by_others(most, [least]) == 100 else []


def _replace_rows(group: GroupDraft, proven: Mapping[Decimal, int]) -> None:
    def replaced(row: BalanceRow) -> BalanceRow:
        units = None if row.rate is None else proven.get(row.rate)
        return row if units is None else evolve(row, rate_units=units)

    group.row = replaced(group.row)
    if group.further is not None:
        group.further[::2] = [replaced(row) for row in group.further[::2]]
