"""What both readers of JSON refuse beside bad grammar: a key with two values, and nesting that nothing could keep."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koscom_async._cooperative import SLICE_LENGTH, run_now
from koscom_async._wire.json import core, fast
from koscom_async._wire.json.walk import MAX_DEPTH, MAX_KEYS
from koscom_async.errors import MalformedResponseError
from tests.loops import each, naming
from tests.wire.json_texts import outcome, scalars

ROW = '{"assetType":"KSP","isinCode":"KR7005930003","productName":"가:나 [주식]","qty":10,"valAtCur":800000}'
ROWS = ",".join([ROW] * 20)
ANSWER = f'{{"accInfo":{{"vtAccNo":"1606"}},"balanceList":{{"balance":{{"equityList":[{ROWS}]}}}}}}'


def readers(slice_length=64):
    """Both readers, at once and in slices."""
    for json_reader in (core, fast):
        yield json_reader.read_json
        yield lambda body, steps=json_reader.json_steps: run_now(steps(body, slice_length=slice_length))


def refusals(text):
    """What each of the readers says of a text that it must not read."""
    said = set()
    for read in readers():
        with naming({"read": read}), pytest.raises(MalformedResponseError) as caught:
            read(text.encode())
        assert (caught.value.__cause__, caught.value.__context__) == (None, None)
        said.add(str(caught.value).removeprefix("malformed: ").partition(".")[0])
    return said


@each(
    "was, becomes, key",
    [
        ('"valAtCur":800000', '"valAtCur":800000,"valAtCur":8', "the key valAtCur"),
        ('"valAtCur":800000', '"valAtCur":8 ,\n"valAt\\u0043ur" : 800000', "the key valAtCur"),
        ('"vtAccNo":"1606"', '"vtAccNo":"1606","vtAccNo":"1607"', "the key vtAccNo"),
        ('"vtAccNo":"1606"', '"vtAccNo":null,"vtAccNo":"1606","at":"10:30:00"', "the key vtAccNo"),
        ('"accInfo":', '"balanceList":[],"accInfo":', "the key balanceList"),
        ('"qty":10', '"unread":[[{"a":1,"b":{},"a":[1]}]]', "the key a"),
        ('"qty":10', '"삼성":1,"삼성":2', "a key"),
        ('"qty":10', '"":1,"":"x:y"', "a key"),
    ],
)
def test_a_key_with_two_values_is_refused_wherever_it_stands(was, becomes, key):
    for place in (1, -1) if was in ROW else (1,):
        text = ANSWER.replace(was, becomes, 1) if place == 1 else becomes.join(ANSWER.rsplit(was, 1))
        assert text != ANSWER
        assert refusals(text) == {f"{key} has two values in one object"}


def test_the_same_value_twice_says_nothing_new():
    for again in ('"qty":10,"qty":10', '"qty":1e1,"qty":10.0', '"qty":[{"a":"x:"}],"qty":[{"a":"x:"}]'):
        text = ANSWER.replace('"qty":10', again)
        for read in readers():
            assert read(text.encode()) == json_value(text), again


def json_value(text):
    """The value of a text by the standard library, with the decimals of the client."""
    return json.loads(text, parse_float=core.sent_number, parse_int=core.sent_number)


def test_colons_in_text_are_no_keys():
    texts = (
        '{"respMsg":"10:30","a":{"b":[{"c":"::"},{"c":"\\":"}]},"d":"k\\" :"}',
        '{"a" : "x : y", "b"\t:"[[[", "c"\n: [[{"d": ":"}]], "e"\r:{}}',
        '[[], {}, [{}], "a:", {"b": [{"c": 1}, 2, {"d": [{}]}]}]',
        '":"',
        ANSWER,
    )
    for text in texts:
        for read in readers():
            assert read(text.encode()) == json_value(text), text


NAMES = st.sampled_from(["a", "b", ":", "\\u0061"])


def _written(value):
    match value:
        case list():
            return "[" + ",".join(map(_written, value)) + "]"
        case tuple():
            return "{" + ",".join(f'"{name}" : {_written(each)}' for name, each in value) + "}"
        case _:
            return json.dumps(value)


# An object is a tuple of its pairs.
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.lists(st.tuples(NAMES, inner), max_size=4).map(tuple),
    max_leaves=12,
)


def _object(pairs):
    found = dict(pairs)
    if any(found[name] != value for name, value in pairs):
        raise ValueError
    return found


@given(trees | st.lists(st.lists(st.tuples(NAMES, scalars), max_size=4).map(tuple), max_size=20))
def test_a_text_is_refused_exactly_where_a_key_has_two_values(tree):
    text = _written(tree)
    body = text.encode("utf-8", "surrogatepass")
    try:
        json.loads(text, parse_float=core.any_number, parse_int=core.any_number, object_pairs_hook=_object)
        is_whole = True
    except ValueError:
        is_whole = False
    for read in readers():
        seen = outcome(lambda read=read: read(body))
        assert ("two values" not in seen) is is_whole, text


def nested(opening, inner, closing, depth):
    return opening * depth + inner + closing * depth


@each("opening, closing", [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]"), ('[1,{"b":{},"a":', ',"c":"[{:"}]')])
def test_nesting_is_bounded_by_both_readers_at_once_and_in_slices(opening, closing):
    levels = opening.count("[") + opening.count('"a"')
    for before, after in (('{"unread":', "}"), ('{"rows":[{"x":1},{"unread":', "}]}"), ("[", "]")):
        around = before.count("{") + before.count("[") - before.count("}")
        most = (MAX_DEPTH - around) // levels
        for inner in ("1", '"' + "x" * 200 + '"'):
            text = before + nested(opening, inner, closing, most) + after
            for read in readers():
                assert read(text.encode()) == json_value(text)
            for depth in (most + 1, 500, 100_000):
                text = before + nested(opening, inner, closing, depth) + after
                assert refusals(text) == {"the answer is nested more than 64 levels deep"}


def test_halves_of_a_character_that_stand_as_bytes_become_one_character():
    face = "\ud83d\ude00"
    body = f'{{"a":"{face}","b":"\\ud83d{face[1]}","c":"{face[0]}","{face[1]}":"\\ude00\\ud83d"}}'
    for read in readers():
        assert read(body.encode("utf-8", "surrogatepass")) == {
            "a": "😀",
            "b": "😀",
            "c": "\ud83d",
            "\ude00": "\ude00\ud83d",
        }


def test_an_object_of_a_large_answer_has_a_bounded_number_of_keys():
    for number in (MAX_KEYS, MAX_KEYS + 1):
        body = json.dumps({"a": [{f"key{each}": 1 for each in range(number)}]}).encode()
        assert len(body) > SLICE_LENGTH
        for json_reader in (core, fast):
            if number == MAX_KEYS:
                assert len(run_now(json_reader.json_steps(body))["a"][0]) == number
            else:
                with pytest.raises(MalformedResponseError, match="an object has more than 10,000 keys"):
                    run_now(json_reader.json_steps(body))
