"""What may be counted twice in one account. Nothing is dropped.

A doubt needs evidence: an equal row, equal amounts, one code in two lists, a name that says total.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import chain

from attrs import define, field

from koscom_async._cooperative import SLICE_ROWS, Cooperative, Pace, batched, sorted_by_parts
from koscom_async._decimals import ZERO, exactly, total
from koscom_async._merge.draft import GroupDraft
from koscom_async._merge.grouping import GroupedRows
from koscom_async._merge.suspects import NOT_OF_CLASS, find_suspects, is_called_total, is_total
from koscom_async._record import spread
from koscom_async.models.account import WON, Balance, BalanceRow, EquityRow, FundRow, OtherRow
from koscom_async.models.codes import TradeType
from koscom_async.models.doubts import Doubt, DoubtKind
from koscom_async.models.member import VirtualAccount
from koscom_async.models.positions import Lot, lot_rank, lots_of

DOUBTS_A_SLICE = 100

Key = tuple[str, str]
Rows = Sequence[BalanceRow]
Balances = Mapping[Key, Balance]

_CLASSES: Sequence[type[BalanceRow]] = (EquityRow, FundRow, OtherRow)
_PART_TYPES = frozenset({TradeType.NORMAL, TradeType.MARGIN, TradeType.LOAN})


def find_doubts(balances: Sequence[Balance], grouped: GroupedRows) -> Cooperative[tuple[Doubt, ...]]:
    """Return what may be counted twice, account by account, whatever the order of accounts and rows."""
    suspects = yield from find_suspects(grouped.by_kind)
    without_code = [group for group in suspects.odd if group.row.code is None]
    by_account = {balance.account.key: balance for balance in balances}
    found = yield from _gathered(
        chain(
            _of_one_instrument(suspects.repeated),
            _without_code(without_code),
            _in_two_classes(suspects.called_alike),
            _totals(suspects.odd, by_account),
            _as_cash(suspects.like_cash, by_account),
            _of_other_class(suspects.odd),
        )
    )
    return tuple((yield from sorted_by_parts(found, key=_rank, count=DOUBTS_A_SLICE)))


def _gathered(doubts: Iterator[Doubt | None]) -> Cooperative[list[Doubt]]:
    """Return the doubts, step by step: in an odd answer every row may be one. `None` among them ends a step, too."""
    found: list[Doubt] = []
    pace = Pace(DOUBTS_A_SLICE)
    is_over = False
    while not is_over:
        is_over = True
        with exactly():
            for doubt in doubts:  # goes on where the step before ended
                if doubt is not None:
                    found.append(doubt)
                if doubt is None or pace.is_due():
                    is_over = False
                    break
        yield
    return found


def _rank(doubt: Doubt) -> tuple[object, ...]:
    size = (doubt.amount is None, (doubt.amount or ZERO).copy_negate())
    rows = [lot_rank(doubt.account, lot) for lot in doubt.rows]
    return (doubt.account.key, doubt.kind, doubt.currency, size, doubt.label, doubt.why, rows)


def _doubt(
    kind: DoubtKind, account: VirtualAccount, rows: Rows, amount: Decimal | None, why: str
) -> Iterator[Doubt | None]:
    def rank(row: BalanceRow) -> tuple[object, ...]:
        return (*lot_rank(account, row), row.name or "", row.code or "")

    def rank_in_class(row: BalanceRow) -> tuple[object, ...]:
        return (_CLASSES.index(type(row)), *rank(row))

    rows = yield from sorted_by_parts(rows, key=rank_in_class, count=SLICE_ROWS)
    row = rows[0]
    label = next((each.name for each in rows if each.name), None)
    lots: list[Lot] = []
    for some in batched((yield from sorted_by_parts(rows, key=rank, count=SLICE_ROWS)), count=SLICE_ROWS):
        lots += lots_of(some, [account] * len(some))
        if len(rows) > SLICE_ROWS:
            yield None
    yield Doubt(
        kind=kind,
        account=account,
        label=label or row.code or str(row.product or row.asset_class),
        rows=tuple(lots),
        amount=amount,
        currency=row.currency,
        why=why,
    )


def _by_account(groups: Iterable[GroupDraft]) -> Iterator[tuple[VirtualAccount, list[BalanceRow]]]:
    """Yield each account's rows of some groups."""
    rows: dict[Key, tuple[VirtualAccount, list[BalanceRow]]] = {}
    for group in groups:
        for account, row in zip(group.accounts(), group.rows(), strict=True):
            rows.setdefault(account.key, (account, []))[1].append(row)
    yield from rows.values()


def _of_one_instrument(groups: Iterable[GroupDraft]) -> Iterator[Doubt | None]:
    for group in groups:
        for account, rows in _by_account([group]):
            yield from _sum_and_parts(account, rows)
            yield from _repeated(account, rows)


def _sum_and_parts(account: VirtualAccount, rows: Rows) -> Iterator[Doubt | None]:
    sums = [row for row in rows if row.trade_type is TradeType.TOTAL and _holds(row)]
    parts = [row for row in rows if row.trade_type in _PART_TYPES and _holds(row)]
    # The broker leaves loan balances out of SUM: beside loans alone it is no sum of them.
    if not sums or all(row.trade_type is TradeType.LOAN for row in parts):
        return
    amounts = [total(row.value for row in some) for some in (sums, parts)]
    known = [amount for amount in amounts if amount is not None]
    types = ", ".join(sorted({str(row.trade_type) for row in parts}))
    why = f"a row of SUM beside rows of {types} of the same instrument"
    if total(row.quantity for row in sums) == total(row.quantity for row in parts):
        why += ", whose quantities it adds up to"
    yield from _doubt("sum and parts", account, [*sums, *parts], min(known, default=None), why)


def _repeated(account: VirtualAccount, rows: Rows) -> Iterator[Doubt | None]:
    amounts: set[Hashable] = set()
    for some in batched(rows, count=SLICE_ROWS):
        amounts.update(spread((row.value, row.quantity)) for row in some)
        if len(rows) > SLICE_ROWS:
            yield None
    if len(amounts) == len(rows):
        return  # as nearly always: no two can be alike
    alike: defaultdict[BalanceRow, list[BalanceRow]] = defaultdict(list)
    for some in batched(rows, count=SLICE_ROWS):
        for row in some:
            alike[row].append(row)
        if len(rows) > SLICE_ROWS:
            yield None
    for row, same in alike.items():
        if len(same) > 1 and _holds(row):
            # A number of its own in each row, or a key that is `null`, is a field that is not read.
            are_equal = all(each.raw == row.raw for each in same)
            what = "the same row" if are_equal else "a row that is alike in all that is read"
            amount = total(each.value for each in same[1:])
            yield from _doubt("repeated row", account, same, amount, f"{what} came {len(same)} times")


def _holds(row: BalanceRow) -> bool:
    return bool(row.quantity or row.cost or row.value)


def _without_code(groups: Iterable[GroupDraft]) -> Iterator[Doubt | None]:
    # Rows that have neither code nor name are groups of their own, and so are funds that have no code.
    alone = [group for group in groups if group.further is None]
    for account, rows in _by_account(alone):
        yield from _repeated(account, rows)


def _in_two_classes(called_alike: Iterable[tuple[str, Sequence[GroupDraft]]]) -> Iterator[Doubt | None]:
    found: set[tuple[Key, frozenset[int]]] = set()
    for what, groups in called_alike:
        for account, rows, amount in _by_code(groups) if what == "code" else _by_value(groups):
            key = (account.key, frozenset(map(id, rows)))
            if key not in found and len(set(map(type, rows))) > 1:
                found.add(key)
                why = f"the same {what} in the lists of two asset classes"
                yield from _doubt("two classes", account, rows, amount, why)


Candidate = tuple[VirtualAccount, list[BalanceRow], Decimal | None]
"""An account, rows of it that may be one holding, and the amount that is counted twice if they are."""


def _by_code(groups: Iterable[GroupDraft]) -> Iterator[Candidate]:
    """Yield each account's rows of one code: each class may stand for the others, whatever it is worth."""
    for account, rows in _by_account(groups):
        classes: defaultdict[type[BalanceRow], list[BalanceRow]] = defaultdict(list)
        for row in rows:
            if not row.is_empty:
                classes[type(row)].append(row)
        values = [total(row.value for row in some) for some in classes.values()]
        held = [row for some in classes.values() for row in some]
        yield account, held, min((value for value in values if value is not None), default=None)


def _by_value(groups: Iterable[GroupDraft]) -> Iterator[Candidate]:
    """Yield each account's rows of one name that are worth the same."""
    alike: dict[Hashable, tuple[VirtualAccount, list[BalanceRow], Decimal]] = {}
    for group in groups:
        for account, rows in _by_account([group]):
            value = total(row.value for row in rows)
            if value:
                alike.setdefault((account.key, spread(value)), (account, [], value))[1].extend(rows)
    yield from alike.values()


def _totals(groups: Iterable[GroupDraft], balances: Balances) -> Iterator[Doubt | None]:
    suspicious = [group for group in groups if group.name is None or is_called_total(group)]
    for account, rows in _by_account(suspicious):
        candidates = [row for row in rows if _holds(row) and (is_total(row) or row.code is row.name is None)]
        sums = _Sums()
        for some in batched(balances[account.key].rows if candidates else (), count=SLICE_ROWS):
            sums.add(some)
            yield None
        for row in candidates:
            equal = sums.rows_that_equal(row)
            others = "the other row" if equal == 1 else f"the {equal} other rows"
            if is_total(row):
                why = "a row that is named as a total" + (f", and equals {others}" if equal else "")
                yield from _doubt("total row", account, [row], row.value, why)
            elif equal > 1:
                why = f"a row without code and name equals {others}"
                yield from _doubt("total row", account, [row], row.value, why)


@define(eq=False)
class _Sums:
    """Number and value of an account's rows in each currency, by class and in all, without those named as totals."""

    sums: dict[tuple[object, str], tuple[int, Decimal | None]] = field(factory=dict)

    def add(self, rows: Rows) -> None:
        """Add some rows."""
        for row in rows:
            if not (is_total(row) or row.is_empty):
                for kind in (type(row), None):
                    count, value = self.sums.get((kind, row.currency), (0, ZERO))
                    self.sums[kind, row.currency] = (count + 1, total((value, row.value)))

    def rows_that_equal(self, row: BalanceRow) -> int:
        """Return how many other rows have the row's value together: those of its class, or all; 0 where none have."""
        own = 0 if is_total(row) else 1
        for kind in (type(row), None):
            count, value = self.sums.get((kind, row.currency), (0, ZERO))
            if row.value and count > own and value == row.value * (1 + own):
                return count - own
        return 0


def _as_cash(groups: Iterable[GroupDraft], balances: Balances) -> Iterator[Doubt | None]:
    for account, rows in _by_account(groups):
        summary = balances[account.key].summary
        views = {summary.cash, summary.cash_d1, summary.cash_d2} - {None, ZERO} if summary else set()
        in_won = [row for row in rows if row.currency == WON]
        alone = [[row] for row in in_won if row.value in views]
        together = [in_won] if len(in_won) > 1 and total(row.value for row in in_won) in views else []
        for some in alone or together:
            amount = total(row.value for row in some)
            yield from _doubt(
                "cash and row", account, some, amount, "a row of the same amount as the account's cash"
            )


def _of_other_class(groups: Iterable[GroupDraft]) -> Iterator[Doubt | None]:
    for group in groups:
        if group.product not in NOT_OF_CLASS[type(group.row)]:
            continue
        for account, rows in _by_account([group]):
            misplaced = [row for row in rows if row.product in NOT_OF_CLASS[type(row)] and _holds(row)]
            if misplaced:
                product = min(str(row.product) for row in misplaced)
                why = f"{product} in the list of {misplaced[0].asset_class.name.lower()} rows"
                yield from _doubt(
                    "other class", account, misplaced, total(row.value for row in misplaced), why
                )
