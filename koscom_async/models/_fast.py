"""Fast constructors for frozen records: a quarter of the cost of attrs' own `__init__`.

Used where records are made by the hundred thousand. attrs sets each field of a frozen record through
`object.__setattr__`. Here a record is filled by plain assignments while it is of a draft class, which has the same
layout and is not frozen, and then becomes a record of its own class. Nothing is converted, checked or filled in by
default. This is the only module that changes what is frozen.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from attrs import fields

Record = TypeVar("Record")


def constructor(kind: type[Record]) -> Callable[..., Record]:
    """Return a function that makes a record of all its fields, given by position."""
    names = [each.name for each in fields(kind)]  # type: ignore[arg-type]  # each record is an attrs class
    lines = (
        f"def make({', '.join(names)}):",
        "  record = NEW(DRAFT)",
        *(f"  record.{name} = {name}" for name in names),
        "  record.__class__ = KIND",
        "  return record",
    )
    known: dict[str, Any] = {"NEW": object.__new__, "DRAFT": _draft(kind), "KIND": kind}
    exec(compile("\n".join(lines), f"<constructor of {kind.__name__}>", "exec"), known)  # noqa: S102  # of our own field names
    make: Callable[..., Record] = known["make"]
    return make


def _draft(kind: type) -> type:
    # Both methods are needed: Python keeps the two in one place, and assigns quickly only where neither is overridden.
    thawed = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    return type(kind.__name__, (kind,), {"__slots__": (), **thawed})
