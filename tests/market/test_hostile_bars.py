"""Bars of a platform that loses rows, sends others, or trades at other hours: whole, or marked as not."""

from datetime import UTC, date, datetime, time, timedelta

import httpx
import pytest

from koscom_async import NotYetAvailableError, RequestRejectedError, ResponseMismatchError, Retry, UsageError
from koscom_async._clock import KST
from koscom_async.models.market.sessions import session_of, unfinished_day
from tests.catalogue.test_ask import NOON, Market

EVENING = NOON.replace(hour=19)
ONCE = Retry(attempts=1)


class NotATime(date):
    """As `pandas.NaT`, which is a date without a year."""

    year = float("nan")


def row(day, price=1, **changes):
    return {"trdDd": int(f"{day:%Y%m%d}"), "trdPrc": price, **changes}


def history(rows):
    return {"result": {"isuSrtCd": "005930", "hisLists": rows}}


async def bars_of(market, since, until=None, *, now=NOON, **options):
    async with market.client(now=now, retry=ONCE) as koscom:
        return await koscom.market.bars("005930", since, until, board="kospi", **options)


async def test_rows_of_days_that_were_not_asked_for_are_no_answer():
    newest = [row(NOON.date() - timedelta(number)) for number in range(100)]
    bars = await bars_of(Market(history=history(newest)), "2020-01-01", "2020-03-01")
    assert (list(bars), bars.complete) == ([], False)
    assert "rows may be missing: 100 rows came of days that were not asked for" in bars.notes


async def test_a_day_that_comes_twice_with_other_figures_is_doubtful():
    day = NOON.date() - timedelta(1)
    bars = await bars_of(Market(history=history([row(day, 2), row(day, 1)])), "2026-01-20")
    assert [(bar.close, bar.doubtful) for bar in bars] == [(2, True)]
    assert bars.notes == ("1 bar came twice, with other figures",)


async def test_no_week_or_month_is_cut_by_a_seam_or_by_asking_again():
    for every, days in (("week", 7), ("month", 31)):
        market = Market(history=history([row(date(2010, 6, 30)), row(date(2000, 6, 30))]))
        await bars_of(market, "1990-01-03", every=every)
        queries = [request.url.params for request in market.requests]
        assert len(queries) > 2
        for query in queries:
            first = date.fromisoformat(query["inqStrtDd"])
            after = date.fromisoformat(query["inqEndDd"]) + timedelta(1)
            for edge in {first, after} - {date(1990, 1, 3), NOON.date() + timedelta(1)}:
                assert (edge.weekday() if every == "week" else edge.day - 1) == 0, (every, days, query)


async def test_what_has_no_rows_is_empty_in_each_of_the_platforms_words():
    for code in ("10010", "20020", "20050", "20090", "20100", "20110"):
        refused = httpx.Response(400, json={"category": "market", "code": code, "message": ""})
        bars = await bars_of(Market(history=refused), "2026-01-20")
        assert list(bars) == [], code
        with pytest.raises(RequestRejectedError):  # one record is there, or not
            async with Market(price=refused).client(retry=ONCE) as koscom:
                await koscom.market.quote("005930", board="kospi")


async def test_not_yet_is_said_by_status_or_in_the_body_and_a_wrong_code_is_wrong_at_any_hour():
    words = {"error": "당일 종가 제공 시간이 아닙니다."}
    listed = {"category": "market", "message": ""}
    for status, body, error in (
        (400, words, NotYetAvailableError),
        (200, words, NotYetAvailableError),
        (400, {**listed, "code": "20180"}, NotYetAvailableError),
        (400, {**listed, "code": "10040"}, RequestRejectedError),
    ):
        market = Market(closeprice=httpx.Response(status, json=body))
        async with market.client(retry=ONCE) as koscom:
            with pytest.raises(error):
                await koscom.ask("market.stocks.closeprice", board="kospi", issue="005930")


async def test_the_end_of_a_session_that_is_lost_is_named():
    market = Market()

    def until_two(request):
        answer = market._intraday(request)
        answer["result"]["hisLists"] = [
            each for each in answer["result"]["hisLists"] if int(each["inddTm"]) <= 14_00_00_00
        ]
        return answer

    market.answers["intraday"] = until_two
    bars = await bars_of(market, "2026-01-30", every="1m", now=EVENING)
    assert (bars[-1].at.time(), bars.complete) == (time(14), False)
    assert bars.notes == ("rows may be missing on 2026-01-30 after 14:00:00",)


async def test_a_range_of_seconds_has_each_of_its_intervals():
    at = EVENING.replace(hour=10, minute=0)
    bars = await bars_of(
        Market(), at.replace(second=30), at.replace(minute=1, second=10), every="10s", now=EVENING
    )
    assert [f"{bar.at:%M:%S}" for bar in bars] == ["00:30", "00:40", "00:50", "01:00", "01:10"]
    assert bars.complete


async def test_a_volume_since_the_open_that_falls_is_doubtful():
    at = NOON.replace(hour=9)
    rows = [
        {"inddTm": time, "inddClsprc": 1, "inddTrdvol": sum_}
        for time, sum_ in ((9300000, 5), (9200000, 9), (9100000, 4))
    ]
    market = Market(intraday=history(rows))
    async with market.client(market_version=2, retry=ONCE) as koscom:
        bars = await koscom.market.bars("005930", at, at.replace(minute=30), every="10m", board="kospi")
    assert [(bar.volume, bar.doubtful) for bar in bars] == [(4, False), (5, False), (None, True)]


async def test_impossible_ranges_are_refused_and_old_ones_cost_nothing():
    market = Market()
    for since, until in (
        (NOON.replace(hour=11), NOON.replace(hour=10)),
        (datetime.max.replace(tzinfo=UTC), None),
        (NotATime(2026, 1, 2), None),
        ("2026-01-02", datetime.max.replace(tzinfo=UTC)),
    ):
        with pytest.raises(UsageError):
            await bars_of(market, since, until, every="1m")
    with pytest.raises(UsageError, match="no bars of"):
        await bars_of(market, "2026-01-02", every=["day"])
    assert len(await bars_of(market, date.min, date(1950, 1, 1))) == 0
    assert market.requests == []
    await bars_of(market, date.min, every="month")
    assert min(request.url.params["inqStrtDd"] for request in market.requests) == "19560303"
    async with market.client() as koscom:
        with pytest.raises(UsageError, match=r"since is not what it takes.*from 1900 on"):
            await koscom.ask("market.stocks.history", board="kospi", issue="005930", since=date.min)
        with pytest.raises(UsageError, match="algorithm"):
            await koscom.ask("ratestbed.rateapi", algorithm=10**5000)


async def test_a_time_without_a_day_is_not_a_weekends():
    market = Market(price={"result": {"isuSrtCd": "005930", "trdPrc": 1, "trdTm": 15300000}})
    for day, expected in ((30, EVENING.replace(hour=15, minute=30)), (31, None)):
        async with market.client(now=EVENING.replace(day=day)) as koscom:
            assert (await koscom.market.quote("005930", board="kospi")).at == expected


async def test_days_to_come_are_not_asked_for():
    market = Market()
    bars = await bars_of(market, "2026-01-20", "2030-12-31")
    assert bars[-1].on == NOON.date()
    assert [request.url.params["inqEndDd"] for request in market.requests] == ["20260130"]
    with pytest.raises(NotYetAvailableError) as caught:
        await bars_of(market, "2026-02-02", "2026-02-06")
    assert caught.value.available_at == datetime(2026, 2, 2, 9, tzinfo=KST)
    assert len(market.requests) == 1


async def test_another_index_is_refused_and_an_answer_without_a_code_is_the_issues():
    market = Market(
        index={"result": {"isuSrtCd": "Q1", "trdPrc": 1}},
        price={"result": {"trdPrc": 1}},
        orderbook={"result": {"accTrdvol": 1}},
    )
    async with market.client() as koscom:
        with pytest.raises(ResponseMismatchError):
            await koscom.market.index("KOSPI")
        for ask in (koscom.market.quote, koscom.market.order_book):
            assert (await ask("005930", board="kospi")).code == "005930"
            with pytest.raises(UsageError, match="a code must be str"):
                await ask(None)


def test_what_has_not_ended_is_what_has_a_session_to_come():
    friday = datetime(2026, 1, 30, 15, 42, tzinfo=KST)
    monday = date(2026, 2, 2)
    for now, kind, day in (
        (friday, "stocks", monday),
        (friday, "futures", friday.date()),
        (friday.replace(minute=39), "index", friday.date()),
        (friday.replace(hour=16), "options", monday),
        (friday.replace(day=31), "stocks", monday),
        (
            datetime(2025, 11, 13, 16, 30, tzinfo=KST),
            "stocks",
            date(2025, 11, 13),
        ),  # the day of the examination
    ):
        assert unfinished_day(now, kind) == day, (now, kind)


def test_the_hours_of_odd_days():
    for day, kind, opens, closes, surely_open, surely_until in (
        ("2026-01-29", "stocks", "0900", "1530", "0900", "1530"),
        ("2026-01-02", "stocks", "0900", "1530", "1000", "1530"),
        ("2025-11-13", "stocks", "0900", "1630", "1000", "1530"),
        ("2025-11-13", "futures", "0845", "1645", "1000", "1520"),
        ("2026-01-28", "options", "0845", "1545", "0900", "1545"),
        ("2016-07-29", "index", "0900", "1530", "0900", "1500"),
    ):
        session = session_of(date.fromisoformat(day), kind)
        found = [session.opens, session.closes, session.surely_open, session.surely_until]
        assert [f"{each:%H%M}" for each in found] == [opens, closes, surely_open, surely_until], (day, kind)
