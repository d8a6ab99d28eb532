"""Which position a word means, and what is shown of why its numbers are what they are."""

import re
import unicodedata

import pytest

from koscom_async.cli.ending import answer_data
from koscom_async.cli.main import Failed
from koscom_async.cli.views.explanations import explanation_data, explanation_report, meant
from tests.cli.portfolio import account, equity, fund, holdings, read, today, unread, yesterday
from tests.cli.screen import lines_of


@pytest.mark.parametrize(
    "term",
    ["KR7005930003", "kr7005930003", " 삼성전자 ", "성전", unicodedata.normalize("NFD", "삼성전자")],
)
def test_a_code_a_name_or_the_part_of_one_name_will_do(term):
    assert [position.instrument.code for position in meant(yesterday(), term)] == ["KR7005930003"]


def two_funds():
    return holdings(read(account(), funds=[fund(), fund(code="KRZ500395136")], equities=[equity("삼성전자")]))


def test_two_funds_of_one_name_are_both_meant():
    assert len(meant(two_funds(), "삼성중소형FOCUS증권자1호[주식]")) == 2
    assert len(meant(two_funds(), "KRZ500395136")) == 1


def test_a_part_that_fits_several_names_them_with_their_codes():
    with pytest.raises(Failed) as caught:
        meant(two_funds(), "삼성")
    assert caught.value.message == (
        "'삼성' fits 3 positions: 삼성중소형FOCUS증권자1호[주식] (KRZ500395135), "
        "삼성중소형FOCUS증권자1호[주식] (KRZ500395136), 삼성전자 (KR7000020008). Give a code or the whole name"
    )


def test_many_that_fit_are_not_all_named():
    answer = holdings(read(account(), funds=[fund(code=f"K{n}", name=f"펀드 {n}") for n in range(12)]))
    with pytest.raises(Failed, match=r"fits 12 positions: .* and 4 more"):
        meant(answer, "펀드")


@pytest.mark.parametrize("term", ["없음", "", "  ", "KR70059300"])
def test_what_is_not_held_is_said_and_not_for_sure_where_the_answer_is_partial(term):
    with pytest.raises(Failed) as caught:
        meant(two_funds(), term)
    assert caught.value.message == f"no position has the code or name {term!r}"
    with pytest.raises(Failed, match="INCOMPLETE: 1 of 2 accounts"):
        meant(holdings(read(account()), unread(account("star"))), term)


def row(**said):
    return equity(**said, raw={"name": "동화약품\x9b\u202e\n", "amount": "201400"})


@pytest.mark.parametrize("width", [30, 60, 80, 120, 200])
def test_the_rows_as_they_came_and_the_sums_are_shown_at_any_width(width):
    answer = holdings(read(account(), equities=[row()]), read(account("cyber"), equities=[row(value=530000)]))
    text = "\n".join(lines_of(explanation_report(answer, "동화약품"), width))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    joined = re.sub(r"\s+", " ", text)
    assert "동화약품, 2 lots, in KRW" in joined
    assert "└ diamond 1606…0099:" in joined
    assert '"amount": "201400"' in joined
    assert re.search(r"value: (530,000 \+ 201,400|201,400 \+ 530,000) = 731,400", joined)
    assert "160635473367600099" not in text


def test_a_partial_answer_says_so():
    text = "\n".join(lines_of(explanation_report(today(), "삼성전자")))
    assert text.count("INCOMPLETE: 1 of 3 accounts could not be read") == 1
    data = answer_data(today(), explanation_data(today(), "삼성전자"))
    assert data["complete"] is False
    (explanation,) = data["explanations"]
    assert explanation["position"]["instrument"]["code"] == "KR7005930003"
    assert "value: 10,830,000 = 10,830,000" in explanation["lines"]
