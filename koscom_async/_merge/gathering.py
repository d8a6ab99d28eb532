"""Every account's rows put together by instrument, and summed up by account, in one pass over all of them."""

from collections.abc import Hashable, Mapping, Sequence
from decimal import Decimal

from attrs import define, field

from koscom_async._cooperative import Cooperative, batched
from koscom_async._decimals import exactly, total
from koscom_async._merge.groups import Group
from koscom_async._merge.identity import Kind, Synonyms, identity_of, synonyms_among
from koscom_async.models.account import WON, Balance, BalanceRow
from koscom_async.models.codes import TradeType
from koscom_async.models.member import VirtualAccount

ROWS_A_SLICE = 2_000

Amounts = list[Decimal | None]


@define(eq=False)
class AccountRows:
    """What an account's rows come to: sums of those that the totals in won count, and facts about all of them.

    Told in parts, while the rows of each part are at hand.
    """

    values: Amounts = field(factory=list)
    costs: Amounts = field(factory=list)
    apart: list[BalanceRow] = field(factory=list)
    """Rows that the totals in won leave out"""
    without_cost: int = 0
    trade_types: set[TradeType | None] = field(factory=set)

    def tell(
        self, rows: Sequence[BalanceRow], values: Amounts, costs: Amounts, apart: list[BalanceRow]
    ) -> None:
        """Take some rows in, with the values and costs that count."""
        self.values.append(total(values))
        self.costs.append(total(costs))
        self.apart += apart
        self.without_cost += len([cost for cost in costs if not cost]) + len(
            [row for row in apart if not row.cost]
        )
        self.trade_types.update([row.trade_type for row in rows])


@define(eq=False)
class Gathering:
    """The instruments, in no order, and for each balance what its rows come to.

    `has_further_facts` says whether any row tells of a debt or gives several codes, which few services do.
    """

    groups: Sequence[Group]
    accounts: Sequence[AccountRows]
    has_further_facts: bool


@define(eq=False)
class _Shelf:
    """The groups of one kind."""

    in_won: bool
    synonyms: Synonyms
    groups: dict[Hashable, Group] = field(factory=dict)


_NO_SHELF = _Shelf(in_won=False, synonyms={})


def gathered(balances: Sequence[Balance]) -> Cooperative[Gathering]:
    """Look at every row once."""
    further = yield from _further(balances)
    synonyms, shelves, accounts = synonyms_among(further), dict[Kind, _Shelf](), []
    for balance in balances:
        accounts.append(own := AccountRows())
        for rows in batched(balance.rows, count=ROWS_A_SLICE):
            with exactly():
                _put(rows, balance.account, own, shelves, synonyms)
            yield
    groups = [group for shelf in shelves.values() for group in shelf.groups.values()]
    if any(group.was_counted for group in groups):
        accounts = yield from _counted_again(balances, groups)
    return Gathering(groups, accounts, bool(further))


def _further(balances: Sequence[Balance]) -> Cooperative[list[BalanceRow]]:
    further: list[BalanceRow] = []
    for balance in balances:
        further += [row for row in balance.rows if row.other_codes or row.loan is not None]
        yield
    return further


def _put(
    rows: Sequence[BalanceRow],
    account: VirtualAccount,
    own: AccountRows,
    shelves: dict[Kind, _Shelf],
    synonyms: Mapping[Kind, Synonyms],
) -> None:
    """Put rows to those of their instruments, and to what counts for their account."""
    values: Amounts = []
    costs: Amounts = []
    apart: list[BalanceRow] = []
    kind, currency, shelf = None, None, _NO_SHELF
    groups, find, in_won = shelf.groups, shelf.groups.get, shelf.in_won
    for row in rows:
        # Most rows are of the kind of the one before, so that a shelf is seldom looked for.
        if row.currency is not currency or type(row) is not kind:
            kind, currency = type(row), row.currency
            shelf = shelves.get((kind, currency)) or _added(shelves, (kind, currency), synonyms)
            groups, find, in_won = shelf.groups, shelf.groups.get, shelf.in_won
        identity: Hashable = row.code
        if identity is None or shelf.synonyms:
            identity = identity_of(row, shelf.synonyms)
        group = find(identity)
        if group is None:
            group = groups[identity] = Group.begun(row, account)
        else:
            group.add(row, account)
        if in_won and not group.is_derivative:
            values.append(row.value)
            costs.append(row.cost)
        else:
            apart.append(row)
    own.tell(rows, values, costs, apart)


def _added(shelves: dict[Kind, _Shelf], kind: Kind, synonyms: Mapping[Kind, Synonyms]) -> _Shelf:
    shelf = shelves[kind] = _Shelf(in_won=kind[1] == WON, synonyms=synonyms.get(kind, {}))
    return shelf


def _counted_again(balances: Sequence[Balance], groups: Sequence[Group]) -> Cooperative[list[AccountRows]]:
    """Return what counts without any derivative's rows: one turned out to be that after rows of it were counted.

    Its broker may call it a share; another that calls it a future is believed, so accounts and totals agree.
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
            own.tell(balance.rows, [row.value for row in counted], [row.cost for row in counted], apart)
        yield
    return accounts
