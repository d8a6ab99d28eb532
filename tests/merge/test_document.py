"""Holdings kept as JSON and made again, with nothing lost; anything else is refused with a reason."""

import json
from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given

from koscom_async import (
    BrokerUnavailableError,
    Holdings,
    Product,
    ReauthorizationRequiredError,
)
from koscom_async.errors import facts_of
from koscom_async.models.member import with_twins
from tests.loops import each
from tests.merge.accounts import CYBER, STAR, account, failed, held, merged, read, share, summary
from tests.merge.strategies import accounts_outcomes
from tests.test_errors import CLASSES, whole


def seen(holdings):
    return (
        holdings.positions,
        holdings.cash,
        holdings.totals,
        holdings.foreign_totals,
        holdings.reconciliation,
        holdings.as_of,
        [
            (each.account, each.balance, each.as_of, each.trace, vars(each.error) if each.error else None)
            for each in holdings.outcomes
        ],
    )


@given(accounts_outcomes())
def test_any_holdings_come_back_as_they_were(outcomes):
    holdings = merged(*outcomes)
    assert seen(Holdings.from_json(holdings.to_json())) == seen(holdings)


def test_raw_rows_codes_and_every_digit_come_back():
    raw = {"valAtCur": Decimal("1.0E+10"), "list": [Decimal("1.10"), None, {"a": True}], "$x": "y"}
    row = evolve(share(value="369827563509.123456789", product="ZZZ"), raw=raw)
    again = Holdings.from_json(held(row).to_json())
    (position,) = again.positions
    assert position.lots[0].raw == raw
    assert str(position.lots[0].raw["valAtCur"]) == "1.0E+10"
    assert str(position.value) == "369827563509.123456789"
    assert position.instrument.product == Product("ZZZ")


def test_accounts_whose_masks_are_alike_stay_apart():
    first, second = with_twins([account(number=f"1606{middle}7733676600099") for middle in (2, 1)])
    holdings = merged(read(first, share()), read(second, share()))
    text = holdings.to_json()
    again = Holdings.from_json(text)
    assert again == holdings
    assert [str(each.account) for each in again.outcomes] == ["star 1606…0099 #1", "star 1606…0099 #2"]
    assert [row["account"] for row in again.to_arrow("accounts").to_pylist()] == [
        "1606…0099 #1",
        "1606…0099 #2",
    ]
    assert '"twin": 2' in text
    assert "twin" not in held(share()).to_json()


LOOKALIKES = [
    {"$decimal": "1"},
    {"$decimal": "x"},
    {"$datetime": "2026-01-01T00:00:00"},
    {"$$decimal": "1", "$": {"$decimal": Decimal("1.0")}},
    {"valAtCur": {"$decimal": "1", "more": [{"$datetime": "soon"}]}},
    {"half": "\ud800", "\udfff": ["\ud83d"]},
]


@pytest.mark.parametrize("raw", LOOKALIKES, ids=str)
def test_raw_rows_that_look_like_the_documents_own_marks_come_back_as_they_came(raw):
    text = held(evolve(share(), raw=raw)).to_json()
    (lot,) = Holdings.from_json(text).positions[0].lots
    assert lot.raw == raw
    assert text.encode(), "half a character is escaped"


def test_a_document_of_the_first_version_is_read_as_it_was_written():
    document = json.loads(held(evolve(share(), raw={"name": "a"})).to_json()) | {"version": 1}
    del document["content"]["doubts"]
    raw = document["content"]["positions"][0]["lots"][0]["raw"]
    raw.update({"$x": "y", "$$decimal": "1", "value": {"$decimal": "1.0"}})
    again = Holdings.from_json(json.dumps(document))
    assert again.positions[0].lots[0].raw == {
        "name": "a",
        "$x": "y",
        "$$decimal": "1",
        "value": Decimal("1.0"),
    }
    assert again.doubts == ()


class TheirOwnError(BrokerUnavailableError):
    """A caller's, which no other process may know."""


@each("kind", CLASSES)
def test_a_failure_comes_back_as_its_class_with_all_its_facts(kind):
    error = whole(kind)
    holdings = merged(failed(account(), error))
    (failure,) = Holdings.from_json(holdings.to_json()).failures
    assert type(failure.error) is kind
    assert facts_of(failure.error) == facts_of(error)
    assert failure.error == error
    assert hash(failure.error) == hash(error)
    assert str(failure.error) == str(error)


def test_where_to_authorise_again_is_not_written_and_a_fact_that_is_no_data_neither():
    error = ReauthorizationRequiredError("no token works", broker="star")
    error.attach_authorize_url(
        "https://g.example/authorize?client_id=KEY-MARK&state=STATE-MARK", "STATE-MARK"
    )
    error.answer = object()
    text = merged(failed(account(), error)).to_json()
    assert "MARK" not in text
    (failure,) = Holdings.from_json(
        text.replace('"facts": {', '"facts": {"_authorize_url": "forged", ')
    ).failures
    assert type(failure.error) is ReauthorizationRequiredError
    assert (failure.error.url, failure.error.state, failure.error.broker) == (None, None, "star")


def test_an_error_of_a_callers_own_class_comes_back_as_the_one_it_derives_from():
    error = TheirOwnError("down", broker="star", retry_after=2.0)
    (failure,) = Holdings.from_json(merged(failed(account(), error)).to_json()).failures
    assert type(failure.error) is BrokerUnavailableError
    assert (failure.error.broker, failure.error.retry_after) == ("star", 2.0)
    assert failure.error != error


def test_the_document_says_what_it_is_and_which_version():
    document = json.loads(held(share()).to_json())
    assert (document["kind"], document["version"]) == ("koscom_async.holdings", 2)


def changed(**changes):
    return json.dumps(json.loads(held(share()).to_json()) | changes)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is no koscom_async.holdings document"),
        ('{"kind": "other"}', "is no koscom_async.holdings document"),
        (changed(version=3), "has version 3; this library reads 1 to 2"),
        (changed(version=True), "has version True; this library reads 1 to 2"),
        (changed(content=None), "is damaged"),
        (changed(content={"positions": 7}), "is damaged"),
        (changed(content={"surprise": 1}), "is damaged"),
    ],
    ids=["empty", "deep", "list", "kind", "version", "no version", "nothing", "shape", "key"],
)
def test_another_document_is_refused_with_the_reason(text, reason):
    with pytest.raises(ValueError, match=reason):
        Holdings.from_json(text)


def test_a_damaged_amount_is_refused():
    text = merged(read(account(STAR), share(value=120)), read(account(CYBER), summed=summary(5))).to_json()
    with pytest.raises(ValueError, match="damaged"):
        Holdings.from_json(text.replace('"120"', '"12O"'))


@pytest.mark.parametrize("wrong", ["NaN", "sNaN", "Infinity", "1e999999", "1e-999999", "9" * 5000])
def test_what_is_no_amount_is_refused_when_it_is_read_and_not_when_it_is_shown(wrong):
    text = merged(read(account(STAR), evolve(share(value=120), raw={"valAtCur": Decimal(120)}))).to_json()
    for before in ('"value": "120"', '{"$decimal": "120"}'):
        assert before in text
        with pytest.raises(ValueError, match="damaged"):
            Holdings.from_json(
                text.replace(before, before.replace("120", wrong)).replace("Infinity", "-Infinity")
            )


def test_a_document_that_holds_the_isin_beside_the_code_is_read():
    holdings = held(share("KR7005930003"))
    document = json.loads(holdings.to_json())
    assert "isin" not in document["content"]["positions"][0]["instrument"]
    document["content"]["positions"][0]["instrument"]["isin"] = "KR7005930003"
    again = Holdings.from_json(json.dumps(document))
    assert again == holdings
    assert type(again.positions[0].lots) is tuple
