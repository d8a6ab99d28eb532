"""Shapes brought to one: objects, lists that are single objects, arrays of blocks; absent in each spelling."""

from typing import Any

import pytest

from koscom_async._wire.values import read_blocks, read_field, read_number, read_object, read_rows
from koscom_async.errors import MalformedResponseError
from tests.wire.recorded import ABSENT_VALUES, MISSING, each_absent, with_value

A, B = {"isinCode": "A"}, {"isinCode": "B"}


def blocks_of(value: object) -> Any:
    return read_blocks(value, "balance", objects=("summary",), lists=("equityList", "fundList"))


@pytest.mark.parametrize("absent", [*ABSENT_VALUES, {}])
def test_an_absent_block_is_an_empty_one(absent: object) -> None:
    assert read_object(absent, "summary") == {}


@pytest.mark.parametrize("value", ["text", [], [{}], True, 5])
def test_a_block_that_is_no_object_is_refused_by_its_path(value: object) -> None:
    with pytest.raises(MalformedResponseError, match=r"^malformed: summary: expected an object"):
        read_object(value, "summary")


@pytest.mark.parametrize(
    ("value", "rows"),
    [
        ([A, B], [("list[0]", A), ("list[1]", B)]),
        (A, [("list[0]", A)]),
        ([A], [("list[0]", A)]),
        ([], []),
        ({}, []),
        ([{}], []),
        ([None, A, "null", {}, "", B], [("list[1]", A), ("list[5]", B)]),
        *[(absent, []) for absent in ABSENT_VALUES],
    ],
)
def test_a_list_is_an_array_or_a_single_object_or_nothing(value: object, rows: object) -> None:
    assert list(read_rows(value, "list")) == rows


@pytest.mark.parametrize(
    ("value", "index"), [(["text"], 0), ([A, 5], 1), ([A, [B]], 1), ("text", 0), (True, 0)]
)
def test_a_row_that_is_no_object_is_refused_by_its_index(value: object, index: int) -> None:
    with pytest.raises(MalformedResponseError, match=rf"list\[{index}\]: expected an object"):
        list(read_rows(value, "list"))


@pytest.mark.parametrize(
    ("value", "blocks"),
    [
        ({"summary": A, "equityList": [B]}, {"summary": A, "equityList": [B]}),
        ([{"summary": A}, {"equityList": [B]}], {"summary": A, "equityList": [B]}),
        ([{"equityList": [A]}, {"equityList": [B]}], {"equityList": [A, B]}),
        ([{"equityList": A}, {"equityList": [B]}], {"equityList": [A, B]}),
        ([{"equityList": A}, {"equityList": B}], {"equityList": [A, B]}),
        ([{"equityList": [A]}, {"equityList": None}], {"equityList": [A]}),
        ([{"equityList": "null"}, {"equityList": [A]}], {"equityList": [A]}),
        ([{"summary": None}, {"summary": A}], {"summary": A}),
        ([{"summary": A}, {"summary": ""}], {"summary": A}),
        ([{"summary": A, "equityList": [B]}], {"summary": A, "equityList": [B]}),
        ({"summary": A}, {"summary": A}),
        ([None, {}, {"summary": A}], {"summary": A}),
        ([], {}),
        (None, {}),
        ("null", {}),
    ],
)
def test_an_array_of_blocks_reads_like_one_object(value: object, blocks: object) -> None:
    assert blocks_of(value) == blocks


def test_reading_an_array_of_blocks_leaves_the_document_as_it_was() -> None:
    document = [{"equityList": [A]}, {"equityList": [B]}]
    blocks_of(document)
    assert document == [{"equityList": [A]}, {"equityList": [B]}]


def test_an_unknown_key_in_every_block_does_not_hurt() -> None:
    blocks = blocks_of([{"summary": A, "seq": 1}, {"equityList": [B], "seq": 2}])
    assert blocks == {"summary": A, "equityList": [B]}


def test_an_object_that_comes_twice_is_ambiguous_and_refused() -> None:
    with pytest.raises(MalformedResponseError, match=r"balance\[1\]\.summary: the same block came twice"):
        blocks_of([{"summary": A}, {"summary": B}])


@pytest.mark.parametrize("value", [["text"], [{"summary": A}, 5], "text", 5, True])
def test_an_array_of_something_else_is_refused(value: object) -> None:
    with pytest.raises(MalformedResponseError, match="balance"):
        blocks_of(value)


@each_absent
def test_a_field_that_is_absent_reads_as_none(absent: object) -> None:
    block = {"qty": "5"}
    with_value(block, "qty", absent)
    assert ("qty" in block) is (absent is not MISSING)
    assert read_field(block, "qty", read_number, "equityList[0]") is None


def test_a_field_that_breaks_is_named_with_its_path() -> None:
    with pytest.raises(MalformedResponseError) as caught:
        read_field({"qty": "abc"}, "qty", read_number, "equityList[0]")
    assert caught.value.message == "equityList[0].qty: expected a number, got text of 3 characters"
