"""How records declare fields that are not shown as they are: what came over the wire, account numbers, brokers."""

from collections.abc import Mapping
from typing import Any

from attrs import field

from koscom_async._masking import masked_repr

OMITTED: Mapping[str, object] = {"omitted": True}
"""Metadata of a field that plain data leave out."""

MASKED: Mapping[str, object] = {"masked": True}
"""Metadata of an account number: plain data show its first and last four characters."""

NOT_ON_THE_WIRE: Mapping[str, object] = {"not_on_the_wire": True}
"""Metadata of a field that the client knows, and that no answer carries."""

BROKER: Mapping[str, object] = {"plain": ("code", "short_name", "name", "name_ko")}
"""Metadata of a broker: plain data show these of its facts."""


def raw_field() -> Any:
    """Declare `raw`, the row as it came: neither shown nor compared."""
    return field(factory=dict, repr=False, eq=False, metadata=OMITTED)


def omitted_field() -> Any:
    """Declare a field that is `None` by default, and neither in the repr nor in plain data."""
    return field(default=None, repr=False, metadata=OMITTED)


def account_number_field() -> Any:
    """Declare an account number that may be `None`."""
    return field(
        default=None,
        repr=lambda number: "None" if number is None else masked_repr(number),
        metadata=MASKED,
    )
