"""msgspec as the reader: the very same values, errors and records as without it, whatever comes."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koscom_async._cooperative import run_now
from koscom_async._wire import values
from koscom_async._wire.json import core, fast
from koscom_async._wire.records.converter import names_of
from koscom_async._wire.values import OddNumber
from koscom_async.models.account import EquityRow, FundRow, OtherRow
from tests.loops import each
from tests.wire.json_texts import bodies, broken_bodies, outcome
from tests.wire.recorded import ABSENT_VALUES, BODIES, answer, read_balance

SLICE = 64


def seen(read):
    """What comes of reading; an integer has no negative zero, and a sign of nothing means nothing."""
    return repr(outcome(read)).replace("Decimal('-0')", "Decimal('0')")


def read_fast(body):
    return seen(lambda: fast.read_json(body))


def exact(body):
    return seen(lambda: core.read_json(body))


def fast_in_slices(body, length):
    return seen(lambda: run_now(fast.json_steps(body, slice_length=length)))


@given(body=bodies() | broken_bodies())
def test_it_reads_what_the_core_reads_and_refuses_with_the_same_words(body):
    assert read_fast(body) == exact(body)


@given(body=bodies() | broken_bodies())
def test_so_it_does_in_slices(body):
    assert fast_in_slices(body, SLICE) == exact(body)


@given(
    body=st.binary(max_size=30)
    | st.text(max_size=20).map(lambda text: text.encode("utf-16"))
    | st.text(max_size=20).map(lambda text: json.dumps(text).encode("utf-8-sig"))
    | st.from_regex(rb'[\[\]{}":,0-9eE.\-ax\\u \x00-\x1f]{0,30}')
)
def test_arbitrary_bytes_are_the_same_to_both(body):
    assert read_fast(body) == exact(body)


@each(
    "text",
    [
        "[NaN]", "[-Infinity]", "[1E999]", "[1E-999]", "[18446744073709551616]", "[-9223372036854775809]",
        "[" + "1" * 34 + "]", "[" + "1" * 36 + "]", "[" + "1" * 5000 + "]", "[0." + "1" * 40 + "]",
        "[-0]", "[-0.0]", "[1.0E10]", "[12.90]", "[0e9999999999]", "[1e]", "[01]", "[+1]", "[.5]", "[1.]",
        '["\\ud800"]', '["\\ude00\\ud83d"]', '["\\ud83d\\ude00"]', '["\\x"]', '["\t"]', '["\x7f"]', '["\ud800"]',
        '{"a":1,"a":2}', '{"a":{"b":1},"a":[1,{"c":2}]}', "1", "null", "true", '""', "[1,]", "[1]]", "\ufeff[1]",
        '{"a":[[1,[2,{"b":[3]}]],true,null,"x"]}',
    ],
)  # fmt: skip
def test_odd_texts_are_the_same_to_both(text):
    body = text.encode("utf-8", "surrogatepass")
    assert read_fast(body) == exact(body)
    assert fast_in_slices(body, 2) == exact(body)


def test_numbers_are_decimals_wherever_they_stand():
    document = fast.read_json(
        b'{"a": 1, "b": [2, 3.50, {"c": 4, "d": [5]}], "e": [{"f": 6}, [7]], "g": true}'
    )
    assert repr(document) == repr(
        {
            "a": Decimal(1),
            "b": [Decimal(2), Decimal("3.50"), {"c": Decimal(4), "d": [Decimal(5)]}],
            "e": [{"f": Decimal(6)}, [Decimal(7)]],
            "g": True,
        }
    )
    assert repr(fast.read_json(b"8")) == repr(Decimal(8))


def test_rows_of_integers_are_read_by_columns(monkeypatch):
    walked = []
    settle = core.settle
    monkeypatch.setattr(core, "settle", lambda value, level=0: walked.append(value) or settle(value, level))
    body = b'[{"a": 1, "b": "x"}, {"a": 2, "b": "y"}, {"b": "z", "a": 3}]'
    assert read_fast(body) == exact(body)
    assert len(walked) == 1
    for rows in (
        '{"a": 1, "b": null}, {"a": null, "b": 2}', '{"a": 1, "b": 1.50}, {"a": 2, "c": 3}',
        '{"a": 1}, {"a": 2, "b": 3}, {}', '{"a": 1, "b": [2]}, {"a": 2, "b": {"c": 3}}',
        '{"a": 1}, ["a"], "a", 1, true', "[0, 1], [0, 1], [1, 0]", f'{{"a": 1}}, {{"a": {"9" * 40}}}',
    ):  # fmt: skip
        body = f"[{rows}]".encode()
        assert read_fast(body) == exact(body), rows


def test_a_number_that_is_no_amount_is_as_odd_as_it_is_to_the_core():
    document = fast.read_json(b'{"a": ' + b"9" * 20 + b', "b": 1E99, "c": ' + b"9" * 40 + b"}")
    assert document["a"] == Decimal("9" * 20)
    assert isinstance(document["b"], OddNumber)
    assert isinstance(document["c"], OddNumber)


def test_no_decimal_is_made_of_a_long_number(monkeypatch):
    made = []
    monkeypatch.setattr(values, "sent_number", lambda digits: made.append(digits) or Decimal(digits))
    for token in ("9" * 101, "-0." + "3" * 100, "1e" + "0" * 100 + "1", "7" * 200_000):
        assert isinstance(values.any_number(token), OddNumber)
        with pytest.raises(values.ScalarError, match="expected a number"):
            values.read_number(f" {token} ")
        # A parser would make one of a token that stands in a long text; the walk does not hand it over.
        for read in (core.json_steps, fast.json_steps):
            document = run_now(read(f'{{"a": [{token}, 1], "b": {token}}}'.encode(), slice_length=64))
            assert isinstance(document["b"], OddNumber)
            assert isinstance(document["a"][0], OddNumber)
    assert made == []
    assert values.read_number("0" * 100) == 0


@each("path", sorted(BODIES.rglob("*.json")))
def test_every_recorded_body_is_the_same_to_both(path):
    body = path.read_bytes()
    assert read_fast(body) == exact(body)
    assert read_fast(body[: len(body) // 2]) == exact(body[: len(body) // 2])


KINDS = {"equityList": EquityRow, "fundList": FundRow, "etcList": OtherRow}
KEYS = sorted(
    {spelling for kind in KINDS.values() for names in names_of(kind).values() for spelling in names} | {"x"}
)
ODD = ("KSP", "ZZZ", "SUM", "20160112", "20161340", "삼성", " padded ", "5", "3.4E5", True, [], {}, [1], 0, 7, 10**40, -12.9,
       245400.0, 1.0e10, 1e300, "\ud800", {"a": 1})  # fmt: skip
rows = st.dictionaries(st.sampled_from(KEYS), st.sampled_from((*ABSENT_VALUES, *ODD)), max_size=8)


@given(lists=st.fixed_dictionaries({name: rows | st.lists(rows, max_size=4) for name in KINDS}))
def test_the_records_are_the_same_and_so_are_their_raw_rows(lists):
    document = answer() | {"balanceList": {"balance": lists}}
    body = json.dumps(
        document, default=lambda number: int(number) if number == int(number) else float(number)
    ).encode()
    pages = [
        outcome(lambda read=read: [(row, row.raw) for row in read_balance(read(body)).rows])
        for read in (core.read_json, fast.read_json)
    ]
    assert pages[0] == pages[1]
