"""One call to the market: what it asks about, and the checks of what it says; and what all answers share.

A refusal is `Unanswerable`, with the text that the platform puts under `error`.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Any

from attrs import frozen

from koscom_async.sandbox.market.facts import Facts
from koscom_async.sandbox.market.listing import INDEX_OF
from koscom_async.sandbox.market.market import Market, Moment
from koscom_async.sandbox.market.operations import Operation
from koscom_async.sandbox.market.prices import OPENS, Instrument

MAX_ROWS, MAX_CODES, MAX_FIELDS = 100, 20, 10
_DOCUMENTS = "koscom_async.sandbox.documents"
_OF_FUNDS = ("components", "nav", "nav_history")
_SUBSTITUTES = {
    "market.v2.options.intraday": "market.v2.futures.intraday",
    "market.v2.stocks.selectivemaster": "market.v2.stocks.master",
}

# Faults of which the manual does not say that they are any: the platform may do so.
UNKNOWN_REFUSED, TODAY_ONLY = "unknown-refused", "today-only"

NOT_READY = "당일 종가 제공 시간이 아닙니다."
NO_ISSUE = "종목코드가 올바르지 않습니다."
NO_MARKET = "시장코드가 올바르지 않습니다."
WRONG_PARAMETER = "요청 파라미터가 올바르지 않습니다: {}"


class Unanswerable(Exception):
    """The market refuses a question; `status` is 200 where the platform says so in the body alone."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.message, self.status = message, status


@cache
def examples() -> Mapping[str, Any]:
    """Return the manual's examples by name."""
    read: dict[str, Any] = json.loads(files(_DOCUMENTS).joinpath("market.json").read_text(encoding="utf-8"))
    return read


def is_digits(text: str) -> bool:
    """Return whether a text is a whole number, in ASCII."""
    return text.isascii() and text.isdigit()


def read_day(query: Mapping[str, str], name: str) -> date:
    """Return a date that a query gives as `YYYYMMDD`."""
    text = query.get(name, "")
    try:
        if len(text) == 8 and is_digits(text):
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        pass
    raise Unanswerable(WRONG_PARAMETER.format(name))


@frozen(kw_only=True)
class Question:
    """One call: what the address says, and what its query; a name without a value is a name all the same."""

    operation: Operation
    market: Market
    moment: Moment
    path: Mapping[str, str]
    query: Mapping[str, str]
    fault: str = ""

    @property
    def example(self) -> Any:
        """The manual's example of the answer."""
        board = self.path.get("board", "kospi")
        name = self.operation.example.format(board="kospi" if board == "konex" else board)
        # The manual of version 2 has no example of an option's course, nor of chosen fields.
        return examples()[_SUBSTITUTES.get(name, name)]

    def instrument(self) -> Instrument:
        """Return what is asked about."""
        market, path = self.market, self.path
        try:
            if "index" in path:
                return market.indices[path["market"], path["index"]]
            if self.operation.kind:
                return self.contracts()[path["issue"]]
            if "issue" not in path:
                return market.indices[path["board"], INDEX_OF[path["board"]]]
            issue = self.issues()[path["issue"]]
        except KeyError:
            # One board says so with a status, the other in the body alone: clients have met both.
            status = 200 if path.get("board") == "kosdaq" else 400
            raise Unanswerable(NO_ISSUE, status=status) from None
        if self.operation.answer in _OF_FUNDS and issue.kind != "fund":
            raise Unanswerable(NO_ISSUE)
        return issue

    def issues(self) -> Mapping[str, Instrument]:
        """Return the issues of the board that is asked about, as far as they are listed yet."""
        try:
            issues = self.market.board(self.path["board"])
        except KeyError:
            raise Unanswerable(NO_MARKET) from None
        return {code: issue for code, issue in issues.items() if issue.listed <= self.moment.number}

    def contracts(self) -> Mapping[str, Instrument]:
        """Return the futures or options of the market that is asked about."""
        try:
            return self.market.contracts(self.operation.kind, self.path["market"], self.today)
        except KeyError:
            raise Unanswerable(NO_MARKET) from None

    @property
    def today(self) -> date:
        """The trading day that answers are about."""
        return self.market.days.day(self.moment.number)

    def facts(self, instrument: Instrument) -> Facts:
        """Return what is known of an instrument."""
        return Facts(self.market, instrument, self.moment)

    def text(self, name: str, *allowed: str) -> str:
        """Return a parameter that must be there."""
        value = self.query.get(name, "")
        if not value or (allowed and value not in allowed):
            raise Unanswerable(WRONG_PARAMETER.format(name))
        return value

    def day(self, name: str) -> date:
        """Return a date, `YYYYMMDD`."""
        return read_day(self.query, name)

    def second(self, name: str) -> int:
        """Return a time, `HHMM`, in seconds after the open."""
        text = self.text(name)
        if len(text) != 4 or not is_digits(text) or int(text[:2]) > 24 or int(text[2:]) > 59:
            raise Unanswerable(WRONG_PARAMETER.format(name))
        return int(text[:2]) * 3600 + int(text[2:]) * 60 - OPENS

    def count(self) -> int:
        """Return how many rows are wanted at most."""
        text = self.query.get("reqCnt", str(MAX_ROWS))
        if not is_digits(text) or not 0 < int(text) <= MAX_ROWS:
            raise Unanswerable(WRONG_PARAMETER.format("reqCnt"))
        return int(text)

    def dates(self) -> tuple[date, date]:
        """Return the dates between which rows are wanted."""
        since, until = self.day("inqStrtDd"), self.day("inqEndDd")
        if since > until:
            raise Unanswerable(WRONG_PARAMETER.format("inqStrtDd"))
        return since, until


def like(example: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts that an example has, in its order, and text where it has text."""
    return {
        name: str(facts[name]) if isinstance(shown, str) else facts[name] for name, shown in example.items()
    }


def enveloped(result: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "result": result}


def with_rows(question: Question, rows: Iterable[Mapping[str, Any]], **head: Any) -> Any:
    """Return rows, the newest first: the newest `reqCnt` of them, without a word of the rest."""
    example = question.example["result"]
    name = next(name for name, value in example.items() if isinstance(value, list))
    kept = [like(example[name][0], row) for row in islice(rows, question.count())]
    return enveloped({**like({key: "" for key in example if key in head}, head), name: kept})
