"""Large JSON texts: read in pieces, they are what they are in one, and break where they break in one."""

import json
from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import example, given

from koscom_async._cooperative import SLICE_LENGTH, run_now
from koscom_async._wire.json.core import json_steps, read_json, read_list, scan
from koscom_async._wire.json.walk import MAX_TEXT, SINGLE_VALUES, Walk
from koscom_async.errors import MalformedResponseError
from tests.loops import each
from tests.wire.json_texts import bodies, broken_bodies, outcome
from tests.wire.recorded import recorded

SLICE = 64
"""Characters, so that small examples have many slices; a probe has four."""


def in_slices(body):
    return run_now(json_steps(body, slice_length=SLICE))


@given(body=bodies() | broken_bodies())
@example(body=b'{"rows": [{"a": 1e1E999')
@example(body=b'{"rows": [[1e1E999')
def test_what_is_read_in_slices_is_what_is_read_at_once(body):
    assert outcome(lambda: in_slices(body)) == outcome(lambda: read_json(body))


@pytest.mark.parametrize("case", ["balance_all", "portfolio_all", "transactions", "watchlist"])
def test_the_documents_examples_cut_anywhere_break_at_the_same_place(case):
    body = recorded(case)
    for end in range(0, len(body) + 1, 7):
        cut = body[:end]
        assert outcome(lambda cut=cut: in_slices(cut)) == outcome(lambda cut=cut: read_json(cut))


ROWS = [
    {"assetType": "KSP", "name": '},{"assetType":', "qty": 1.0, "costs": [{"cost": 1}, {"cost": 2}]}
] * 300


@each(
    "document",
    [
        {"list": {"balance": {"summary": {"cash": 1.0}, "rows": ROWS, "others": ROWS}}},
        {"list": {"balance": [{"summary": {"cash": 1.0}}, {"rows": ROWS}, {"others": ROWS}]}},
        ROWS,
        [{"account": "1", "rows": ROWS}, {"account": "2", "rows": ROWS}],
        {f"name {number}": {"a": number} for number in range(2000)},
        ["삼성전자, 우", "null"] * 2000,
        [[1, 2, [3]]] * 2000,
        list(range(5000)),
        [{str(number): number} for number in range(2000)],
        [{}] * 5000,
        "x" * 20000,
    ],
)
@each("separators", [(",", ":"), (", \n", " : ")])
def test_a_document_of_any_shape_is_the_same(document, separators):
    body = json.dumps(document, separators=separators).encode()
    read = run_now(json_steps(body, slice_length=2048))
    assert repr(read) == repr(read_json(body))


def test_of_a_long_list_no_more_than_a_slice_is_read_between_two_stops():
    body = json.dumps({"a": {"rows": ROWS}, "b": {"rows": ROWS}}).encode()
    read = Counter()
    pieces = []
    stops = 0

    def reading(text, level):
        read[stops] += len(text)
        pieces.append(len(read_list(text, level)))
        return read_list(text, level)

    steps = Walk(body.decode(), scan=scan, read_list=reading, slice_length=2048).steps()
    while True:
        try:
            next(steps)
        except StopIteration as end:
            document = end.value
            break
        stops += 1
    assert document == read_json(body)
    assert max(read.values()) <= 2 * 2048
    assert sum(pieces) > 0.9 * 600
    assert stops >= len(body) // (2 * 2048)


def test_a_small_document_is_read_without_a_stop():
    assert list(json_steps(b'{"a": 1}')) == []
    assert run_now(json_steps(b'{"a": 1}')) == {"a": Decimal(1)}
    assert list(json_steps(json.dumps(["x" * 9] * (SLICE_LENGTH // 8)).encode())) != []


def test_an_error_holds_nothing_of_the_document():
    with pytest.raises(MalformedResponseError) as caught:
        in_slices(json.dumps({"name": "SECRET-MARK" * 20}).encode()[:-1])
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert "SECRET" not in str(caught.value)


def test_nothing_is_nothing_in_slices_too():
    with pytest.raises(MalformedResponseError, match="the answer is empty"):
        in_slices(b" " * 3000)


@each("value", [b'"%s"', b'"\\"%s"', b"%s"])
@each("body", [b'{"a": %s}', b'{"a": [%s, 1], "b": 2}', b"{%s: 1}"])
def test_a_text_or_number_that_is_longer_than_any_field_is_refused(value, body):
    if value == b"%s" and body.startswith(b"{%s"):
        return  # a number is no key
    around = len(value) - len(b"%s")
    longest = body % (value % (b"7" * (MAX_TEXT - max(around, 1))))
    assert run_now(json_steps(longest)) == read_json(longest)
    with pytest.raises(MalformedResponseError, match="more than 262,144 characters"):
        run_now(json_steps(body % (value % (b"7" * (MAX_TEXT - around + 1)))))


def test_values_that_are_read_one_by_one_are_at_most_so_many_in_a_step():
    members = {f"k{number}": number for number in range(4 * SINGLE_VALUES)}
    body = json.dumps({"rows": [members, members]}).encode()
    assert len(list(json_steps(body))) >= 7
    assert run_now(json_steps(body)) == read_json(body)
