"""The least time that a fan-out can take, worked out by hand."""

from collections import Counter

import pytest

from koscom_async import BrokerLimits, Limits

FREE = {"rate": 1000.0, "burst": 1000, "in_flight": 1000}


@pytest.mark.parametrize(
    ("calls", "limits", "seconds"),
    [
        pytest.param({"a": 1}, {}, 0.4, id="two calls that depend on each other"),
        pytest.param({"a": 4, "b": 1}, {"in_flight": 2}, 0.6, id="two rounds at one broker"),
        pytest.param({"a": 16, "b": 1}, {"rate": 10.0, "burst": 10}, 1.0, id="six calls wait for the rate"),
        pytest.param({"a": 3, "b": 3}, {"total": 2}, 0.8, id="three rounds in all"),
    ],
)
def test_the_slowest_of_chain_rate_and_places_counts(module, calls, limits, seconds):
    total = {"in_flight": 1000} | ({"in_flight": limits["total"]} if "total" in limits else {})
    own = FREE | {name: value for name, value in limits.items() if name != "total"}
    found = module("fanout").lower_bound(Counter(calls), Limits(default=BrokerLimits(**own), **total), 0.2)
    assert found == pytest.approx(seconds)


def test_a_broker_that_answers_all_gets_one_call_an_account_and_others_four(module):
    fanout = module("fanout")
    accounts = fanout.linked(17)
    assert {broker.short_name for broker, _ in accounts} == {broker.short_name for broker, _ in accounts[:16]}
    calls = fanout.calls_by_broker(accounts)
    assert (calls["shinhan"], calls["daishin"], calls["eugene"]) == (2, 1, 4)
