"""What is listed: the issues of a board, and the contracts of a derivatives market."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import Any, ClassVar, Literal

from attrs import NOTHING, frozen

from koscom_async._record import Record, counted
from koscom_async.errors import UsageError
from koscom_async.models._fields import raw_field
from koscom_async.models.market.table import Table, ko

__all__ = ["Issue", "Listing"]

Board = Literal["kospi", "kosdaq", "konex"]


@frozen(kw_only=True, eq=False, repr=False)
class Issue(Record):
    """One issue (종목): `code` is the short code (단축코드), `isin` the standard code, `board` where it is listed."""

    code: str = ko("종목코드", NOTHING)
    isin: str | None = ko("표준코드")
    name: str | None = ko("종목명")
    board: str = ko("시장", NOTHING)
    raw: Mapping[str, object] = raw_field()


@frozen(kw_only=True, eq=False, repr=False)
class Listing(Table[Issue], Mapping[str, Issue]):
    """The issues of one board on a trading day, by short code: `listing["005930"]`, or by ISIN.

    `on` is the trading day, `None` where the platform does not say.
    """

    kind: ClassVar[type[Record]] = Issue

    board: str
    on: date | None = None
    issues: tuple[Issue, ...] = ()

    @cached_property
    def _by_code(self) -> dict[str, Issue]:
        return {issue.code: issue for issue in self.issues if issue.code}

    @cached_property
    def _by_isin(self) -> dict[str, Issue]:
        return {issue.isin: issue for issue in self.issues if issue.isin}

    def __getitem__(self, code: str) -> Issue:
        found = self._by_code.get(code) or self._by_isin.get(code)
        if found is None:
            raise KeyError(code)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_code)

    def __len__(self) -> int:
        return len(self._by_code)

    def matching(self, word: str) -> tuple[Issue, ...]:
        """Return the issues that have a word in their name."""
        wanted = word.strip().casefold()
        return tuple(issue for issue in self.issues if wanted in (issue.name or "").casefold())

    def find(self, term: str) -> Issue:
        """Return the issue of a code or a name: the name itself, or a part that only one has.

        Raises `UsageError` where there is none, or several have it.
        """
        if term in self:
            return self[term]
        found = self.matching(term)
        same = [issue for issue in found if (issue.name or "").casefold() == term.strip().casefold()]
        if len(same or found) == 1:
            return (same or found)[0]
        near = ", ".join(f"{issue.name} ({issue.code})" for issue in found[:5])
        problem = (
            f"{len(found)} issues have {term!r} in their name" if found else f"no issue is named {term!r}"
        )
        raise UsageError(f"{self.board}: {problem}", advice=f"one of {near}" if found else "check the name")

    def _items(self) -> Iterator[Issue]:
        return iter(self.issues)

    @property
    def title(self) -> str:
        """What it is, in a line."""
        return f"{self.board}, {counted(len(self), 'issue')}" + (f", {self.on}" if self.on else "")

    def _facts(self) -> Mapping[str, Any]:
        return {"board": self.board, "on": self.on}
