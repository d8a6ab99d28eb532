"""Companies, the robo-adviser testbed and reports of fraud: typed, about what was asked, and with nothing shown."""

import logging
import traceback
from datetime import date
from decimal import Decimal

import httpx
import pytest

from koscom_async import (
    Koscom,
    KoscomError,
    MalformedResponseError,
    ResponseMismatchError,
    UsageError,
)
from koscom_async.sandbox import SandboxGateway
from tests.client.fake_gateway import settings_of

SAMSUNG = "039500"
NUMBER = "01012344444"


@pytest.fixture
async def koscom():
    async with (
        SandboxGateway(in_process=True) as gateway,
        Koscom(gateway.settings, transport=gateway.transport) as koscom,
    ):
        yield koscom


async def test_a_company_is_found_and_outlined(koscom):
    for codes in ({"stock": "005930"}, {"business": "220-00-59307"}, {"corporate": "1101110059309"}):
        assert await koscom.companies.find(**codes) == SAMSUNG
    assert await koscom.companies.find(stock="999999") is None
    company = await koscom.companies.outline(SAMSUNG)
    assert (company.code, company.name, company.stock_code) == (SAMSUNG, "삼성전자", "005930")
    assert (company.incorporated_on, company.home_page) == (date(1969, 1, 13), None)
    assert company.raw["korentrnm"] == "삼성전자"
    assert await koscom.companies.outline("111111") is None
    with pytest.raises(UsageError, match="one of"):
        await koscom.companies.find()


async def test_a_statement_is_in_won_and_adds_up(koscom):
    statement = await koscom.companies.statement(SAMSUNG)
    assert [day.month for day in statement.settled_on] == [12, 12, 12]
    assert statement.settled_on[0] > statement.settled_on[2]
    (assets, debts, own) = (statement.line(name).values for name in ("자산총계", "부채총계", "자본총계"))
    assert [a - b - c for a, b, c in zip(assets, debts, own, strict=True)] == [0, 0, 0]
    assert assets[0] > 10**14
    assert statement.line("Current assets").shares == (42, 42, 42)
    assert statement.line("no such line") is None
    ratios = await koscom.companies.ratios(SAMSUNG, consolidated=True)
    line = ratios.line("총자본순이익률")
    assert (line.name_english, line.averages) == ("Return on assets", (Decimal("6.02"),) * 3)
    with pytest.raises(UsageError, match="period"):
        await koscom.companies.ratios(SAMSUNG, period="week")


async def test_the_testbed_tells_how_algorithms_did(koscom):
    (algorithm, *_) = await koscom.robo_advisors.algorithms()
    monday = date(2026, 1, 5)
    returns = await koscom.robo_advisors.returns(algorithm.number, monday, monday)
    assert {row.on for row in returns} == {monday}
    assert (returns[0].base_price, returns[0].return_1w, returns[0].return_1y) == (
        Decimal("1049.31"),
        Decimal("0.25"),
        None,
    )
    risks = await koscom.robo_advisors.risks(algorithm.number, monday, monday)
    assert (risks[0].sharpe_ratio, risks[0].account, risks[0].round) == (Decimal("9.4"), 1, 1)
    with pytest.raises(UsageError, match="is after"):
        await koscom.robo_advisors.risks(1, date(2026, 1, 6), monday)


async def test_a_number_is_searched_and_nowhere_shown(koscom, caplog):
    caplog.set_level(logging.DEBUG)
    report = await koscom.fraud.search("010-1234-4444", kind="phone")
    assert (report.number, report.reported) == (NUMBER, True)
    assert not (await koscom.fraud.search("01012345555")).reported
    assert NUMBER not in f"{report!r} {caplog.text}"
    sent = []

    def answer(request):
        sent.append(request)
        return answers.pop(0)

    content = '{{"keyword": "{}", "keyword_type": "auto", "caution": "{}", "access_type": "user"}}'
    answers = [
        httpx.Response(200, json={"result_code": -3, "result_msg": f"{NUMBER}?", "content": ""}),
        httpx.Response(200, json={"result_code": 1, "content": content.format("01099998888", "N")}),
        httpx.Response(200, json={"result_code": 1, "content": content.format(NUMBER, "")}),
        httpx.Response(500, json={"message": f"no {NUMBER}"}),
    ]
    async with Koscom(settings_of(), transport=httpx.MockTransport(answer)) as other:
        for number, kind in (
            (NUMBER, KoscomError),
            (NUMBER, ResponseMismatchError),
            (NUMBER, MalformedResponseError),
            (NUMBER, KoscomError),
            (f"{NUMBER}x", UsageError),
        ):
            with pytest.raises(kind) as caught:
                await other.fraud.search(number)
            frames = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
            ours = [
                frame
                for frame in frames.stack
                if "koscom_async/" in frame.filename and "tests" not in frame.filename
            ]
            shown = f"{caught.value!r} {caught.value} {[frame.locals for frame in ours]}"
            assert NUMBER not in shown, shown
    assert all(NUMBER not in str(request.url) for request in sent)
    assert NUMBER not in caplog.text


async def test_complaints_name_the_arguments_as_the_methods_do(koscom):
    companies, testbed = koscom.companies, koscom.robo_advisors
    for call, words in (
        (companies.find(), "companies.find needs one of corporate, business, stock.*stock=…"),
        (companies.find(stock="a b"), "companies.find: stock is not"),
        (companies.outline("a b"), "companies.outline: company is not"),
        (companies.statement(SAMSUNG, period="q2"), "companies.statement: period is not.*one of q1, half"),
        (companies.ratios("a b"), "companies.ratios: company is not"),
        (testbed.returns("a b", "2026-01-02", "2026-01-03"), "robo_advisors.returns: algorithm is not"),
        (testbed.risks(1, "x", "2026-01-03"), "robo_advisors.risks: since is not"),
        (
            koscom.fraud.search("+821012344444"),
            "fraud.search: number is not.*give number: digits, with hyphens",
        ),
        (koscom.fraud.search(NUMBER, kind="x"), "fraud.search: kind is not.*give kind: one of phone"),
    ):
        with pytest.raises(UsageError, match=words) as caught:
            await call
        assert "1012344444" not in str(caught.value)


async def test_the_same_number_in_groups_is_the_same_number():
    content = {"keyword": "010-1234-4444", "caution": "Y"}
    answer = httpx.Response(200, json={"result_code": 1, "content": content})
    async with Koscom(settings_of(), transport=httpx.MockTransport(lambda _: answer)) as koscom:
        assert (await koscom.fraud.search(NUMBER)).reported


async def test_one_company_is_found_or_none_and_blanks_name_none():
    def answer(request):
        if "kiscode" in request.url.path:
            return httpx.Response(200, json={"items": {"item": [{"kiscode": "1"}, {"kiscode": "2"}]}})
        return httpx.Response(200, json={"items": {"kiscode": SAMSUNG, "item": [{"kiscode": SAMSUNG}]}})

    async with Koscom(settings_of(), transport=httpx.MockTransport(answer)) as koscom:
        with pytest.raises(ResponseMismatchError, match="2 companies"):
            await koscom.companies.find(stock="005930")
        assert (await koscom.companies.outline(f" {SAMSUNG} ")).code == SAMSUNG
        assert (await koscom.companies.ratios(f"{SAMSUNG} ")).company == SAMSUNG


async def test_an_answer_about_another_company_is_not_believed():
    def answer(request):
        if "financialStateTable" in request.url.path:
            return httpx.Response(200, json={"items": {"kiscode": SAMSUNG, "amtuit": "2", "item": []}})
        return httpx.Response(200, json={"items": {"kiscode": "2", "item": [{"kiscode": "2"}]}})

    async with Koscom(settings_of(), transport=httpx.MockTransport(answer)) as koscom:
        for call, words in (
            (koscom.companies.outline, "another company"),
            (koscom.companies.ratios, "another company"),
            (koscom.companies.statement, "another unit"),
        ):
            with pytest.raises(ResponseMismatchError, match=words):
                await call(SAMSUNG)
