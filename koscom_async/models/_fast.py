"""Constructors of frozen records that cost a quarter of the records' own, for who makes a hundred thousand of them.

A frozen record's own constructor goes around its lock once for each field. Here a record is filled while it is of a
twin class without the lock, by plain assignments, and then told its real class: that leaves no trace. Nothing is
converted, checked or filled in by default, and a field that is not named stays empty.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

Record = TypeVar("Record")


def unlocked(kind: type) -> type:
    """Return a class of the same layout that is not frozen, for records that are told their real class when filled."""
    # Both are needed: Python keeps the two in one place, and assigns quickly only where neither is overridden.
    thawed = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    return type(kind.__name__, (kind,), {"__slots__": (), **thawed})


def constructor(kind: type[Record], names: Sequence[str]) -> Callable[..., Record]:
    """Return a function that makes a record of these slots' values, given by position."""
    lines = [
        f"def make({', '.join(names)}):",
        "  record = NEW(TWIN)",
        *[f"  record.{name} = {name}" for name in names],
        "  record.__class__ = KIND",
        "  return record",
    ]
    known: dict[str, Any] = {"NEW": object.__new__, "TWIN": unlocked(kind), "KIND": kind}
    exec(compile("\n".join(lines), f"<constructor of {kind.__name__}>", "exec"), known)  # noqa: S102  # of our own field names
    make: Callable[..., Record] = known["make"]
    return make
