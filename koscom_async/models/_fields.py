"""How records declare fields that are not shown as they are, and how a frozen record is made fast.

This is the only module that changes what is frozen.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from attrs import field, fields

from koscom_async._masking import masked_repr

OMITTED: Mapping[str, object] = {"omitted": True}
"""Metadata of a field that plain data leave out."""

MASKED: Mapping[str, object] = {"masked": True}
"""Metadata of an account number: plain data show its first and last four characters."""

MASKED_WITH_TWIN: Mapping[str, object] = {"masked": "masked_number"}
"""Metadata of an account number that the record's own `masked_number` tells from others."""

NOT_ON_THE_WIRE: Mapping[str, object] = {"not_on_the_wire": True}
"""Metadata of a field that the client knows, and that no answer carries."""

CODE: Mapping[str, object] = {"is_code": True}
"""Metadata of an instrument's code, or of a tuple of them: read in capitals, placeholders as absent."""

BROKER: Mapping[str, object] = {"plain": ("code", "short_name", "name", "name_ko")}
"""Metadata of a broker: plain data show these of its facts."""


def raw_field() -> Any:
    """Declare `raw`, the row as it came: neither shown nor compared."""
    return field(factory=dict, repr=False, eq=False, metadata=OMITTED)


def named(name: str) -> Mapping[str, object]:
    """Return the metadata of a field that answers of the catalogue have under another name."""
    return {"named": name}


def omitted_field() -> Any:
    """Declare a field that is `None` by default, and neither in the repr nor in plain data."""
    return field(default=None, repr=False, metadata=OMITTED)


def twin_field() -> Any:
    """Declare which one an account is of those of its broker whose masks are alike; 0 where there is one."""
    return field(default=0, eq=False, repr=False, metadata={**OMITTED, **NOT_ON_THE_WIRE})


def code_field() -> Any:
    """Declare an instrument's code, `None` by default."""
    return field(default=None, metadata=CODE)


def account_number_field() -> Any:
    """Declare an account number that may be `None`."""
    return field(
        default=None,
        repr=lambda number: "None" if number is None else masked_repr(number),
        metadata=MASKED,
    )


Record = TypeVar("Record")


def constructor(kind: type[Record]) -> Callable[..., Record]:
    """Return a function that makes a record of all its fields, given by position, at a quarter of the usual cost.

    For records that are made by the hundred thousand.
    """
    lines, known = construction(kind)
    names = ", ".join(each.name for each in fields(kind))  # type: ignore[arg-type]  # each record is an attrs class
    exec(compile(f"def make({names}):{lines}", f"<constructor of {kind.__name__}>", "exec"), known)  # noqa: S102  # of our own field names
    make: Callable[..., Record] = known["make"]
    return make


def construction(kind: type, indent: str = "  ") -> tuple[str, dict[str, Any]]:
    """Return the lines that end a function by returning a record of variables named as its fields, and what they use.

    attrs sets each field of a frozen record through `object.__setattr__`. Here a record is filled by plain assignments
    while it is of a draft class, which has the same layout and is not frozen, and then becomes a record of its own
    class. Nothing is converted, checked or filled in by default.
    """
    lines = (
        "record = NEW(DRAFT)",
        *(f"record.{each.name} = {each.name}" for each in fields(kind)),
        "record.__class__ = KIND",
        "return record",
    )
    known = {"NEW": object.__new__, "DRAFT": _draft(kind), "KIND": kind}
    return "".join(f"\n{indent}{line}" for line in lines), known


def _draft(kind: type) -> type:
    # Both methods are needed: Python keeps the two in one place, and assigns quickly only where neither is overridden.
    thawed = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    return type(kind.__name__, (kind,), {"__slots__": (), **thawed})
