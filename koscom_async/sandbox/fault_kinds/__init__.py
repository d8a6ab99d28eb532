"""What can go wrong: each kind of fault as a small class in a module of its kin, and here the table of their names.

To add one, write its class and its row in `FAULT_KINDS`.
"""

from collections.abc import Mapping
from inspect import getdoc

from koscom_async._hints import near
from koscom_async.error_codes import ERROR_CODES
from koscom_async.sandbox.fault_kinds.answers import (
    Code,
    DeadToken,
    Down,
    Flapping,
    Html,
    OverLimit,
    QuotaSpent,
    Reset,
    Shape,
    Slow,
    SlowExponential,
    SlowLongTail,
    SlowUniform,
)
from koscom_async.sandbox.fault_kinds.contents import CONTENTS, OddContent
from koscom_async.sandbox.fault_kinds.doubles import (
    CashRow,
    DoubledRow,
    EmptyRow,
    SumRow,
    TotalRow,
    TwoClasses,
)
from koscom_async.sandbox.fault_kinds.grants import ForeignIssuer, OtherScope, SameToken, ShortLived
from koscom_async.sandbox.fault_kinds.kind import NO_FAULT, FaultKind
from koscom_async.sandbox.fault_kinds.market import (
    FewerRows,
    LeftOutIssue,
    LostEnd,
    NoIssues,
    NotReady,
    OddDirections,
    OtherDays,
    OtherFigures,
    RepeatedIssue,
    RepeatedPeriod,
    TodayOnly,
    UnknownRefused,
)
from koscom_async.sandbox.fault_kinds.pages import (
    CodeIn200,
    DriftingPages,
    DuplicatePage,
    EmptyPages,
    Endless,
    Foreign,
    ForgottenPage,
    MovedRow,
    OddKeys,
    SamePage,
    Short,
    ShuffledPages,
    WrongId,
)
from koscom_async.sandbox.fault_kinds.refusals import (
    ConsentEnds,
    Created,
    EndedConsent,
    ErrorBodyIn200,
    LongRange,
    Maintenance,
    OwnReason,
    ShortUnauthorized,
)
from koscom_async.sandbox.fault_kinds.wire import (
    ChunkedGarbage,
    Closes,
    Drip,
    Empty,
    EucKr,
    Forgets,
    GzipBomb,
    HalfClosed,
    Huge,
    LengthLong,
    LengthShort,
    OddCoding,
    Silent,
    Truncated,
)
from koscom_async.sandbox.reply import find_refusal_code

__all__ = ["FAULT_KINDS", "NO_FAULT", "FaultKind", "describe_kinds", "find_kind"]

FAULT_KINDS: Mapping[str, type[FaultKind]] = {
    **dict.fromkeys(CONTENTS, OddContent),
    "cash-row": CashRow,
    "chunked-garbage": ChunkedGarbage,
    "closes": Closes,
    "consent-ends": ConsentEnds,
    "created": Created,
    "dead-token": DeadToken,
    "doubled-row": DoubledRow,
    "down": Down,
    "drifting-pages": DriftingPages,
    "drip": Drip,
    "duplicate-page": DuplicatePage,
    "empty": Empty,
    "empty-pages": EmptyPages,
    "empty-row": EmptyRow,
    "ended-consent": EndedConsent,
    "endless": Endless,
    "error-200": CodeIn200,
    "error-body-200": ErrorBodyIn200,
    "euc-kr": EucKr,
    "fewer-rows": FewerRows,
    "flapping": Flapping,
    "foreign": Foreign,
    "foreign-issuer": ForeignIssuer,
    "forgets": Forgets,
    "forgotten-page": ForgottenPage,
    "gzip-bomb": GzipBomb,
    "half-closed": HalfClosed,
    "html": Html,
    "huge": Huge,
    "left-out-issue": LeftOutIssue,
    "length-long": LengthLong,
    "length-short": LengthShort,
    "long-range": LongRange,
    "lost-end": LostEnd,
    "maintenance": Maintenance,
    "moved-row": MovedRow,
    "no-issues": NoIssues,
    "not-ready": NotReady,
    "odd-coding": OddCoding,
    "odd-directions": OddDirections,
    "odd-page-keys": OddKeys,
    "other-days": OtherDays,
    "other-figures": OtherFigures,
    "other-scope": OtherScope,
    "own-reason": OwnReason,
    "quota": QuotaSpent,
    "repeated-issue": RepeatedIssue,
    "repeated-period": RepeatedPeriod,
    "reset": Reset,
    "same-page": SamePage,
    "same-token": SameToken,
    "shape": Shape,
    "short": Short,
    "short-401": ShortUnauthorized,
    "short-lived": ShortLived,
    "shuffled-pages": ShuffledPages,
    "silent": Silent,
    "slow": Slow,
    "slow-exponential": SlowExponential,
    "slow-long-tail": SlowLongTail,
    "slow-uniform": SlowUniform,
    "sum-row": SumRow,
    "today-only": TodayOnly,
    "total-row": TotalRow,
    "truncated": Truncated,
    "two-classes": TwoClasses,
    "unknown-refused": UnknownRefused,
    "wrong-id": WrongId,
    "429": OverLimit,
    **{row.code: Code for row in ERROR_CODES if find_refusal_code(row.code) is row},
}
"""Every fault, by name: the named ones, and each platform error code that is answered over HTTP."""


def find_kind(name: str, *, delay: float = 0.0) -> FaultKind:
    """Return the kind of that name; `ValueError`, naming those there are, for another."""
    kind_name, colon, argument = name.partition(":")
    kind = FAULT_KINDS.get(kind_name)
    if kind is None:
        named = sorted(known for known in FAULT_KINDS if not known.isdigit())
        advice = near(name, named) or f"use one of {', '.join(named)}, or a platform error code such as 3600"
        raise ValueError(f"unknown fault {name!r}: {advice}")
    if colon and not kind.accepts(argument):
        raise ValueError(f"fault {kind_name!r} cannot have the argument {argument!r}")
    return kind(name, delay=delay)


def describe_kinds() -> dict[str, str]:
    """Return what each named kind does, in a sentence; for those of the content, the table has it."""
    named = {name: kind for name, kind in FAULT_KINDS.items() if kind is not Code}
    return {
        name: CONTENTS[name][0] if name in CONTENTS else " ".join((getdoc(kind) or "").split())
        for name, kind in sorted(named.items())
    }
