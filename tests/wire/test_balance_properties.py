"""Whatever a broker makes of the documented message: the same values, or an error that names the field."""

import copy
import itertools
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from koscom_async._wire.account import BalancePage
from koscom_async._wire.json.core import read_json
from koscom_async._wire.member import read_linked_accounts, read_registration
from koscom_async._wire.values import OddNumber
from koscom_async.errors import KoscomError, MalformedResponseError
from koscom_async.models.codes import AssetClass
from koscom_async.models.member import LinkedAccounts, Registration
from tests.wire.recorded import ABSENT_VALUES, MISSING, answer, read_balance, recorded, with_value

EXAMPLE = answer()
WHOLE = read_balance(EXAMPLE)
LISTS = ("equityList", "fundList", "etcList")
UNUSED = frozenset({"proLoss", "earningRate", "maturity", "firstDateBuy", "lastDateBuy"})
"""The fields that no sum uses."""

absent_values = st.sampled_from([MISSING, *ABSENT_VALUES])
junk = st.sampled_from(
    [True, "1,234", "abc!", "NaN", "１２", ["5"], {"a": "5"}, OddNumber("Infinity"), "\ud800"]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.decimals(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = (
    "commonHeader", "reqIdConsumer", "accInfo", "vtAccNo", "balanceResponseBody", "queryResult", "totalCnt", "page",
    "balanceList", "balance", "summary", "equityList", "fundList", "etcList", "qty", "valAtCur", "valueAtCur",
    "maturity", "assetType", "isinCode", "resp", "respCode", "vtAccList", "comId", "endpoint", "vtAccAlias",
    "serviceTermsExpireDate", "result", "commonTermsExpireDate",
)  # fmt: skip
leaves = (
    st.none()
    | st.booleans()
    | st.decimals()
    | st.text()
    | st.sampled_from(["200", "member", "null", "00992"])
)
messages = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner, max_size=6)
    ),
    max_leaves=25,
)


def every_block(document: Any) -> list[Any]:
    """The summary and every row of the example."""
    balance = document["balanceList"]["balance"]
    return [balance["summary"], *(row for name in LISTS for row in balance[name])]


TEXTS = {"assetType", "isinCode", "tradeType", "fundCode", "fundName", "assetName"}
PLACES = [(index, key) for index, block in enumerate(every_block(EXAMPLE)) for key in block]


def respelled(value: object, how: int) -> object:
    """The same number in another of the platform's spellings; anything else as it is."""
    if not isinstance(value, Decimal):
        return f" {value} " if isinstance(value, str) and how % 2 else value
    return (value, f"{value:f}", f"{value:E}", f" {value} ", Decimal(f"{value:E}"), f"{value:.4f}")[how]


def as_blocks(document: Any) -> None:
    """Turn the balance into the older standard's array of blocks."""
    balance = document["balanceList"]["balance"]
    document["balanceList"]["balance"] = [{name: block} for name, block in balance.items()]


def judge(error: KoscomError) -> None:
    """An error that may come of anything must still be one that can be shown."""
    assert str(error).isprintable()
    assert error.code


def values(page: BalancePage) -> object:
    return (page.summary, page.rows, page.total, page.next_page)


@settings(deadline=None)
@given(
    spellings=st.lists(st.integers(0, 5), min_size=1, max_size=7),
    unknown=st.dictionaries(st.text(min_size=4), json_values, max_size=2),
    array=st.booleans(),
)
def test_any_spelling_of_the_message_reads_as_the_same_values(
    spellings: list[int], unknown: dict[str, object], *, array: bool
) -> None:
    document, how = copy.deepcopy(EXAMPLE), itertools.cycle(spellings)
    for block in every_block(document):
        for key in block:
            block[key] = respelled(block[key], next(how))
        block.update({f"x{key}": value for key, value in unknown.items()})
    if array:
        as_blocks(document)
    document.update({f"x{key}": value for key, value in unknown.items()})
    assert values(read_balance(document)) == values(WHOLE)


@settings(deadline=None)
@given(losses=st.lists(st.tuples(st.sampled_from(PLACES), absent_values), max_size=12), array=st.booleans())
def test_absent_fields_read_as_if_their_keys_were_missing(
    losses: list[tuple[tuple[int, str], object]], *, array: bool
) -> None:
    spelled, missing = copy.deepcopy(EXAMPLE), copy.deepcopy(EXAMPLE)
    for (index, key), absent in losses:
        with_value(every_block(spelled)[index], key, absent)
        every_block(missing)[index].pop(key, None)
    if array:
        as_blocks(spelled)
    assert values(read_balance(spelled)) == values(read_balance(missing))


@settings(deadline=None)
@given(place=st.sampled_from([place for place in PLACES if place[1] not in TEXTS]), value=junk)
def test_a_field_that_does_not_fit_fails_by_its_name(place: tuple[int, str], value: object) -> None:
    document, (index, key) = copy.deepcopy(EXAMPLE), place
    every_block(document)[index][key] = value
    if key in UNUSED:
        assert f"{key} could not be read in 1 row, and is left out" in read_balance(document).notes
        return
    with pytest.raises(MalformedResponseError) as caught:
        read_balance(document)
    assert f".{key}: expected " in caught.value.message


@settings(deadline=None, max_examples=100)
@given(document=messages, asset_class=st.sampled_from(AssetClass), strict=st.booleans())
def test_arbitrary_json_is_a_page_or_an_error_of_ours(
    document: object, asset_class: AssetClass, *, strict: bool
) -> None:
    try:
        page = read_balance(document, asset_class=asset_class, strict=strict)
    except KoscomError as error:
        judge(error)
    else:
        assert isinstance(page, BalancePage)


@settings(deadline=None, max_examples=100)
@given(document=messages)
def test_arbitrary_json_to_the_member_readers_is_a_record_or_an_error_of_ours(document: object) -> None:
    for reader, kind in ((read_registration, Registration), (read_linked_accounts, LinkedAccounts)):
        try:
            record = reader(document)
        except KoscomError as error:
            judge(error)
        else:
            assert isinstance(record, kind)


@settings(deadline=None)
@given(data=st.data(), value=json_values)
def test_any_value_anywhere_in_the_message_is_a_page_or_an_error_of_ours(data: Any, value: object) -> None:
    document = copy.deepcopy(EXAMPLE)
    place: Any = document
    while True:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.integers(0, 3)) == 0:
            break
        place = place[key]
    place[key] = value
    try:
        page = read_balance(document)
    except KoscomError as error:
        judge(error)
    else:
        assert len(page.rows) <= len(WHOLE.rows)


@settings(deadline=None)
@given(cut=st.integers(0, len(recorded("balance_all").rstrip()) - 1))
def test_an_answer_that_breaks_off_anywhere_is_malformed(cut: int) -> None:
    with pytest.raises(MalformedResponseError):
        read_json(recorded("balance_all")[:cut])
