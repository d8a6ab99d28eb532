"""What the reader makes of odd answers: values as they come, and refusals that are errors of this library."""

import copy
import json
import pickle
from contextlib import suppress
from copy import deepcopy
from datetime import date, time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from koscom_async import KoscomError, MalformedResponseError, RequestRejectedError
from koscom_async._wire.json import core
from tests.catalogue.examples import OPERATIONS, examples


def read(operation, text, version="v3"):
    return OPERATIONS.reader(operation, version)(core.read_json(text.encode()))


def price(**fields):
    members = ", ".join(f'"{name}": {value}' for name, value in fields.items())
    return read("market.stocks.price", f'{{"result": {{"isuSrtCd": "005930*001", {members}}}}}').one


def test_values_are_read_as_they_come():
    row = price(
        trdPrc="66700.10",
        accTrdval="1234567890123456789012",
        trdTm="9000000",
        cmpprevddPrc='" -"',
        somethingNew="5",
    )
    assert (row.code, row.price, row.turnover) == (
        "005930",
        Decimal("66700.10"),
        Decimal(1234567890123456789012),
    )
    assert str(row.price) == "66700.10"
    assert row.time == time(9)
    assert row.change is None
    assert row.extra == {"somethingNew": Decimal(5)}
    assert row.raw["isuSrtCd"] == "005930*001"
    assert row.open is None
    assert "open" in row


@pytest.mark.parametrize(
    "signal", ["31000000", "41000000", '"81000000"', "91000007", "0", '"0"', "null", '" -"']
)
def test_signals_are_no_times(signal):
    row = price(trdTm=signal)
    assert row.time is None
    assert "trdTm" in row.raw


def test_dates_come_as_text_and_as_numbers_and_under_two_names():
    texts = ('{"trdDd": 20220503}', '{"trdDd": "20220503"}', '{"BzDd": "20220503"}', '{"TRDDD": 20220503}')
    answer = read("market.stocks.history", f'{{"result": {{"hisLists": [{", ".join(texts)}]}}}}')
    assert {row.date for row in answer} == {date(2022, 5, 3)}
    assert [row.extra for row in answer] == [{}] * 4


def test_both_names_of_one_field_are_kept():
    (row,) = read(
        "market.stocks.history", '{"result": {"hisLists": [{"BzDd": 20220504, "trdDd": 20220503}]}}'
    )
    assert row.date == date(2022, 5, 3)
    assert row.raw["BzDd"] == 20220504


def test_rows_with_different_names_are_each_read():
    rows = '[{"trdDd": 20220503, "x": 1}, {"trdDd": 20220502, "trdPrc": 7}, {}, {"trdPrc": 8}]'
    answer = read("market.stocks.history", f'{{"result": {{"hisLists": {rows}}}}}')
    assert [row.price for row in answer] == [None, 7, None, 8]
    assert answer[0].extra == {"x": 1}


def test_one_row_and_no_rows():
    assert len(read("market.stocks.history", '{"result": {"hisLists": {"trdPrc": 7}}}')) == 1
    assert len(read("market.stocks.history", '{"result": {"hisLists": []}}')) == 0
    assert len(read("market.stocks.history", '{"result": {"hisLists": null}}')) == 0


@pytest.mark.parametrize(
    ("operation", "text"),
    [
        ("market.stocks.history", '{"hisLists": []}'),  # not where the manual has it
        ("market.stocks.history", "{}"),
        ("market.stocks.history", "[]"),
        ("market.stocks.history", '{"result": null}'),
        ("market.stocks.history", '{"result": {"hisLists": [5]}}'),
        ("market.stocks.history", '{"result": {"hisLists": [{"trdPrc": "much"}]}}'),
        ("market.stocks.history", '{"result": {"hisLists": [{"trdPrc": {}}]}}'),
        ("market.stocks.history", '{"result": {"hisLists": [{"trdPrc": true}]}}'),
        ("market.stocks.history", '{"result": {"hisLists": [{"trdDd": 20221399}]}}'),
        ("market.stocks.intraday", '{"result": {"hisLists": [{"inddTm": "10990000"}]}}'),
        ("market.stocks.intraday", '{"result": {"hisLists": [{"inddTm": "123456789"}]}}'),
        ("market.stocks.price", '{"result": []}'),
        ("market.stocks.price", '{"result": {}}'),
        ("market.extra.holiday", '{"lists": [[]]}'),
        ("thecheat.fraudsearch", '{"result_code": 1, "content": "{\\"caution\\""}'),
        ("thecheat.fraudsearch", '{"result_code": 1, "content": "words"}'),
    ],
)
def test_what_cannot_be_read_is_malformed(operation, text):
    with pytest.raises(MalformedResponseError):
        read(operation, text)


def test_an_error_with_http_200_is_one():
    with pytest.raises(RequestRejectedError, match="wrong market"):
        read("market.stocks.price", '{"error": "wrong market"}')


@pytest.mark.parametrize(
    ("code", "kind"), [("-1", KoscomError), ("-2", KoscomError), ('"-3"', KoscomError), ("null", KoscomError)]
)
def test_a_fraud_search_that_failed_is_no_answer(code, kind):
    with pytest.raises(kind):
        read("thecheat.fraudsearch", f'{{"result_code": {code}, "content": {{"caution": "N"}}}}')


@pytest.mark.parametrize(
    "content",
    ['"content": "{\\"caution\\": \\"Y\\"}"', '"content": {"caution": "Y"}', '"caution": "Y"'],
)
def test_a_fraud_search_answers_in_several_places(content):
    assert read("thecheat.fraudsearch", f'{{"result_code": "1", {content}}}').one.caution is True


def test_what_was_looked_up_is_never_shown():
    answer = read(
        "thecheat.fraudsearch", '{"result_code": 1, "content": "{\\"keyword\\": \\"01012345678\\"}"}'
    )
    assert answer.one.keyword == "01012345678"
    assert "01012345678" not in repr(answer)
    assert "01012345678" not in repr(answer.rows)


def test_fields_without_a_type_are_noted_and_refuse_nothing():
    answer = read("nice.companyShortOutline", '{"items": {"item": {"empnum": "many", "korentrnm": "가람"}}}')
    assert answer.one.company_name == "가람"
    assert answer.one.employees is None
    assert "empnum" in answer.notes[0]


def test_rows_and_answers_can_be_kept():
    answer = read("market.stocks.history", '{"result": {"hisLists": [{"trdPrc": 7}, {"trdPrc": 8}]}}')
    for twin in (pickle.loads(pickle.dumps(answer)), copy.deepcopy(answer)):  # noqa: S301  # of our own
        assert twin == answer
        assert hash(twin[0]) == hash(answer[0])
        assert twin[0].raw == answer[0].raw
    assert answer.to_rows()[1]["price"] == 8
    assert answer.column("price") == (7, 8)
    assert [row.price for row in answer[:1]] == [7]
    with pytest.raises(AttributeError, match="no field 'prize'"):
        _ = answer[0].prize
    with pytest.raises(AttributeError):
        answer[0].price = 9


ODD = (
    "",
    " -",
    "null",
    "much",
    "9" * 60,
    "1e999",
    "\ud800",
    "99999999",
    "２０２２",
    "*",
    "{",
    None,
    True,
    [],
    {},
    [[]],
    [{}],
    -1,
    0.5,
    10**40,
)
EXAMPLES = list(examples())


def spoil(document, draw):
    """Put something odd in the place of a value somewhere inside, or take the value away."""
    block = document
    while True:
        keys = list(block) if isinstance(block, dict) else range(len(block))
        key = draw(st.sampled_from(list(keys)))
        if isinstance(block[key], dict | list) and block[key] and draw(st.booleans()):
            block = block[key]
            continue
        if draw(st.booleans()) or isinstance(block, list):
            block[key] = deepcopy(draw(st.sampled_from(ODD)))  # it may be spoiled in its turn
        else:
            del block[key]
        return


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_whatever_an_answer_holds_it_is_read_or_refused(data):
    _, text, operation, version = data.draw(st.sampled_from(EXAMPLES))
    document = json.loads(text)
    for _ in range(data.draw(st.integers(1, 3))):
        if document:
            spoil(document, data.draw)
    body = json.dumps(document).encode()
    with suppress(KoscomError):
        answer = OPERATIONS.reader(operation, version)(core.read_json(body))
        assert len(answer.to_rows()) == len(answer)
        repr(answer)


def test_a_large_text_in_the_place_of_an_object_is_malformed_before_it_is_read():
    inside = json.dumps({"hisLists": [{"trdDd": "20220503"}] * 5_000})
    with pytest.raises(MalformedResponseError, match="in the place of an object"):
        read("market.stocks.history", json.dumps({"result": inside}))


def test_wide_rows_are_read_few_at_a_time():
    wide = {f"k{number}": None for number in range(6_000)}
    for rows, least in (
        ([wide] * 9, 9),
        ([{}, wide, wide, {}], 2),
        ([{"isuSrtCd": "1"}] * 1_000, 4),
        ([], 0),
    ):
        steps = OPERATIONS.reader("market.stocks.lists", "v3").steps({"isuLists": rows})
        count = 0
        with suppress(StopIteration):
            while True:
                next(steps)
                count += 1
        assert least <= count <= len(rows), (len(rows), count)
