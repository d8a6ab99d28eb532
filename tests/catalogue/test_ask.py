"""`koscom.ask`: by name, checked, in windows, at the right host, behind the gateway's protection."""

import json
import logging
from datetime import date, datetime, timedelta
from urllib.parse import parse_qsl

import httpx
import pytest
from attrs import evolve

from koscom_async import (
    BreakerOpenError,
    BrokerUnavailableError,
    DeadlineExceededError,
    Koscom,
    NotYetAvailableError,
    RequestRejectedError,
    ResponseMismatchError,
    Retry,
    Settings,
    UndocumentedServiceError,
    UsageError,
)
from koscom_async._clock import KST
from tests.client.fake_gateway import settings_of

NOON = datetime(2026, 1, 30, 12, tzinfo=KST)
MARKET_URL = "https://market.example"
LISTED = {"kospi": ["005930", "000660"], "kosdaq": ["035720"], "konex": ["111111"]}


class Market:
    """A scripted market: listings, histories of every weekday, and what a test puts in their place."""

    def __init__(self, **answers):
        self.answers = answers
        self.requests = []

    def __call__(self, request):
        self.requests.append(request)
        word = request.url.path.rpartition("/")[2]
        found = self.answers.get(word) or getattr(self, f"_{word}")
        reply = found(request) if callable(found) else found
        return reply if isinstance(reply, httpx.Response) else httpx.Response(200, json=reply)

    def _lists(self, request):
        board = next(board for board in LISTED if board in request.url.path)
        return {"trdDd": "20260130", "isuLists": [{"isuSrtCd": code} for code in LISTED[board]]}

    def _history(self, request):
        query = dict(parse_qsl(request.url.query.decode()))
        day, first = (date.fromisoformat(query[name]) for name in ("inqEndDd", "inqStrtDd"))
        days = [day - timedelta(n) for n in range((day - first).days + 1)]
        rows = [{"trdDd": int(f"{day:%Y%m%d}"), "trdPrc": 1} for day in days if self.is_open(day)]
        return {"result": {"isuSrtCd": "005930", "hisLists": rows[: int(query["reqCnt"])]}}

    def is_open(self, day):
        return day.weekday() < 5

    def _intraday(self, request):
        query = dict(parse_qsl(request.url.query.decode()))
        first, last = (datetime.strptime(query[name], "%H%M") for name in ("strtTm", "endTm"))  # noqa: DTZ007
        rows, time = [], last
        while time > first:
            rows.append({"inddTm": f"{time:%H%M%S}00".lstrip("0"), "inddClsprc": 1})
            time -= timedelta(seconds=int(query["inddCycleTpCd"]))
        assert len(rows) <= 100
        return {"result": {"isuSrtCd": "005930", "hisLists": rows}}

    def _price(self, request):
        return {"result": {"isuSrtCd": "005930", "trdPrc": 66700}}

    def client(self, now=NOON, **changes):
        settings = settings_of(**{"market_url": MARKET_URL, **changes})
        return Koscom(settings, transport=httpx.MockTransport(self), now=lambda: now)

    @property
    def paths(self):
        return [request.url.path for request in self.requests]


async def test_market_data_has_a_host_of_its_own():
    market = Market()
    async with market.client() as koscom:
        answer = await koscom.ask("market.stocks.price", board="kospi", issue="005930")
        await koscom.call("GET", "/v3/market/realtime/kospi/stocks/005930/price", scheme="apikey")
    assert answer.one.price == 66700
    for request in market.requests:
        assert str(request.url) == f"{MARKET_URL}/v3/market/realtime/kospi/stocks/005930/price"
        assert request.headers["host"] == "market.example"
        assert request.headers["apikey"] == "KEY-MARK-0000"
        assert "authorization" not in request.headers
    assert koscom.statistics().of("market").calls == 2


async def test_the_older_version_is_at_the_gateway():
    market = Market()
    async with market.client(market_version=2) as koscom:
        assert (await koscom.ask("market.stocks.price", board="kospi", issue="005930")).one.price == 66700
        with pytest.raises(UsageError, match="not part of version 2"):
            await koscom.ask("market.extra.holiday")
    assert str(market.requests[0].url) == "https://gateway.example/v2/market/stocks/kospi/005930/price"


def test_the_host_follows_the_environment():
    facts = {"api_key": "k", "api_secret": "s", "com_id": "F0995", "srv_id": "297"}
    assert Settings(environment="production", **facts).market_url == "https://oap.k-mydata.org"
    assert Settings(environment="sandbox", **facts).market_url == "https://testoap.k-mydata.org"
    assert Settings(base_url="https://proxy.example", **facts).market_url == "https://proxy.example"
    settings = Settings(environment="sandbox", **facts)
    assert evolve(settings, base_url="http://127.0.0.1:8000").market_url == "http://127.0.0.1:8000"
    assert evolve(settings, environment="production", base_url="").market_url == "https://oap.k-mydata.org"
    environ = {
        "KOSCOM_BASE_URL": "https://proxy.example",
        "KOSCOM_MARKET_URL": "https://market.example/",
        "KOSCOM_MARKET_VERSION": "2",
        "KOSCOM_CATALOGUE": "",
    }
    read = Settings.from_env(environ, **facts)
    assert (read.market_url, read.market_version, read.catalogue) == ("https://market.example", 2, None)
    for wrong in ({"market_url": "http://market.example"}, {"market_version": 4}, {"catalogue": 5}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Settings(environment="sandbox", **facts, **wrong)
    with pytest.raises(ValueError, match="market_url is the gateway of production"):
        Settings(environment="sandbox", market_url="https://oap.k-mydata.org", **facts)


async def test_names_alone_stand_alone_in_the_query():
    market = Market(selectivemaster={"result": {"isuSrtCd": "005930", "eps": 5777}})
    async with market.client() as koscom:
        answer = await koscom.ask(
            "market.stocks.selectivemaster", board="kospi", issue="005930", fields=["eps", "per"]
        )
    assert market.requests[0].url.query == b"eps&per"
    assert answer.one.earnings_per_share == 5777


async def test_a_long_range_is_asked_in_windows_at_once_and_every_day_comes_once():
    market = Market()
    since, until = date(2016, 1, 31), date(2026, 1, 30)
    async with market.client() as koscom:
        answer = await koscom.ask("market.stocks.history", board="kospi", issue="005930", since=since)
    assert len(market.requests) <= 28
    days = [until - timedelta(n) for n in range((until - since).days + 1)]
    assert list(answer.column("date")) == [day for day in days if day.weekday() < 5]
    assert answer.complete


async def test_a_full_window_is_asked_further_back():
    market = Market()
    market.is_open = lambda day: day.weekday() < 6  # Saturdays, too: more than a window holds
    async with market.client() as koscom:
        answer = await koscom.ask(
            "market.stocks.history", board="kospi", issue="005930", since="1998-01-01", until="1998-12-31"
        )
    days = [date(1998, 12, 31) - timedelta(n) for n in range(365)]
    assert list(answer.column("date")) == [day for day in days if day.weekday() < 6]


async def test_a_session_of_minutes_takes_four_calls():
    market = Market()
    async with market.client() as koscom:
        answer = await koscom.ask(
            "market.stocks.intraday", board="kospi", issue="005930", since="09:00", until="15:30"
        )
    assert len(market.requests) == 4
    times = answer.column("time")
    assert len(times) == len(set(times)) == 390
    assert list(times) == sorted(times, reverse=True)


async def test_a_minute_in_which_two_parts_meet_has_one_row():
    market = Market()

    def both_ends(request):
        answer = market._intraday(request)
        start = dict(parse_qsl(request.url.query.decode()))["strtTm"]
        answer["result"]["hisLists"].append({"inddTm": f"{start}0000", "inddClsprc": 1})
        return answer

    market.answers["intraday"] = both_ends
    async with market.client() as koscom:
        answer = await koscom.ask(
            "market.stocks.intraday", board="kospi", issue="005930", since="09:00", until="15:30"
        )
    assert len(answer) == len(set(answer.column("time"))) == 391


async def test_what_a_full_answer_left_out_is_asked_for_or_unknown():
    def rows(*days):
        return {"result": {"isuSrtCd": "005930", "hisLists": [{"trdDd": day, "trdPrc": 1} for day in days]}}

    for answer, calls in (
        (rows(*[20260130] * 100), 8),  # a day a call, for ever
        (rows(*[None] * 100), 1),
        (rows(*[20300131] * 100), 1),
    ):
        market = Market(history=lambda request, answer=answer, count=[0]: _earlier(answer, count))
        async with market.client() as koscom:
            found = await koscom.ask(
                "market.stocks.history", board="kospi", issue="005930", since="2026-01-02"
            )
        assert (len(market.requests), found.complete) == (calls, False), answer["result"]["hisLists"][0]


def _earlier(answer, count):
    """The same rows, each time a day earlier."""
    count[0] += 1
    rows = [
        {**row, "trdDd": row["trdDd"] and row["trdDd"] - count[0]} for row in answer["result"]["hisLists"]
    ]
    return {"result": {"isuSrtCd": "005930", "hisLists": rows}}


async def test_a_range_of_too_many_calls_is_refused_before_one_is_spent():
    market = Market()
    async with market.client(call_limit=20) as koscom:
        with pytest.raises(UsageError, match="takes 27 calls"):
            await koscom.ask("market.stocks.history", board="kospi", issue="005930", since="2016-01-31")
    assert market.requests == []


async def test_the_board_is_found_by_the_listings_once_a_day():
    market = Market(price=lambda request: {"result": {"isuSrtCd": request.url.path.split("/")[-2]}})
    clock = [NOON]
    settings = settings_of(market_url=MARKET_URL)
    async with Koscom(settings, transport=httpx.MockTransport(market), now=lambda: clock[0]) as koscom:
        for issue in ("035720", "005930", "111111"):
            await koscom.ask("market.stocks.price", issue=issue)
        assert sum(path.endswith("lists") for path in market.paths) == 3
        assert [path for path in market.paths if "kosdaq/stocks/035720" in path]
        with pytest.raises(UsageError, match="999999 is not in the listings of KOSPI, KOSDAQ and KONEX"):
            await koscom.ask("market.stocks.price", issue="999999")
        assert not [path for path in market.paths if "999999" in path]
        clock[0] += timedelta(days=1)
        await koscom.ask("market.stocks.price", issue="005930")
    assert sum(path.endswith("lists") for path in market.paths) == 4


async def test_an_answer_about_another_issue_is_refused():
    market = Market()
    async with market.client() as koscom:
        with pytest.raises(ResponseMismatchError):
            await koscom.ask("market.stocks.price", board="kospi", issue="000660")


async def test_not_yet_nothing_and_wrong_are_three_things():
    refused = httpx.Response(400, json={"error": "당일 종가 제공 시간이 아닙니다."})
    early = Market(closeprice=refused)
    async with early.client() as koscom:
        with pytest.raises(NotYetAvailableError) as caught:
            await koscom.ask("market.stocks.closeprice", board="kospi", issue="005930")
    assert caught.value.available_at == datetime(2026, 1, 30, 15, 40, tzinfo=KST)
    assert caught.value.endpoint == "market.stocks.closeprice"
    late = Market(closeprice=refused)
    async with late.client(now=NOON.replace(hour=16)) as koscom:
        with pytest.raises(RequestRejectedError):
            await koscom.ask("market.stocks.closeprice", board="kospi", issue="005930")
    nothing = {
        "category": "market",
        "code": "10010",
        "message": "데이터가 존재 하지 않습니다",
        "description": "",
    }
    empty = Market(shortsell=httpx.Response(400, json=nothing))
    async with empty.client() as koscom:
        answer = await koscom.ask(
            "market.stocks.shortsell", board="kospi", issue="005930", since=date(2026, 1, 2)
        )
    assert len(answer) == 0


async def test_a_row_of_today_before_its_hour_is_marked():
    def row(day, quantity):
        return {"trdDd": int(f"{day:%Y%m%d}"), "lendBalQty": quantity}

    today, yesterday = row(NOON, 0), row(NOON - timedelta(days=1), 7)
    question = {"board": "kospi", "issue": "005930", "since": date(2026, 1, 26)}
    for rows, now, is_whole in (
        ([today, yesterday], NOON, False),
        ([yesterday], NOON, True),
        ([today, yesterday], NOON.replace(hour=18), True),
    ):
        market = Market(shortsell={"result": {"isuSrtCd": "005930", "hisLists": rows}})
        async with market.client(now=now) as koscom:
            answer = await koscom.ask("market.stocks.shortsell", **question)
        assert (len(answer), answer.complete) == (len(rows), is_whole), (rows, now)
        assert any("2026-01-30 may be empty" in note for note in answer.notes) != is_whole
    refused = Market(shortsell=httpx.Response(400, json={"error": "당일 종가 제공 시간이 아닙니다."}))
    for until, error in ((NOON.date(), NotYetAvailableError), (date(2026, 1, 29), RequestRejectedError)):
        async with refused.client() as koscom:
            with pytest.raises(error):
                await koscom.ask("market.stocks.shortsell", **question, until=until)


async def test_what_no_document_describes_is_not_asked():
    market = Market()
    async with market.client() as koscom:
        for name in ("orders.place", "bccard.sectors", "wavelet.prices", "market.streaming.tick"):
            with pytest.raises(UndocumentedServiceError) as caught:
                await koscom.ask(koscom.operations[name])
            assert caught.value.missing
            assert caught.value.document in str(caught.value)
            assert "Settings(catalogue=PATH)" in str(caught.value)
        with pytest.raises(UsageError, match=r"has a method of its own.*koscom\.account\.balance"):
            await koscom.ask("account.balance")
        with pytest.raises(UsageError, match=r"did you mean market\.stocks\.price"):
            await koscom.ask("market.stock.price")
    assert market.requests == []


def frames_of(error):
    """What an error reporter would print of the library's frames."""
    link, shown = error.__traceback__, []
    while link is not None:
        if "koscom_async" in link.tb_frame.f_globals["__name__"]:
            shown += [f"{name} = {value!r}" for name, value in link.tb_frame.f_locals.items()]
        link = link.tb_next
    assert shown
    return "\n".join(shown)


async def test_the_number_that_is_looked_up_stays_out_of_logs_errors_and_urls(caplog):
    caplog.set_level(logging.DEBUG)
    number = "01098765432"

    def refuse(request):
        assert json.loads(request.content)["keyword"] == number
        return httpx.Response(400, json={"error": f"no such number {number}, or 010 9876.5432"})

    market = Market(fraudsearch=refuse)
    async with market.client() as koscom:
        with pytest.raises(RequestRejectedError) as refused:
            await koscom.ask("thecheat.fraudsearch", keyword=number, keyword_type="phone")
        with pytest.raises(UsageError) as wrong:
            await koscom.ask("thecheat.fraudsearch", keyword=f"{number} x", keyword_type="phone")
        with pytest.raises(UsageError) as other:
            await koscom.ask("thecheat.fraudsearch", keyword=number, keyword_type="words")
    for caught in (refused, wrong, other):
        shown = str(caught.value) + repr(caught.value) + caplog.text
        assert not [each for each in (number, "9876.5432") if each in shown]
        assert number not in frames_of(caught.value)
    assert number not in str(market.requests[0].url)


async def test_a_question_is_behind_the_same_protection():
    replies = [httpx.Response(503), {"result": {"trdPrc": 66700}}]
    market = Market(price=lambda request: replies.pop(0))
    quick = Retry(attempts=2, base=1e-6, cap=1e-6)
    async with market.client(retry=quick) as koscom:
        answer = await koscom.ask("market.stocks.price", board="kospi", issue="005930")
        assert answer.one.price == 66700
        assert koscom.statistics().of("market").retries == 1
        with pytest.raises(DeadlineExceededError):
            await koscom.ask("market.stocks.price", board="kospi", issue="005930", deadline=0)
    down = Market(price=httpx.Response(503))
    async with down.client() as koscom:
        for _ in range(10):
            with pytest.raises(BrokerUnavailableError):
                await koscom.ask("market.stocks.price", board="kospi", issue="005930")
        with pytest.raises(BreakerOpenError):
            await koscom.ask("market.stocks.price", board="kospi", issue="005930")


async def test_an_issue_that_always_fails_holds_up_no_other_and_a_market_that_is_down_all():
    down = {"000660"}

    def price(request):
        issue = request.url.path.split("/")[-2]
        return httpx.Response(503) if issue in down else {"result": {"isuSrtCd": issue, "trdPrc": 1}}

    async with Market(price=price).client(retry=Retry(attempts=1)) as koscom:

        async def ask(issue):
            return await koscom.ask("market.stocks.price", board="kospi", issue=issue)

        for _ in range(12):
            with pytest.raises((BrokerUnavailableError, BreakerOpenError)):
                await ask("000660")
        assert (await ask("005930")).one.price == 1
        down |= {f"{number:06}" for number in range(30)}
        for issue in sorted(down) * 3:
            with pytest.raises((BrokerUnavailableError, BreakerOpenError)):
                await ask(issue)
        with pytest.raises(BreakerOpenError):
            await ask("005930")
