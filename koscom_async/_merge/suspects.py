"""The groups that are worth a second look, found in one pass over the groups: a row costs next to nothing."""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from itertools import chain, combinations

from attrs import define, field

from koscom_async._cooperative import Cooperative, batched
from koscom_async._merge.draft import GroupDraft
from koscom_async._merge.identity import Kind
from koscom_async.models.account import BalanceRow, EquityRow, FundRow, OtherRow
from koscom_async.models.codes import Product
from koscom_async.models.positions import isin_of

GROUPS_A_SLICE = 1_000

REPOS = frozenset({Product.REPO, Product.TERM_REPO, Product.DEMAND_REPO})
_PAPER = frozenset(
    {
        Product.BOND,
        Product.CERTIFICATE_OF_DEPOSIT,
        Product.COMMERCIAL_PAPER,
        Product.DLS,
        Product.ELS,
        Product.CORPORATE_BOND,
        Product.WARRANT,
    }
)
_LISTED = frozenset({Product.KOSPI, Product.KOSDAQ, Product.FUTURE, Product.OPTION, Product.ELW})

NOT_OF_CLASS: Mapping[type[BalanceRow], frozenset[Product]] = {
    EquityRow: _PAPER | REPOS,
    FundRow: _PAPER | _LISTED,  # ETFs and repos may well stand among the funds
    OtherRow: _LISTED | {Product.ETF},
}
"""The products that the platform's tables have in the list of another class."""

# The names of rows that are the sum of others, in brackets or spaced out as in a printed table.
_WORDS = ("합계", "소계", "총계", "총합계", "총합", "계", "total", "subtotal", "grandtotal", "sum")
_SPACED = "|".join(r"\s*".join(word) for word in _WORDS)
_TOTAL_NAME = r"\A[\s\[\]()<>*:-]*(?:" + _SPACED + r")[\s\[\]()<>*:-]*"
_TOTAL = re.compile(_TOTAL_NAME, re.IGNORECASE)
_CASH = re.compile("MMF|MMW|MMDA|CMA|RP|예수금|예탁금|현금")

Groups = list[GroupDraft]


@define(eq=False)
class Suspects:
    """Groups by what is odd about them, some of them more than once."""

    repeated: Groups = field(factory=list)
    """Those of which an account has several rows"""
    odd: Groups = field(factory=list)
    """Those without a code, of another class's product, or named as a total"""
    like_cash: Groups = field(factory=list)
    """Repos, and rows that are named as cash, outside of the equities"""
    called_alike: list[tuple[str, Groups]] = field(factory=list)
    """Groups of several classes, and what they have in common"""


def find_suspects(by_kind: Mapping[Kind, Mapping[Hashable, GroupDraft]]) -> Cooperative[Suspects]:
    """Return the groups that may hold something twice: few in most answers, and mostly nothing is wrong."""
    suspects = Suspects()
    for (kind, _), index in by_kind.items():
        for groups in batched(tuple(index.values()), count=GROUPS_A_SLICE):
            suspects.repeated += [group for group in groups if group.comes_again]
            suspects.odd += _odd(groups, NOT_OF_CLASS[kind])
            if kind is not EquityRow:
                suspects.like_cash += _like_cash(groups)
            yield
    suspects.called_alike = yield from _called_alike(by_kind)
    return suspects


def _odd(groups: Iterable[GroupDraft], products: frozenset[Product]) -> Groups:
    return [
        group
        for group in groups
        if group.row.code is None
        or group.product in products
        or (group.name is not None and _TOTAL.fullmatch(group.name) is not None)
        or (group.has_several_names and is_called_total(group))
    ]


def _like_cash(groups: Iterable[GroupDraft]) -> Groups:
    return [
        group
        for group in groups
        if group.product in REPOS or (group.name is not None and _CASH.search(group.name) is not None)
    ]


def _called_alike(
    by_kind: Mapping[Kind, Mapping[Hashable, GroupDraft]],
) -> Cooperative[list[tuple[str, Groups]]]:
    """Return the groups of one currency that have a code or a name in common with one of another class."""
    found: list[tuple[str, Groups]] = []
    for ours, theirs in _of_one_currency(by_kind):
        found += [
            ("code", [ours[key], theirs[key]]) for key in ours.keys() & theirs.keys() if type(key) is str
        ]
        yield
        fewer, more = sorted((ours, theirs), key=len)
        named: dict[str, Groups] = {group.name: [] for group in fewer.values() if group.name is not None}
        yield
        for group in chain(fewer.values(), more.values()):
            if group.name in named:
                named[group.name].append(group)
        yield
        found += [("name and value", groups) for groups in named.values() if len(groups) > 1]
        yield
    return found


def _of_one_currency(
    by_kind: Mapping[Kind, Mapping[Hashable, GroupDraft]],
) -> Iterator[tuple[Mapping[Hashable, GroupDraft], Mapping[Hashable, GroupDraft]]]:
    """Yield the groups of each two classes in one currency; an answer may have as many currencies as rows."""
    by_currency: defaultdict[str, list[Mapping[Hashable, GroupDraft]]] = defaultdict(list)
    for (_, currency), groups in by_kind.items():
        by_currency[currency].append(groups)
    for of_classes in by_currency.values():
        yield from combinations(of_classes, 2)


def is_total(row: BalanceRow) -> bool:
    """Whether a row is named as the sum of others, and is no instrument by its code."""
    is_named_so = row.name is not None and _TOTAL.fullmatch(row.name) is not None
    return is_named_so and isin_of(row.asset_class, row.code) is None


def is_called_total(group: GroupDraft) -> bool:
    """Whether any row of a group is named as the sum of others."""
    return any(is_total(row) for row in (group.rows() if group.has_several_names else [group.row]))
