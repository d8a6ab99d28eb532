"""Whatever a broker makes of the documented messages: the same values, or an error that names the field."""

import copy
import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from koscom_async.errors import KoscomError, MalformedResponseError
from tests.wire.recorded import answer, with_value
from tests.wire.test_account_examples import TRANSACTIONS, WATCHLIST, portfolio_reader
from tests.wire.test_balance_properties import absent_values, json_values, judge, messages, respelled

READERS = {"portfolio_all": portfolio_reader(), "transactions": TRANSACTIONS, "watchlist": WATCHLIST}
CASES = st.sampled_from(sorted(READERS))


def rows_of(case: str, document: Any) -> list[Any]:
    """Every row of an example."""
    match case:
        case "portfolio_all":
            portfolio = document["portfolioList"]["portfolio"]
            lists = ("equityList", "fundList", "etcList")
            return [portfolio["cash"], *(row for name in lists for row in portfolio[name])]
        case "transactions":
            return list(document["transList"]["transaction"])
        case _:
            return list(document["interestSymbolListResponseBody"]["groupList"]["group"])


PLACES = {
    case: [
        (index, key)
        for index, row in enumerate(rows_of(case, answer(case)))
        for key, value in row.items()
        if not isinstance(value, list)
    ]
    for case in READERS
}
ENVELOPES = [
    (),
    ("commonHeader",),
    ("accInfo",),
    ("resp",),
    ("portfolioResponseBody",),
    ("portfolioResponseBody", "queryType"),
    ("portfolioResponseBody", "queryResult"),
    ("transactionHistoryResponseBody",),
    ("transactionHistoryResponseBody", "queryParams"),
    ("transactionHistoryResponseBody", "queryResult"),
]
UNUSED = frozenset({"proLoss", "earningRate", "maturity", "modifyDate"})
"""The fields that no sum uses."""
JUNK = st.sampled_from([True, "1,234", "NaN", "１２", {"a": "5"}, [["5"]], "\ud800"])


@settings(deadline=None)
@given(
    case=CASES,
    spellings=st.lists(st.integers(0, 5), min_size=1, max_size=7),
    unknown=st.dictionaries(st.text(min_size=4), json_values, max_size=2),
)
def test_any_spelling_of_a_message_reads_as_the_same_values(case, spellings, unknown):
    document, how = copy.deepcopy(answer(case)), itertools.cycle(spellings)
    extra = {f"x{key}": value for key, value in unknown.items()}
    for row in rows_of(case, document):
        for key in row:
            row[key] = respelled(row[key], next(how))
        row.update(extra)
    for path in ENVELOPES:
        block = document
        for name in path:
            block = block.get(name, {})
        for key, value in block.items():
            if key != "page":  # goes back as it came, so that no other spelling is the same
                block[key] = respelled(value, next(how))
        block.update(extra)
    assert READERS[case](document) == READERS[case](answer(case))


@settings(deadline=None)
@given(data=st.data(), case=CASES)
def test_absent_fields_read_as_if_their_keys_were_missing(data, case):
    losses = data.draw(
        st.lists(st.tuples(st.sampled_from(PLACES[case]), absent_values), min_size=1, max_size=12)
    )
    spelled, missing = copy.deepcopy(answer(case)), copy.deepcopy(answer(case))
    # The rows are found before anything is taken out of them.
    those, these = rows_of(case, spelled), rows_of(case, missing)
    for (index, key), absent in losses:
        with_value(those[index], key, absent)
        these[index].pop(key, None)
    for document in (spelled, missing):
        drop_empty(case, document)
    assert READERS[case](spelled) == READERS[case](missing)


def error_of(case: str, document: Any) -> KoscomError | None:
    try:
        READERS[case](document)
    except KoscomError as error:
        judge(error)
        return error
    return None


def drop_empty(case: str, document: Any) -> None:
    """A row of nothing but absences is no row: keep one unknown key in each, so that places stay the same."""
    for row in rows_of(case, document):
        row["seqNo"] = "1"


@settings(deadline=None)
@given(data=st.data(), case=CASES, junk=JUNK)
def test_a_value_that_is_none_is_refused_by_its_name_or_harmless(data, case, junk):
    index, key = data.draw(st.sampled_from(PLACES[case]))
    document = copy.deepcopy(answer(case))
    rows_of(case, document)[index][key] = junk
    error = error_of(case, document)
    if key in UNUSED:
        assert f"{key} could not be read in 1 row, and is left out" in READERS[case](document).notes
    elif error is None:
        assert isinstance(junk, str), "only text may stand for text"
    else:
        assert isinstance(error, MalformedResponseError)
        assert f".{key}" in error.message


@settings(deadline=None)
@given(case=CASES, path=st.sampled_from(ENVELOPES[1:]), absent=absent_values)
def test_a_missing_block_of_the_envelope_is_read_over_or_refused_with_an_error_of_ours(case, path, absent):
    document = copy.deepcopy(answer(case))
    block = document
    for name in path[:-1]:
        block = block.get(name, {})
    with_value(block, path[-1], absent)
    page = READERS[case](document)
    if "ResponseBody" not in path[0] or len(path) > 1:
        assert page.rows == READERS[case](answer(case)).rows


@settings(deadline=None)
@given(case=CASES, message=messages)
def test_anything_at_all_raises_nothing_but_errors_of_ours(case, message):
    error_of(case, message)  # which lets nothing through that is not ours


@pytest.mark.parametrize("value", [{"a": 1}, [{"a": 1}], [["x"]], True])
def test_a_symbol_that_is_no_text_names_its_field(value):
    document = answer("watchlist")
    document["interestSymbolListResponseBody"]["groupList"]["group"][1]["isinCode"] = value
    with pytest.raises(MalformedResponseError, match=r"groupList\.group\[1\]\.isinCode"):
        WATCHLIST(document)
