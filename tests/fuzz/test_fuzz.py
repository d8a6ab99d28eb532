"""A short slice of every target, the same each time; `nox -s fuzz` runs them for as long as it is given."""

import pytest

from tests.fuzz.session import Fuzzed
from tests.fuzz.targets import TARGETS

INPUTS = {
    "http": 150,
    "json": 40,
    "holdings": 30,
    "contracts": 15,
    "portfolios": 15,
    "transactions": 15,
    "watchlists": 15,
    "linked": 15,
    "drift": 40,
    "order": 15,
    "zeros": 15,
    "trades": 6,
}


@pytest.mark.parametrize("name", TARGETS)
def test_a_slice_of_the_fuzzing_finds_nothing(name):
    fuzzed = Fuzzed(name)
    fuzzed.round(seed=1, inputs=INPUTS[name])
    assert "\n".join(fuzzed.finds.values()) == ""
    assert fuzzed.inputs >= INPUTS[name] / 2
