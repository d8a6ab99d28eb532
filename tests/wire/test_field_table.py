"""The table of wire fields is the one that the readers use."""

import attrs

from koscom_async._wire.records.converter import names_of
from koscom_async._wire.records.field_table import RECORDS, WireField, wire_fields
from koscom_async._wire.records.names import LIST_NAMES
from tests.loops import each


@each("kind", RECORDS)
def test_every_attribute_comes_from_the_wire_or_says_that_it_does_not(kind):
    ours = {
        attribute.name
        for attribute in attrs.fields(kind)
        if attribute.metadata.get("not_on_the_wire")
        or attribute.name in {"raw", "other_codes", "code_kinds"} | set(LIST_NAMES)
    }
    assert {attribute.name for attribute in attrs.fields(kind)} - ours == set(names_of(kind))


def test_a_field_has_its_korean_term():
    assert WireField("Transaction", ("changeAmt",), "amount_change", "금액증감") in list(wire_fields())


def test_a_list_inside_a_row_has_its_line():
    assert WireField("DiscretionaryOrder", ("execList",), "executions", "체결상세내역") in list(wire_fields())
