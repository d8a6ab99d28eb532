"""JSON text: numbers from their digits, and one error for whatever is no document."""

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koscom_async._cooperative import SLICE_LENGTH, run_now
from koscom_async._wire.json import core, fast
from koscom_async._wire.json.core import read_json
from koscom_async._wire.values import ScalarError, read_number
from koscom_async.errors import MalformedResponseError


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3.69827563509E11", "369827563509"),
        ("0.1", "0.1"),
        ("157.0", "157.0"),
        ("12.90", "12.90"),
        ("1.0E10", "10000000000"),
        ("160678007213500001", "160678007213500001"),
        ("0.30000000000000004440892098500626", "0.30000000000000004440892098500626"),
        ("-0.0", "-0.0"),
        ("1E34", "1" + "0" * 34),
        ("1." + "1" * 34, "1." + "1" * 34),
        ("1" * 34 + "." + "1" * 34, "1" * 34 + "." + "1" * 34),
    ],
)
def test_a_number_keeps_every_digit_of_its_text_and_no_exponent(text: str, number: str) -> None:
    value = read_json(text.encode())
    assert isinstance(value, Decimal)
    assert str(value) == number


def test_a_document_keeps_its_shape() -> None:
    body = '{"이름": ["가", null, true, {"a": 1}], "": "\\u0000"}'.encode()
    assert read_json(body) == {"이름": ["가", None, True, {"a": Decimal(1)}], "": "\0"}


def test_a_byte_order_mark_is_no_obstacle() -> None:
    assert read_json('{"a": 1}'.encode("utf-8-sig")) == {"a": Decimal(1)}


@pytest.mark.parametrize("body", [b"", b"  \r\n"])
def test_nothing_is_told_from_broken_json(body: bytes) -> None:
    with pytest.raises(MalformedResponseError, match="the answer is empty"):
        read_json(body)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"a": 1', "breaks at character 7 of 7"),
        (b"<html><body>Bad Gateway</body></html>", "breaks at character 0 of 37"),
        (b"{'a': 1}", "breaks at character 1 of 8"),
        (b'{"a": 1} {"b": 2}', "breaks at character 9 of 17"),
        (b'{"a": NaN}', "10 bytes"),
        (b'{"a": Infinity}', "15 bytes"),
        (b'{"a": -Infinity}', "16 bytes"),
        (b'{"a": "\xff\xfe"}', "11 bytes"),
        (b"[" * 200_000, "nested more than 64 levels"),
        (b'{"a":' * 200_000, "nested more than 64 levels"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_document_says_where_it_breaks(body: bytes, reason: str) -> None:
    with pytest.raises(MalformedResponseError, match=reason):
        read_json(body)


@pytest.mark.parametrize(
    "digits", ["1E99999999999999999999", "1E999", "1" * 5000, "0." + "1" * 5000, "1E-999"]
)
def test_a_number_beyond_all_measure_hurts_only_where_it_is_read(digits: str) -> None:
    document = read_json(f'{{"unknown": {digits}, "known": 1}}'.encode())
    assert isinstance(document, dict)
    assert read_number(document["known"]) == 1
    with pytest.raises(ScalarError, match="out of range"):
        read_number(document["unknown"])


def test_an_error_holds_nothing_of_the_document() -> None:
    with pytest.raises(MalformedResponseError) as caught:
        read_json('{"ci": "SECRET-MARK", "name": "김가람'.encode())
    error = caught.value
    assert error.__cause__ is None
    assert error.__context__ is None
    assert "SECRET" not in str(error)
    assert "김가람" not in str(error)


@given(body=st.binary() | st.text().map(str.encode) | st.from_regex(rb'[\[\]{}":,0-9eE.\-a ]{0,40}'))
def test_arbitrary_bytes_raise_only_the_malformed_error(body: bytes) -> None:
    value: object = None
    with suppress(MalformedResponseError):
        value = read_json(body)
    assert value is None or isinstance(value, str | bool | Decimal | list | dict)


@pytest.mark.parametrize("json", [core, fast])
def test_what_is_sent_is_the_same_bytes_whoever_writes_it(json):
    document = {"body": {"korName": "홍길동", "count": 0, "list": ["null", None, True]}, "half": 1.5}
    written = '{"body":{"korName":"홍길동","count":0,"list":["null",null,true]},"half":1.5}'
    assert json.write_json(document) == written.encode()


HALF = b"\xed\xa0\xbd"


@pytest.mark.parametrize("json", [core, fast])
def test_halves_of_characters_are_read_unless_they_are_so_many_that_to_decode_them_holds_the_loop(json):
    filled = b'"' + b"x" * SLICE_LENGTH + b'"'
    few = b"[" + filled + b"," + b",".join([b'"' + HALF * 100 + b'"'] * 200) + b"]"
    text, *halves = run_now(json.json_steps(few))
    assert (len(text), {*halves}) == (SLICE_LENGTH, {"\ud83d" * 100})
    with pytest.raises(MalformedResponseError, match="more than 20,000 halves of characters"):
        run_now(json.json_steps(few[:-1] + b',"' + HALF + b'"]'))
    for encoding in ("utf-16", "utf-32"):
        body = ('{"a":"' + "\ud83d" * SLICE_LENGTH + '"}').encode(encoding, "surrogatepass")
        with pytest.raises(MalformedResponseError, match="halves of characters"):
            run_now(json.json_steps(body))
