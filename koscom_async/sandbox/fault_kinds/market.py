"""Faults of market data: too early, and rows that are missing or come twice, without a word."""

import json
from typing import Any, ClassVar

from attrs import evolve

from koscom_async.sandbox.fault_kinds.kind import FaultKind, is_count
from koscom_async.sandbox.reply import Reply, json_reply

_NOT_READY = {"error": "당일 종가 제공 시간이 아닙니다."}
_ISSUES = ("isuLists", "isulist")
_PERIODS = ("hisLists",)


class MarketFault(FaultKind):
    """A fault of market data."""

    market_only = True


class NotReady(MarketFault):
    """400 with the platform's words for a closing price that is asked for before the close; 200, if that follows."""

    @classmethod
    def accepts(cls, argument: str) -> bool:
        """Whether it is a status that the platform uses for it."""
        return argument in {"200", "400"}

    def instead(self, broker: str) -> Reply | None:
        """Refuse."""
        return json_reply(_NOT_READY, status=int(self.argument or "400"))


class UnknownRefused(MarketFault):
    """A multi-quote with a code that is not on the board is refused, where it is left out otherwise."""


class TodayOnly(MarketFault):
    """The course of a day that is past has no rows."""


class _Rows(MarketFault):
    """A fault that changes the rows of an answer, in lists of these names."""

    names: ClassVar[tuple[str, ...]] = _ISSUES

    def corrupt(self, reply: Reply) -> Reply:
        """Change the rows; an answer without such rows stays as it is."""
        if reply.status != 200:
            return reply
        document = json.loads(reply.body)
        result = document.get("result", document)
        for name in self.names:
            if rows := result.get(name):
                result[name] = self.changed(rows)
        return evolve(reply, body=json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())

    def changed(self, rows: list[Any]) -> list[Any]:
        """Return the rows that are left."""
        raise NotImplementedError


class LeftOutIssue(_Rows):
    """A multi-quote, listing or snapshot leaves out its first issue."""

    def changed(self, rows: list[Any]) -> list[Any]:
        """Leave out the first."""
        return rows[1:]


class RepeatedIssue(_Rows):
    """A multi-quote, listing or snapshot has its first issue twice."""

    def changed(self, rows: list[Any]) -> list[Any]:
        """Repeat the first at the end."""
        return [*rows, rows[0]]


class NoIssues(_Rows):
    """A multi-quote, listing or snapshot has no issues, as one that is not made yet."""

    def changed(self, rows: list[Any]) -> list[Any]:
        """Leave out all."""
        return []


class RepeatedPeriod(_Rows):
    """A history or a course of the day has its newest row twice."""

    names = _PERIODS

    def changed(self, rows: list[Any]) -> list[Any]:
        """Repeat the first."""
        return [rows[0], *rows]


class OddDirections(_Rows):
    """The codes of changes are 0 or the opposite of the sign in some rows, as in the manual's example of version 2."""

    names = _PERIODS

    def changed(self, rows: list[Any]) -> list[Any]:
        """Change the code of each third and fifth row that has one."""
        for place, row in enumerate(rows, 1):
            code = row.get("cmpprevddTpCd")
            if code is not None and not place % 5:
                row["cmpprevddTpCd"] = {"2": "5", "5": "2"}.get(code, code)
            elif code is not None and not place % 3:
                row["cmpprevddTpCd"] = "0"
        return rows


class FewerRows(_Rows):
    """A history or a course of the day keeps its newest 10 rows, or as many as follow the colon."""

    names = _PERIODS

    @classmethod
    def accepts(cls, argument: str) -> bool:
        """Whether it is a number of rows."""
        return is_count(argument)

    def changed(self, rows: list[Any]) -> list[Any]:
        """Drop the oldest."""
        return rows[: int(self.argument or "10")]


class LostEnd(FewerRows):
    """A history or a course of the day lacks its newest 10 rows, or as many as follow the colon."""

    def changed(self, rows: list[Any]) -> list[Any]:
        """Drop the newest."""
        return rows[int(self.argument or "10") :]


class OtherDays(_Rows):
    """A history is that of a year long past, whatever days were asked for."""

    names = _PERIODS

    def changed(self, rows: list[Any]) -> list[Any]:
        """Change the year of each day, which may be text or a number."""
        for row in rows:
            for name in {"trdDd", "BzDd"} & row.keys():
                row[name] = type(row[name])(f"1996{str(row[name])[4:]}")
        return rows


class OtherFigures(_Rows):
    """A history or a course of the day has its newest row once more, with another volume."""

    names = _PERIODS

    def changed(self, rows: list[Any]) -> list[Any]:
        """Repeat the first."""
        volumes = {name: 1 for name in ("accTrdvol", "inddTrdvol") if name in rows[0]}
        return [rows[0], {**rows[0], **volumes}, *rows[1:]]
