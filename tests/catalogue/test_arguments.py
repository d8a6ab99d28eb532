"""An operation's arguments: what each kind takes, and that what is wrong is refused before a call is spent."""

from datetime import date, datetime, time

import pytest
from attrs import evolve

from koscom_async import UsageError
from koscom_async._wire.catalogue.arguments import Values, checked, written
from tests.catalogue.examples import OPERATIONS

TODAY = date(2026, 1, 30)


def sent(operation, version="v3", /, **arguments):
    described = OPERATIONS[operation]
    values = checked(described, Values(arguments), today=TODAY)
    return written(described, described.path(version), values)


def test_a_question_is_written_as_the_manual_has_it():
    history = sent("market.stocks.history", board="kospi", issue="005930", since="2026-01-02")
    assert history.path == "/v3/market/closed/kospi/005930/history"
    assert history.params == {
        "trnsmCycleTpCd": "D",
        "inqStrtDd": "20260102",
        "inqEndDd": "20260130",
        "reqCnt": "100",
    }
    intraday = sent(
        "market.futures.intraday",
        "v2",
        market="kospi200",
        issue="101S6000",
        every="10m",
        since=time(9),
        until="15:45",
        on=date(2026, 1, 2),
    )
    assert intraday.path == "/v2/market/futures/kospi200/101S6000/intraday"
    assert intraday.params == {
        "inddCycleTpCd": "600",
        "strtTm": "0900",
        "endTm": "1545",
        "inqStrtDd": "20260102",
    }
    quotes = sent("market.multiquote.price", board="kosdaq", codes=["035720", "263750", "035720"])
    assert quotes.params == {"isuCd": "035720,263750"}
    chosen = sent("market.stocks.selectivemaster", board="kospi", issue="005930", fields="week52_high,eps")
    assert chosen.params == {"wk52HgstPrc": None, "eps": None}


def test_what_is_looked_up_travels_in_the_body():
    question = sent("thecheat.fraudsearch", keyword="010-1234-5678", keyword_type="phone")
    assert question.body == {
        "keyword": "01012345678",
        "keyword_type": "phone",
        "access_type": "user",
        "add_info": "",
    }
    assert (question.params, question.secrets) == ({}, ("01012345678",))


def test_a_list_without_a_longest_takes_at_least_one():
    named = OPERATIONS["market.multiquote.price"]
    codes = evolve(next(each for each in named.parameters if each.name == "codes"), most=None)
    operation = evolve(named, parameters=(codes,))
    assert checked(operation, Values(codes=["1"] * 99), today=TODAY) == {"codes": ("1",)}
    with pytest.raises(UsageError, match="codes has 0 entries; it takes at least 1"):
        checked(operation, Values(codes=[]), today=TODAY)


@pytest.mark.parametrize(
    ("operation", "arguments", "words"),
    [
        ("market.stocks.price", {}, "needs issue"),
        ("market.stocks.price", {"isue": "005930"}, "takes no argument 'isue'.*did you mean issue"),
        ("market.stocks.price", {"issue": "../x"}, "issue is not"),
        ("market.stocks.price", {"issue": "005930\n"} | {"board": "nyse"}, "board is not"),
        ("market.stocks.price", {"issue": 5930}, "issue is not"),
        ("market.multiquote.price", {"board": "kospi", "codes": [str(n) for n in range(21)]}, "21 entries"),
        ("market.multiquote.price", {"board": "kospi", "codes": []}, "0 entries"),
        ("market.multiquote.price", {"board": "kospi", "codes": ["a b"]}, "codes is not"),
        ("market.multiquote.price", {"board": "kospi", "codes": 5}, "codes is not"),
        ("market.stocks.selectivemaster", {"issue": "005930", "fields": ["epz"]}, "no field 'epz'.*eps"),
        (
            "market.stocks.selectivemaster",
            {"issue": "005930", "fields": ["eps"] * 2 + list("abcdefghijk")},
            "12",
        ),
        ("market.stocks.history", {"issue": "005930", "since": "2026-02-30"}, "since is not"),
        ("market.stocks.history", {"issue": "005930", "since": datetime(2026, 1, 2)}, "since is not"),  # noqa: DTZ001
        ("market.stocks.history", {"issue": "005930", "since": "2026-01-31"}, "is after until"),
        (
            "market.stocks.history",
            {"issue": "005930", "since": "2026-01-02", "every": "hour"},
            "every is not",
        ),
        ("market.stocks.intraday", {"issue": "005930", "since": "9", "until": "10:00"}, "since is not"),
        ("ratestbed.rateapi", {"algorithm": True}, "algorithm is not"),
        ("nice.kiscode", {}, "needs one of crpno, bizno, stockcd"),
        ("thecheat.fraudsearch", {"keyword": "some words", "keyword_type": "phone"}, "keyword is not"),
        ("nice.financialRate", {"kiscode": "1" * 300}, "kiscode is not"),
    ],
)
def test_what_is_wrong_is_refused(operation, arguments, words):
    with pytest.raises(UsageError, match=words) as caught:
        checked(OPERATIONS[operation], Values(arguments), today=TODAY)
    assert "some words" not in str(caught.value)


def test_words_and_the_platforms_codes_are_both_taken():
    for word in ("week", "W", "w", " Week "):
        assert (
            sent("market.stocks.history", board="KOSPI", issue="005930", since=TODAY, every=word).params[
                "trnsmCycleTpCd"
            ]
            == "W"
        )
    assert sent("nice.financialRate", kiscode="ABC123", years=5).params == {"kiscode": "ABC123", "yr": "5"}
