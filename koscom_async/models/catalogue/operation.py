"""What is known of an operation: its parameters, the fields of its answer, its hours, licence and status."""

from collections.abc import Iterable, Mapping
from datetime import time
from typing import Literal

from attrs import field, frozen

from koscom_async._record import Record

__all__ = ["AnswerField", "Operation", "Parameter"]


@frozen(kw_only=True, eq=False, repr=False)
class Parameter(Record):
    """An argument of an operation. `values` are the words that it takes, each with what is sent for it.

    `wire` is the platform's name, `ko` its Korean term, `place` where it is sent. `default` is taken where it is left
    out; without one, and where it is not `required`, nothing is sent. `most` limits how many codes or fields a list
    may have. A `secret` one is in no log, error or URL.
    """

    name: str
    wire: str
    place: Literal["path", "query", "body"] = "query"
    kind: str = "text"
    values: Mapping[str, str] = field(factory=dict)
    required: bool = False
    default: str | None = None
    fixed: str | None = None
    most: int | None = None
    found_by: str | None = None
    secret: bool = False
    ko: str | None = None


@frozen(kw_only=True, eq=False, repr=False)
class AnswerField(Record):
    """A field of an answer: its attribute, the platform's name and Korean term, and the kind of its values.

    A sent number times `unit` is in shares, contracts or KRW, which is what the attribute has.
    """

    name: str
    wire: str
    kind: str = "text"
    unit: int = 1
    secret: bool = False
    ko: str | None = None


def _words(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(words)


def _hour(text: str | time | None) -> time | None:
    return time.fromisoformat(text) if isinstance(text, str) else text


@frozen(kw_only=True, eq=False, repr=False)
class Operation(Record):
    """One operation of the platform, as `koscom.operations` lists it and `koscom.ask` asks it.

    `paths` are by version of the market data service (`"v3"`, `"v2"`), or by `"*"` for every other service. `fields`
    stand in each row of the answer, `head` above them. `ready_from` is when the running day's data are there,
    `available_from` when the service opens, both in Korean time; `hours` are the manual's words. `missing` is what no
    public document says: such an operation raises `UndocumentedServiceError`, and `document` has it. `python` names the
    typed method that asks it in place of `koscom.ask`. `specification` says in few words where it comes from, `source`
    and `status` in more.
    """

    name: str
    title: str
    title_ko: str | None = None
    method: str | None = None
    scheme: str = "apikey"
    paths: Mapping[str, str] = field(factory=dict)
    parameters: tuple[Parameter, ...] = ()
    one_of: tuple[str, ...] = field(default=(), converter=_words)
    head: tuple[AnswerField, ...] = ()
    fields: tuple[AnswerField, ...] = ()
    rows_per_call: int | None = None
    window: Mapping[str, int] = field(factory=dict)
    repeatable: bool = True
    licence: str | None = None
    hours: str | None = None
    available_from: time | None = field(default=None, converter=_hour)
    ready_from: time | None = field(default=None, converter=_hour)
    status: str = ""
    source: str = ""
    specification: str = ""
    missing: tuple[str, ...] = field(default=(), converter=_words)
    document: str | None = None
    python: str | None = None

    @property
    def service(self) -> str:
        """Which of the platform's services it belongs to; each has limits and a daily quota of its own."""
        return self.name.partition(".")[0]

    @property
    def is_documented(self) -> bool:
        """Whether enough is known to ask it."""
        return not self.missing

    def path(self, version: str) -> str | None:
        """Return its path in a version of the market data service, `None` where that has no such operation."""
        return self.paths.get("*") or self.paths.get(version)
