"""The documentation's table of wire fields is the one that the readers use."""

from pathlib import Path

import attrs

from koscom_async._wire.records.converter import names_of
from koscom_async._wire.records.field_table import RECORDS, field_table
from koscom_async._wire.records.names import LIST_NAMES
from tests.loops import each

README = Path(__file__).parent.parent.parent.joinpath("README.md").read_text(encoding="utf-8")


def test_the_readme_has_the_table_as_the_code_makes_it():
    assert field_table() in README, "paste what `python -m koscom_async._wire.records.field_table` prints"


@each("kind", RECORDS)
def test_every_attribute_comes_from_the_wire_or_says_that_it_does_not(kind):
    ours = {
        attribute.name
        for attribute in attrs.fields(kind)
        if attribute.metadata.get("not_on_the_wire")
        or attribute.name in {"raw", "other_codes"} | set(LIST_NAMES)
    }
    assert {attribute.name for attribute in attrs.fields(kind)} - ours == set(names_of(kind))


def test_a_field_has_its_korean_term():
    assert "| `Transaction` | `changeAmt` | `amount_change` | 금액증감 |" in field_table().splitlines()


def test_a_list_inside_a_row_has_its_line():
    assert "| `DiscretionaryOrder` | `execList` | `executions` | 체결상세내역 |" in field_table().splitlines()
