"""Every check that a real gateway makes, and the words in which it refuses."""

import pytest

from tests.sandbox.asking import ACCOUNTS, BALANCE, CONSENT, REGISTER, changed

NO_KEY = {"message": "No API key found in request"}
WRONG = {"message": "Invalid authentication credentials"}
LONG = "x" * 21


async def test_an_unknown_path_has_no_route(ask):
    answer = await ask.client.post("/v1/star/account/nothing/search", json={})
    assert (answer.status_code, answer.json()) == (404, {"message": "no Route matched with those values"})


@pytest.mark.parametrize("path", [BALANCE.format("star"), CONSENT, REGISTER, ACCOUNTS.format("star")])
async def test_a_wrong_method_is_refused(ask_quickly, path):
    answer = await ask_quickly.client.get(path)
    body = {"category": "op-apim", "code": 405, "message": "Method Not Allowed"}
    assert (answer.status_code, answer.json()) == (405, body)


@pytest.mark.parametrize("path", [CONSENT, REGISTER])
@pytest.mark.parametrize(("headers", "body"), [({}, NO_KEY), ({"apikey": "other"}, WRONG)])
async def test_the_member_service_wants_the_api_key(ask, path, headers, body):
    answer = await ask.client.post(path, json=ask.member_message(), headers=headers)
    assert (answer.status_code, answer.json()) == (401, body)


async def test_an_api_key_beside_the_token_is_checked(ask_quickly):
    ask = ask_quickly
    path, message = BALANCE.format("star"), ask.message()
    wrong = await ask.client.post(path, json=message, headers={**ask.bearer, "apikey": "other"})
    right = await ask.client.post(path, json=message, headers={**ask.bearer, **ask.api_key})
    assert (wrong.status_code, wrong.json(), right.status_code) == (401, WRONG, 200)


@pytest.mark.parametrize(
    ("broker", "status", "error"),
    [("diamond", 401, "invalid_token"), ("cyber", 401, "invalid_token"), ("star", 400, "invalid_request")],
)
async def test_a_dead_token_is_answered_with_401_or_with_400(ask_quickly, broker, status, error):
    ask = ask_quickly
    ask.gateway.revoke_token()
    answer = await ask.balance(broker)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert "access token does not exist" in answer.json()["error_description"]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer"}, {"Authorization": "Basic abc"}])
async def test_the_account_service_wants_a_token(ask_quickly, headers):
    answer = await ask_quickly.client.post(
        BALANCE.format("star"), json=ask_quickly.message(), headers=headers
    )
    body = {"error": "invalid_request", "error_description": "The access token is missing"}
    assert (answer.status_code, answer.json()) == (401, body)


async def test_another_investors_token_opens_nothing(ask_quickly):
    ask = ask_quickly
    stranger = ask.gateway.investors[1]
    answer = await ask.client.post(
        BALANCE.format("star"),
        json=ask.message(),
        headers={"Authorization": f"Bearer {stranger.token.access}"},
    )
    assert (answer.status_code, answer.json()["code"]) == (403, 2100)


@pytest.mark.parametrize(
    ("path", "value", "code", "status"),
    [
        *((path, ..., 3003, 400) for path in ("partner", "partner.comId", "partner.srvId", "commonHeader")),
        *((path, ..., 3003, 400) for path in ("commonHeader.reqIdConsumer", "commonHeader.ci", "devInfo")),
        *((path, ..., 3003, 400) for path in ("devInfo.ipAddr", "devInfo.macAddr", "accInfo.vtAccNo")),
        *((path, ..., 3003, 400) for path in ("accInfo", "balanceRequestBody")),
        *((f"balanceRequestBody.queryType{name}", ..., 3003, 400) for name in ("", ".assetType", ".count")),
        ("balanceRequestBody.queryType.page", ..., 3003, 400),
        ("balanceRequestBody.queryType.page", None, 3003, 400),
        ("balanceRequestBody.queryType.page", "", 6003, 500),
        ("balanceRequestBody.queryType.page", "nosuchkey", 6003, 500),
        ("balanceRequestBody.queryType.page", "000002" + "0" * 18, 6003, 500),
        ("balanceRequestBody.queryType.count", "0", 3003, 400),
        ("balanceRequestBody.queryType.count", True, 3003, 400),
        ("balanceRequestBody.queryType.count", -1, 7000, 500),
        ("balanceRequestBody.queryType.assetType", "GOLD", 6001, 500),
        ("balanceRequestBody.queryType.assetType", "ALL", 6001, 500),
        ("partner", [], 3003, 400),
        ("partner.comId", "F09955", 3003, 400),
        ("commonHeader.reqIdConsumer", LONG, 3003, 400),
        ("commonHeader.reqIdConsumer", "", 3003, 400),
        ("commonHeader.ci", "A" * 88, 3007, 500),
        ("commonHeader.ci", "A" * 90, 3003, 400),
        ("devInfo.ipAddr", "192.0.2.10", 3003, 400),
        ("devInfo.ipAddr", "12345678", 3003, 400),
        ("devInfo.macAddr", "00:00:5E:00:53:01", 3003, 400),
        ("accInfo.vtAccNo", 160646584478700099, 3003, 400),
        ("accInfo.vtAccNo", "160646584478700000", 4001, 500),
        ("accInfo.vtAccNo", "160646584478700177", 4003, 500),
    ],
)
async def test_a_field_that_is_missing_or_wrong_is_refused(ask_quickly, path, value, code, status):
    ask = ask_quickly
    answer = await ask.send("star", changed(ask.message("star", "EQTY"), path, value))
    assert (answer.json()["code"], answer.status_code) == (code, status)
    assert answer.json()["category"] == ("op-exco" if code < 4000 else "star")


async def test_a_refusal_names_the_field(ask):
    answer = await ask.send("star", changed(ask.message(), "devInfo.ipAddr", ...))
    assert answer.json() == {
        "category": "op-exco",
        "code": 3003,
        "message": "필수 항목 누락",
        "description": "devInfo.ipAddr",
    }


async def test_a_phone_is_a_device_too(ask_quickly):
    ask = ask_quickly
    message = changed(ask.message(), "devInfo.ipAddr", "0101234567")
    message = changed(message, "devInfo.macAddr", "123e4567-e89b-12d3-a456-426614174000")
    assert (await ask.send("star", message)).status_code == 200


async def test_the_documents_space_before_the_ci_is_accepted_and_trimmed(ask_quickly):
    ask = ask_quickly
    answer = await ask.send("star", changed(ask.message(), "commonHeader.ci", f" {ask.gateway.investor.ci}"))
    assert answer.json()["commonHeader"]["ci"] == ask.gateway.investor.ci


@pytest.mark.parametrize("body", [b"", b"{", b"<xml/>", b"[]", b"\xff"])
async def test_what_is_not_a_json_object_is_refused(ask_quickly, body):
    headers = {**ask_quickly.bearer, "Content-Type": "application/json"}
    answer = await ask_quickly.client.post(BALANCE.format("star"), content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (500, 3011)


async def test_another_content_type_is_refused(ask_quickly):
    headers = {**ask_quickly.bearer, "Content-Type": "text/plain"}
    answer = await ask_quickly.client.post(BALANCE.format("star"), content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, 415)


async def test_a_broker_that_is_not_there_is_refused(ask):
    answer = await ask.client.post(BALANCE.format("moon"), json=ask.message(), headers=ask.bearer)
    body = {"category": "op-exco", "code": 3002, "message": "Unknown api url", "description": "moon"}
    assert (answer.status_code, answer.json()) == (400, body)


async def test_a_page_key_is_of_one_account_and_one_class(ask_quickly):
    ask = ask_quickly
    first = (await ask.balance("cyber", "EQTY")).json()
    key = first["balanceResponseBody"]["queryResult"]["page"]
    assert len(key) <= 24
    assert (await ask.balance("cyber", "EQTY", page=key)).status_code == 200
    for broker, asset_type in (("cyber", "FUND"), ("star", "EQTY"), ("diamond", "ALL")):
        answer = await ask.balance(broker, asset_type, page=key)
        assert (answer.status_code, answer.json()["code"]) == (500, 6003)


@pytest.mark.parametrize(
    ("path", "value", "status", "code"),
    [
        ("body.korName", ..., 400, 3003),
        ("commonHeader.ci", ..., 400, 3003),
        ("commonHeader.reqIdConsumer", LONG, 400, 3003),
        ("commonHeader.ci", "A" * 88, 500, 3007),
    ],
)
async def test_the_consent_list_checks_its_message(ask_quickly, path, value, status, code):
    ask = ask_quickly
    message = changed(ask.member_message(), path, value)
    answer = await ask.client.post(CONSENT, json=message, headers=ask.api_key)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_the_member_service_needs_no_request_id(ask_quickly):
    ask = ask_quickly
    message = changed(ask.member_message(), "commonHeader.reqIdConsumer", ...)
    assert (await ask.client.post(CONSENT, json=message, headers=ask.api_key)).status_code == 200


async def test_discretionary_calls_want_key_secret_and_firm(ask_quickly):
    ask = ask_quickly
    message = {
        "partner": {"comId": "F0995", "srvId": "297"},
        "commonHeader": {"reqIdConsumer": "ask-3"},
        "accountListRequestBody": {"queryParameter": {"count": 0, "page": None}},
    }
    without_firm = {"Authorization": ask.basic["Authorization"]}
    expected = [
        ({}, 401, {"message": "Unauthorized"}),
        ({**ask.basic, "Authorization": "Basic bm86bm8="}, 401, WRONG),
        ({**ask.basic, "Authorization": "Basic ???"}, 401, WRONG),
        (ask.bearer, 401, {"message": "Unauthorized"}),
    ]
    path = ACCOUNTS.format("star")
    for headers, status, body in expected:
        answer = await ask.client.post(path, json=message, headers=headers)
        assert (answer.status_code, answer.json()) == (status, body)
    missing = await ask.client.post(path, json=message, headers=without_firm)
    other = await ask.client.post(path, json=message, headers={**ask.basic, "comId": "F9999"})
    assert [(r.status_code, r.json()["code"]) for r in (missing, other)] == [(400, 3003), (403, 2100)]
    for changes, code in (({"page": "key"}, 6003), ({"count": -1}, 7000), ({"count": "0"}, 3003)):
        wrong = {
            **message,
            "accountListRequestBody": {"queryParameter": {"count": 0, "page": "null", **changes}},
        }
        answer = await ask.client.post(path, json=wrong, headers=ask.basic)
        assert answer.json()["code"] == code
