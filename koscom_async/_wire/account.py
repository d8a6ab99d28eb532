"""Reads one page of a balance, of transactions or of a watchlist. Which pages are asked for is the services' choice.

Each reader refuses the answer to any other question than its own. A balance's four classes may come in one answer, and
their blocks in several forms; the watchlist's body block has four spellings in the documents.
"""

from collections.abc import Collection

from attrs import frozen

from koscom_async._cooperative import Cooperative, CooperativeReader
from koscom_async._wire.envelope import (
    Page,
    Question,
    open_container,
    open_envelope,
    refuse_other_classes,
    refuse_other_echo,
)
from koscom_async._wire.records.converter import Unread, unread_notes
from koscom_async._wire.records.fast import read_row, read_row_list
from koscom_async._wire.shapes import refuse_misspelt_blocks
from koscom_async._wire.values import Block, read_blocks, read_entries, read_object, read_texts
from koscom_async.errors import MalformedResponseError
from koscom_async.models._fields import constructor
from koscom_async.models.account import BalanceRow, BalanceSummary, EquityRow, FundRow, OtherRow
from koscom_async.models.codes import AssetClass
from koscom_async.models.member import VirtualAccount
from koscom_async.models.portfolio import WatchGroup
from koscom_async.models.transactions import Transaction


@frozen(kw_only=True, eq=False, repr=False)
class BalancePage(Page[BalanceRow]):
    """One page of a balance, and the summary where it came with it."""

    summary: BalanceSummary | None


_make_page = constructor(BalancePage)

_LISTS: dict[str, type[BalanceRow]] = {"equityList": EquityRow, "fundList": FundRow, "etcList": OtherRow}
_BLOCKS = dict.fromkeys(("summary", *_LISTS)).keys()
_CLASSES = {name: kind.asset_class for name, kind in _LISTS.items()}
_EXPECTED: dict[AssetClass, Collection[str]] = {
    AssetClass.CASH: ("summary",),
    **{asset_class: (name,) for name, asset_class in _CLASSES.items()},
}


@frozen(kw_only=True, eq=False, repr=False)
class BalanceReader(CooperativeReader[BalancePage]):
    """Reads a page of one asset class, or of all."""

    question: Question
    asset_class: AssetClass

    def steps(self, document: object) -> Cooperative[BalancePage]:
        """Return the page in steps, or raise a `KoscomError`."""
        envelope = open_envelope(document, self.question, bodies=("balanceResponseBody",))
        refuse_other_echo(envelope.echo, asked=self.asset_class)
        container = open_container(envelope.document, "balanceList", "balance")
        if not envelope.body and not container:
            raise MalformedResponseError("neither balanceResponseBody nor balanceList is there")
        sent = container.get("balance")
        blocks = read_blocks(sent, "balanceList.balance", objects=("summary",), lists=_LISTS)
        if not isinstance(sent, dict) or not sent.keys() <= _BLOCKS:  # which is rare
            expected = _EXPECTED.get(self.asset_class, _BLOCKS)
            refuse_misspelt_blocks(sent, expected, "balanceList.balance", _BLOCKS)
        refuse_other_classes(blocks, _CLASSES, asked=self.asset_class)
        rows: list[BalanceRow] = []
        unread: Unread = {}
        for name, kind in _LISTS.items():
            if name in blocks:
                rows += yield from read_row_list(kind, blocks[name], name, unread)
        summary = _summary(blocks, unread)
        notes = (*envelope.notes, *unread_notes(unread)) if unread else envelope.notes
        return _make_page(tuple(rows), envelope.total, envelope.next_page, notes, summary)


def _summary(blocks: Block, unread: Unread) -> BalanceSummary | None:
    block = read_object(blocks.get("summary"), "summary")
    return read_row(BalanceSummary, block, "summary", unread) if block else None


@frozen(kw_only=True, eq=False, repr=False)
class TransactionsReader(CooperativeReader[Page[Transaction]]):
    """Reads a page of a range of dates."""

    question: Question
    account: VirtualAccount

    def steps(self, document: object) -> Cooperative[Page[Transaction]]:
        """Return the page in steps, or raise a `KoscomError`."""
        envelope = open_envelope(document, self.question, bodies=("transactionHistoryResponseBody",))
        container = open_container(envelope.document, "transList", "transaction")
        if not envelope.body and not container:
            raise MalformedResponseError("neither transactionHistoryResponseBody nor transList is there")
        rows = yield from read_row_list(
            Transaction, container.get("transaction"), "transList.transaction", account=self.account
        )
        return Page(
            rows=tuple(rows), total=envelope.total, next_page=envelope.next_page, notes=envelope.notes
        )


# The example's spelling, and the tables'; the tables' heading is as misspelt as their rows.
_WATCHLIST_BODIES = (
    "interestSymbolListResponseBody",
    "interestSymbolReponseBody",
    "interestSymbolResponseBody",
    "InterestStmbolListResponseBody",
)


def sent_symbols(group: WatchGroup) -> tuple[str, ...]:
    """Return a group's symbols as they came, which the broker counts, placeholders among them."""
    return read_texts(group.raw.get("isinCode"))


MOST_SYMBOLS = 20_000
"""Symbols on a page of a watchlist, which is what one person looks at."""


def _check_symbols(groups: object) -> None:
    lists = (group.get("isinCode") for group in read_entries(groups) if isinstance(group, dict))
    if sum(len(symbols) for symbols in lists if isinstance(symbols, list)) > MOST_SYMBOLS:
        raise MalformedResponseError(f"groupList.group: more than {MOST_SYMBOLS:,} symbols")


@frozen(kw_only=True, eq=False, repr=False)
class WatchlistReader(CooperativeReader[Page[WatchGroup]]):
    """Reads a page of the watched groups."""

    question: Question

    def steps(self, document: object) -> Cooperative[Page[WatchGroup]]:
        """Return the page in steps, or raise a `KoscomError`."""
        envelope = open_envelope(document, self.question, bodies=_WATCHLIST_BODIES)
        # An investor who watches nothing may get an answer without the body block: the account's echo vouches for it.
        if not envelope.body and "resp" not in envelope.document:
            raise MalformedResponseError("neither interestSymbolListResponseBody nor resp is there")
        container = open_container(envelope.body, "groupList", "group")
        unread: Unread = {}
        _check_symbols(container.get("group"))
        rows = yield from read_row_list(WatchGroup, container.get("group"), "groupList.group", unread)
        notes = (*envelope.notes, *(unread_notes(unread) if unread else ()))
        return Page(rows=tuple(rows), total=envelope.total, next_page=envelope.next_page, notes=notes)
