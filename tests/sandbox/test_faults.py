"""What goes wrong on demand, each kind as a caller meets it."""

import anyio
import httpx
import pytest

from koscom_async.error_codes import ERROR_CODES, Kind
from koscom_async.sandbox import FAULT_KINDS, Fault, SandboxGateway
from tests.sandbox.asking import BALANCE, CONSENT, asking
from tests.sandbox.test_answers import rows_of

CODES = sorted({row.code for row in ERROR_CODES if row.status is not None and row.kind is not Kind.SUCCESS})


def result_of(answer: httpx.Response) -> dict:
    return answer.json()["balanceResponseBody"]["queryResult"]


async def test_down_is_3600(ask):
    ask.gateway.set_fault("star", "down")
    answer = await ask.balance("star")
    body = {"category": "op-exco", "code": 3600, "message": "Target Company Service Unavailable"}
    assert (answer.status_code, answer.json()) == (503, body)
    assert (await ask.balance("cyber")).status_code == 200


@pytest.mark.parametrize("code", CODES)
async def test_a_platform_code_comes_with_its_own_status(ask_quickly, code):
    ask_quickly.gateway.set_fault("star", code)
    answer = await ask_quickly.balance("star")
    (row, *_) = [row for row in ERROR_CODES if row.code == code and row.status is not None]
    category = "star" if row.category == "broker" else row.category
    assert answer.status_code == row.status
    assert answer.json() == {"category": category, "code": int(code), "message": row.message}


@pytest.mark.parametrize(("kind", "wait"), [("429", "1"), ("429:30", "30"), ("429:soon", "soon")])
async def test_over_the_limit_comes_from_the_gateway(ask_quickly, kind, wait):
    ask_quickly.gateway.set_fault("star", kind)
    answer = await ask_quickly.balance("star")
    assert (answer.status_code, answer.json()) == (429, {"message": "API rate limit exceeded"})
    assert answer.headers["Retry-After"] == wait


async def test_reset_cuts_the_connection(ask):
    ask.gateway.set_fault("star", "reset")
    with pytest.raises(httpx.ReadError):
        await ask.balance("star")
    assert (ask.gateway.calls[0].status, ask.gateway.calls[0].fault) == (None, "reset")
    ask.gateway.clear_faults()
    assert (await ask.balance("star")).status_code == 200


async def test_reset_cuts_only_its_own_connection():
    async with asking(in_process=False, latency={"cyber": 0.05}) as ask:
        ask.gateway.set_fault("star", "reset")
        answers = []

        async def whole():
            answers.append((await ask.balance("cyber")).status_code)

        async def cut():
            with pytest.raises(httpx.ReadError):
                await ask.balance("star")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(whole)
            for _ in range(5):
                tasks.start_soon(cut)
    assert answers == [200]


async def test_html_is_a_page_of_a_proxy(ask):
    ask.gateway.set_fault("star", "html")
    answer = await ask.balance("star")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.text.startswith("<!DOCTYPE html>")


async def test_truncated_is_half_a_document(ask):
    whole = await ask.balance("star", "EQTY")
    ask.gateway.set_fault("star", "truncated")
    half = await ask.balance("star", "EQTY")
    assert half.status_code == 200
    assert len(half.content) == len(whole.content) // 2
    with pytest.raises(ValueError, match=r"(?i)delimiter|unterminated|expecting"):
        half.json()


async def test_empty_is_no_body(ask):
    ask.gateway.set_fault("star", "empty")
    answer = await ask.balance("star")
    assert (answer.status_code, answer.content) == (200, b"")


async def test_shape_is_json_of_another_form(ask_quickly):
    ask_quickly.gateway.set_fault("star", "shape")
    assert (await ask_quickly.balance("star")).json() == ["star", 1]


async def test_foreign_is_somebody_elses_account(ask_quickly):
    ask = ask_quickly
    ask.gateway.set_fault("diamond", "foreign")
    answer = (await ask.balance("diamond", "ALL")).json()
    (stranger,) = [
        account for account in ask.gateway.ledger.people[1].accounts if account.broker == "diamond"
    ]
    assert answer["accInfo"]["vtAccNo"] == stranger.number
    assert answer["accInfo"]["vtAccNo"] != ask.gateway.ledger.of("diamond").number
    assert [row["isinCode"] for row in rows_of(answer, "EQTY")] == [row.isin for row in stranger.equities]


async def test_endless_has_always_another_page(ask):
    ask.gateway.set_fault("cyber", "endless")
    keys, page = [], "null"
    for _ in range(20):
        answer = await ask.balance("cyber", "EQTY", page=page)
        assert len(rows_of(answer.json(), "EQTY")) == 2
        page = result_of(answer)["page"]
        keys.append(page)
    assert len(set(keys)) == 20
    assert {len(key) for key in keys} == {24}


async def test_empty_pages_go_on_without_rows(ask_quickly):
    ask_quickly.gateway.set_fault("cyber", "empty-pages")
    first = await ask_quickly.balance("cyber", "EQTY")
    second = await ask_quickly.balance("cyber", "EQTY", page=result_of(first)["page"])
    assert [rows_of(answer.json(), "EQTY") for answer in (first, second)] == [[], []]
    assert result_of(first)["page"] != result_of(second)["page"]


async def test_same_page_comes_back_to_its_key(ask_quickly):
    ask_quickly.gateway.set_fault("cyber", "same-page")
    first = await ask_quickly.balance("cyber", "EQTY")
    second = await ask_quickly.balance("cyber", "EQTY", page=result_of(first)["page"])
    assert result_of(first)["page"] == result_of(second)["page"] == "same-page"


async def test_a_faults_keys_die_with_it(ask_quickly):
    ask_quickly.gateway.set_fault("cyber", "same-page")
    key = result_of(await ask_quickly.balance("cyber", "EQTY"))["page"]
    ask_quickly.gateway.clear_faults("cyber")
    assert (await ask_quickly.balance("cyber", "EQTY", page=key)).json()["code"] == 6003


async def test_wrong_id_is_the_answer_to_another_request(ask_quickly):
    ask_quickly.gateway.set_fault("star", "wrong-id")
    answer = (await ask_quickly.balance("star")).json()
    assert answer["commonHeader"]["reqIdConsumer"] == "not-what-you-sent"


async def test_short_has_a_row_fewer_than_it_says(ask_quickly):
    ask_quickly.gateway.set_fault("diamond", "short")
    answer = await ask_quickly.balance("diamond", "ALL")
    rows = [row for asset_type in ("EQTY", "FUND", "ETC") for row in rows_of(answer.json(), asset_type)]
    assert (len(rows), result_of(answer)["totalCnt"]) == (19, 20.0)


@pytest.mark.parametrize(
    ("kind", "resp"),
    [
        ("error-200", {"respCode": "4001", "respMsg": "Account Not Found"}),
        ("error-200:6005", {"respCode": "6005", "respMsg": "Result Too Many"}),
    ],
)
@pytest.mark.parametrize(("broker", "asset_type"), [("diamond", "ALL"), ("star", "ETC")])
async def test_error_200_is_an_error_inside_a_success(ask_quickly, kind, resp, broker, asset_type):
    ask_quickly.gateway.set_fault(broker, kind)
    answer = await ask_quickly.balance(broker, asset_type)
    assert (answer.status_code, answer.json()["resp"]) == (200, resp)
    assert "balanceList" not in answer.json()


async def test_slow_waits_five_seconds_or_as_long_as_it_is_told(ask_quickly):
    ask = ask_quickly
    ask.gateway.set_fault("star", "slow")
    with pytest.raises(httpx.ReadTimeout):
        await ask.client.post(BALANCE.format("star"), json=ask.message(), headers=ask.bearer, timeout=0.01)
    ask.gateway.set_fault("star", Fault("slow", delay=0.02))
    assert (await ask.balance("star")).status_code == 200
    slow, told = ask.gateway.calls
    assert slow.status is None
    assert told.finished - told.started >= 0.02
    assert FAULT_KINDS["slow"]("slow").delay == 5.0


async def test_a_delay_comes_before_the_effect():
    async with asking(faults={"star": Fault("down", delay=0.02)}) as ask:
        assert (await ask.balance("star")).status_code == 503
        (call,) = ask.gateway.calls
    assert call.finished - call.started >= 0.02


@pytest.mark.parametrize(
    ("fault", "statuses"),
    [
        (Fault("down", times=2), [503, 503, 200, 200]),
        (Fault("down", after=1), [200, 503, 503, 503]),
        (Fault("down", after=1, times=1), [200, 503, 200, 200]),
        (Fault("down", failure_rate=0.0), [200, 200, 200, 200]),
        (Fault("down", times=0), [200, 200, 200, 200]),
    ],
)
async def test_a_fault_strikes_as_often_as_it_says(fault, statuses):
    async with asking(faults={"star": fault}) as ask:
        assert [(await ask.balance("star")).status_code for _ in range(4)] == statuses


async def test_chance_repeats_with_its_seed():
    async def run(seed):
        async with asking(faults={"star": Fault("down", failure_rate=0.5)}, seed=seed) as ask:
            return [(await ask.balance("star")).status_code for _ in range(20)]

    first = await run(1)
    assert set(first) == {200, 503}
    assert first == await run(1)
    assert first != await run(2)


async def test_a_call_that_is_refused_before_does_not_use_a_fault_up():
    async with asking(faults={"star": Fault("down", times=1)}) as ask:
        refused = await ask.client.post(BALANCE.format("star"), json=ask.message())
        assert (refused.status_code, ask.gateway.calls[0].fault) == (401, None)
        assert (await ask.balance("star")).status_code == 503
        assert ask.gateway.calls[1].fault == "down"


@pytest.mark.parametrize(
    ("kind", "status"), [("down", 503), ("503", 503), ("html", 200), ("truncated", 200), ("empty", 200)]
)
async def test_the_member_service_has_faults_too(ask_quickly, kind, status):
    ask = ask_quickly
    ask.gateway.set_fault("common", kind)
    answer = await ask.client.post(CONSENT, json=ask.member_message(), headers=ask.api_key)
    assert answer.status_code == status
    assert (await ask.balance("star")).status_code == 200


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Fault("odd"),
            "unknown fault 'odd': use one of cash-row, chunked-garbage, closes, consent-ends, created, ",
        ),
        (lambda: Fault("200"), "unknown fault '200'"),
        (lambda: Fault("slwo"), "unknown fault 'slwo': did you mean slow?"),
        (lambda: Fault("down:1"), "fault 'down' cannot have the argument '1'"),
        (lambda: Fault("error-200:1"), "fault 'error-200' cannot have the argument '1'"),
        (lambda: Fault("429:"), "fault '429' cannot have the argument ''"),
        (lambda: Fault("down", delay=-1), "Fault.delay must be 0 or more seconds, got -1"),
        (lambda: Fault("down", failure_rate=2), "Fault.failure_rate must be from 0 to 1, got 2"),
        (lambda: Fault("down", times=-1), "Fault.times must not be below 0, got -1"),
        (lambda: Fault("down", after=-1), "Fault.after must not be below 0, got -1"),
        (lambda: SandboxGateway(faults={"common": "endless"}), "fault 'endless' is one of a broker"),
        (
            lambda: SandboxGateway(faults={"star": "ended-consent"}),
            "fault 'ended-consent' is one of the member service, which is 'common' here",
        ),
    ],
)
def test_a_wrong_fault_is_named(make, message):
    with pytest.raises(ValueError) as caught:
        make()
    assert str(caught.value).startswith(message)
