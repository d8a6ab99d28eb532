"""The documentation's table of wire fields is the one that the readers use."""

from pathlib import Path

import attrs
import pytest

from koscom_async._wire.field_table import field_table
from koscom_async._wire.records import WIRE_NAMES

README = Path(__file__).parent.parent.parent.joinpath("README.md").read_text(encoding="utf-8")


def test_the_readme_has_the_table_as_the_code_makes_it():
    assert field_table() in README, "paste what `python -m koscom_async._wire.field_table` prints"


# What the question says and the row does not, and lists inside a row, whose own records have lines of their own.
FROM_ELSEWHERE = {"raw", "other_codes", "broker", "asset_class", "codes", "costs", "executions"}


@pytest.mark.parametrize("kind", WIRE_NAMES, ids=lambda kind: kind.__name__)
def test_every_attribute_comes_from_the_wire_or_says_that_it_does_not(kind):
    ours = {
        attribute.name
        for attribute in attrs.fields(kind)
        if attribute.metadata.get("not_on_the_wire") or attribute.name in FROM_ELSEWHERE
    }
    assert {attribute.name for attribute in attrs.fields(kind)} - ours == set(WIRE_NAMES[kind])


def test_a_field_has_its_korean_term():
    assert "| `Transaction` | `changeAmt` | `amount_change` | 금액증감 |" in field_table().splitlines()
