"""Which listings are believed, and what a board that cannot be read costs: its own issues, and few calls."""

import anyio
import httpx
import pytest

from koscom_async import (
    AccessDeniedError,
    BrokerUnavailableError,
    Koscom,
    MalformedResponseError,
    RequestRejectedError,
    Retry,
    UsageError,
)
from koscom_async.sandbox.ledger import with_check_digit
from tests.catalogue.test_ask import NOON, Market
from tests.client.fake_gateway import settings_of

REFUSED = httpx.Response(403, json={"error": "no licence"})
ONCE = Retry(attempts=1)
ISIN = with_check_digit("KR711111000")


class Boards(Market):
    """A market of which some boards' listings are not what they should be."""

    def __init__(self, **lists):
        super().__init__(price=self.quotes)
        self.odd = lists

    def _lists(self, request):
        found = next((reply for board, reply in self.odd.items() if board in request.url.path), None)
        return super()._lists(request) if found is None else found

    def quotes(self, request):
        issue = request.url.path.split("/")[-2]
        if issue == "stocks":
            codes = request.url.params["isuCd"].split(",")
            return {"result": {"isulist": [{"isuSrtCd": code, "trdPrc": 1} for code in codes]}}
        return {"result": {"isuSrtCd": issue, "trdPrc": 1}}

    @property
    def listings(self):
        return [path.split("/")[-2] for path in self.paths if path.endswith("/lists")]


async def test_a_refused_listing_is_not_asked_for_again_with_each_unknown_code():
    market = Boards(konex=REFUSED)
    async with market.client(retry=ONCE) as koscom:
        for number in range(20):
            with pytest.raises(UsageError, match="not in the listings of KOSPI and KOSDAQ"):
                await koscom.market.quote(f"9999{number:02}")
        await koscom.market.quotes(["999999", "888888"])
    assert market.listings == ["kospi", "kosdaq", "konex"]


async def test_a_main_board_is_asked_again_after_a_refusal():
    market = Boards(kospi=httpx.Response(400, json={"error": "준비 중"}))
    async with market.client(retry=ONCE) as koscom:
        with pytest.raises(RequestRejectedError):
            await koscom.market.listing("kospi")
        market.odd.clear()
        assert (await koscom.market.quote("005930")).price == 1


async def test_an_empty_listing_is_not_kept_for_the_day():
    market = Boards(kospi={"trdDd": "20260130", "isuLists": []})
    async with market.client(retry=ONCE) as koscom:
        with pytest.raises(MalformedResponseError, match="has no issues"):
            await koscom.market.quote("005930")
        market.odd["kospi"] = {"trdDd": "20260130", "isuLists": [{"isuKorNm": "이름만"}]}
        for ask in (koscom.market.quote, lambda code: koscom.market.listing("kospi")):
            with pytest.raises(
                MalformedResponseError, match=r"lists malformed: the listing of kospi has no issues"
            ):
                await ask("005930")
        market.odd.clear()
        assert (await koscom.market.quote("005930")).price == 1


async def test_a_board_that_cannot_be_read_costs_its_own_issues_only():
    cases = {
        "kospi": (REFUSED, AccessDeniedError, "035720"),
        "kosdaq": (httpx.Response(503), BrokerUnavailableError, "005930"),
        "konex": (httpx.Response(503), BrokerUnavailableError, "005930"),
    }
    for board, (reply, error, sound) in cases.items():
        market = Boards(**{board: reply})
        async with market.client(retry=ONCE) as koscom:
            assert (await koscom.market.quote(sound)).code == sound, board
            quotes = await koscom.market.quotes([sound, "999999"])
            assert list(quotes) == [sound], board
            assert isinstance(quotes.failures["999999"], error), board
            with pytest.raises(error):
                await koscom.market.quote("999999")


async def test_an_isin_is_looked_for_at_konex_too():
    market = Boards(konex={"isuLists": [{"isuSrtCd": "111111", "isuCd": ISIN}]})
    async with market.client() as koscom:
        assert (await koscom.market.quote(ISIN)).code == "111111"
        with pytest.raises(
            UsageError, match="KR7005930003 is not in the listings of KOSPI, KOSDAQ and KONEX"
        ):
            await koscom.market.quote("KR7005930003")


async def test_what_is_no_code_costs_no_other_and_what_is_no_list_is_refused():
    market = Boards()
    async with market.client() as koscom:
        quotes = await koscom.market.quotes(["005930", "no code!", "\ud800", "005930 "], board="kospi")
        assert (list(quotes), quotes.missing) == (["005930", "005930 "], ("no code!", "\ud800"))
        assert len(market.requests) == 1
        for wrong in (None, 5, [["005930"]], [None]):
            with pytest.raises(UsageError):
                await koscom.market.quotes(wrong)
        with pytest.raises(UsageError, match="no board"):
            await koscom.market.quote(ISIN, board=["kospi"])
        for board in ("nyse", ["kospi"]):
            for ask in (
                lambda board: koscom.market.quotes(["005930"], board=board),
                koscom.market.listing,
                koscom.market.snapshot,
            ):
                with pytest.raises(UsageError):
                    await ask(board)
        assert len(market.requests) == 1


async def test_a_board_that_is_slow_holds_up_no_question_about_another():
    market, asked, answered = Boards(), anyio.Event(), anyio.Event()

    async def answer(request):
        if "konex" in request.url.path:
            asked.set()
            await answered.wait()
        return market(request)

    settings = settings_of(market_url="https://market.example")
    async with Koscom(settings, transport=httpx.MockTransport(answer), now=lambda: NOON) as koscom:
        await koscom.market.quotes(["005930", "035720"])

        async def ask_for_unknown():
            assert (await koscom.market.quotes(["999999"])).missing == ("999999",)

        async with anyio.create_task_group() as group:
            group.start_soon(ask_for_unknown)
            await asked.wait()
            assert (await koscom.market.quote("035720")).code == "035720"
            answered.set()


async def test_a_row_that_cannot_be_read_costs_its_own_code_and_a_sick_gateway_few_calls():
    codes = [f"{number:06}" for number in range(20)]

    def spoiled(bad):
        def answer(request):
            asked = request.url.params["isuCd"].split(",")
            rows = [{"isuSrtCd": code, "trdPrc": "x" if code in bad else 1} for code in asked]
            return {"result": {"isulist": rows}}

        return Market(price=answer)

    market = spoiled({"000013"})
    async with market.client(retry=ONCE) as koscom:
        quotes = await koscom.market.quotes(codes, board="kospi")
    assert (list(quotes.failures), len(quotes)) == (["000013"], 19)
    assert isinstance(quotes.failures["000013"], MalformedResponseError)
    market = spoiled(codes)
    async with market.client(retry=ONCE) as koscom:
        quotes = await koscom.market.quotes(codes, board="kospi")
    assert list(quotes.failures) == codes
    assert len(market.requests) == 3
