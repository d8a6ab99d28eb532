"""Groups every account's rows by instrument, and sums them up by account, in one pass over all of them."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from decimal import Decimal

from attrs import define, field

from koscom_async._cooperative import Cooperative, batched
from koscom_async._decimals import exactly, total
from koscom_async._merge.draft import GroupDraft
from koscom_async._merge.identity import Aliases, Identity, Kind, aliases_among, by_name
from koscom_async.models.account import WON, Balance, BalanceRow
from koscom_async.models.member import VirtualAccount
from koscom_async.models.positions import MatchedBy

ROWS_A_SLICE = 2_000

Amounts = list[Decimal | None]


@define(eq=False)
class AccountRows:
    """Sums of the account's rows that the totals in won count, and the rows that these leave out; added to in parts."""

    values: Amounts = field(factory=list)
    costs: Amounts = field(factory=list)
    apart: list[BalanceRow] = field(factory=list)
    """Rows that the totals in won leave out"""

    def add(self, values: Amounts, costs: Amounts, apart: list[BalanceRow]) -> None:
        """Add the values and costs of some rows that count, and the rows that do not."""
        self.values.append(total(values))
        self.costs.append(total(costs))
        self.apart += [row for row in apart if not row.is_empty]


@define(eq=False)
class GroupedRows:
    """A draft for each instrument, in no order and by kind, and the sums of each account.

    `has_further_facts`: whether any row has a loan or several codes, which few services send.
    """

    groups: Sequence[GroupDraft]
    by_kind: Mapping[Kind, Mapping[Hashable, GroupDraft]]
    """The same by kind and identity"""
    accounts: Sequence[AccountRows]
    has_further_facts: bool


@define(eq=False)
class _GroupIndex:
    """The groups of one kind, by identity."""

    in_won: bool
    aliases: Aliases | None
    groups: dict[Hashable, GroupDraft] = field(factory=dict)
    empty: list[tuple[Identity, BalanceRow, VirtualAccount]] = field(factory=list)
    """Rows with nothing in them, which wait until every other row has made its group: they describe no instrument"""

    def identity(self, row: BalanceRow) -> Identity:
        """Return what makes a row one with others."""
        if self.aliases is not None:
            return self.aliases.identity(row)
        return by_name(row.asset_class, row.product, row.name) if row.code is None else ("code", row.code)

    def add_empty(self) -> None:
        """Add the rows that waited."""
        made: dict[Hashable, GroupDraft] = {}
        for (matched_by, identity), row, account in self.empty:
            group = self.groups.get(identity)
            if group is None:
                made[identity] = self.groups[identity] = GroupDraft.of_row(row, account, matched_by)
                continue
            group.add(row, account)
            if identity in made:
                group.describe(row)


_NO_INDEX = _GroupIndex(in_won=False, aliases=None)


def group_rows(balances: Sequence[Balance]) -> Cooperative[GroupedRows]:
    """Group the rows, looking at each once."""
    further = yield from _further(balances)
    aliases, indices = aliases_among(further), dict[Kind, _GroupIndex]()
    accounts = [AccountRows() for _ in balances]
    for step in _in_steps(balances, accounts):
        with exactly():
            for rows, account, own in step:
                _group(rows, account, own, indices, aliases)
        yield
    for index in indices.values():
        with exactly():
            index.add_empty()
    groups = [group for index in indices.values() for group in index.groups.values()]
    for some in batched(groups, count=ROWS_A_SLICE):
        with exactly():
            for group in some:
                group.close()
        yield
    if True in [group.was_counted for group in groups]:
        accounts = yield from _counted_again(balances, groups)
    by_kind = {kind: index.groups for kind, index in indices.items()}
    return GroupedRows(groups, by_kind, accounts, bool(further))


def _in_steps(
    balances: Sequence[Balance], accounts: Sequence[AccountRows]
) -> Iterator[list[tuple[Sequence[BalanceRow], VirtualAccount, AccountRows]]]:
    """Yield the rows of several small accounts at a time, and of a large one in parts."""
    step: list[tuple[Sequence[BalanceRow], VirtualAccount, AccountRows]] = []
    size = 0
    for balance, own in zip(balances, accounts, strict=True):
        for rows in batched(balance.rows, count=ROWS_A_SLICE):
            if size + len(rows) > ROWS_A_SLICE:
                yield step
                step, size = [], 0
            step.append((rows, balance.account, own))
            size += len(rows)
    yield step


def _further(balances: Sequence[Balance]) -> Cooperative[list[BalanceRow]]:
    further: list[BalanceRow] = []
    for balance in balances:
        further += [row for row in balance.rows if row.code_kinds or row.other_codes or row.loan is not None]
        yield
    return further


def _group(
    rows: Sequence[BalanceRow],
    account: VirtualAccount,
    own: AccountRows,
    indices: dict[Kind, _GroupIndex],
    aliases: Mapping[Kind, Aliases],
) -> None:
    """Add rows to the groups of their instruments, and to the sums of their account."""
    values: Amounts = []
    costs: Amounts = []
    apart: list[BalanceRow] = []
    add_value, add_cost = values.append, costs.append
    kind, currency, index = None, None, _NO_INDEX
    groups, find, in_won, aliases_of_kind = index.groups, index.groups.get, index.in_won, index.aliases
    for row in rows:
        # Most rows are of the same kind as the row before, so that the index seldom changes.
        if row.currency is not currency or type(row) is not kind:
            kind, currency = type(row), row.currency
            index = indices.get((kind, currency)) or _added(indices, (kind, currency), aliases)
            groups, find, in_won, aliases_of_kind = (
                index.groups,
                index.groups.get,
                index.in_won,
                index.aliases,
            )
        identity: Hashable = row.code
        matched_by: MatchedBy = "code"
        if identity is None or aliases_of_kind is not None:
            matched_by, identity = index.identity(row)
        group = find(identity)
        if group is None:
            if not row.value and row.is_empty:
                index.empty.append(((matched_by, identity), row, account))
                continue
            group = groups[identity] = GroupDraft.of_row(row, account, matched_by)
        else:
            group.add(row, account)
        if in_won and not group.is_derivative:
            add_value(row.value)
            add_cost(row.cost)
        else:
            apart.append(row)
    own.add(values, costs, apart)


def _added(indices: dict[Kind, _GroupIndex], kind: Kind, aliases: Mapping[Kind, Aliases]) -> _GroupIndex:
    index = indices[kind] = _GroupIndex(in_won=kind[1] == WON, aliases=aliases.get(kind))
    return index


def _counted_again(
    balances: Sequence[Balance], groups: Sequence[GroupDraft]
) -> Cooperative[list[AccountRows]]:
    """Sum up again without the rows of derivatives, as an instrument turned out to be one after rows of it had counted.

    One broker may call it a share, and another a future. The latter is believed, for accounts and totals alike.
    """
    derivatives = {id(row) for group in groups if group.is_derivative for row in group.rows()}
    accounts = []
    for balance in balances:
        accounts.append(own := AccountRows())
        counted: list[BalanceRow] = []
        apart: list[BalanceRow] = []
        for row in balance.rows:
            is_counted = row.currency == WON and id(row) not in derivatives
            (counted if is_counted else apart).append(row)
        with exactly():
            own.add([row.value for row in counted], [row.cost for row in counted], apart)
        yield
    return accounts
