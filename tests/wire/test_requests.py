"""Request bodies, field for field those of the documents."""

import json
from typing import Any

import pytest

from koscom_async._wire.requests import balance_request, device_block, member_request, new_request_id
from koscom_async.models.codes import AssetClass
from koscom_async.models.investor import Device, Investor, Token
from koscom_async.settings import Settings
from tests.wire.recorded import sent


def settings_of(body: Any) -> Settings:
    return Settings(
        environment="sandbox",
        api_key="key",
        api_secret="secret",
        com_id=body["partner"]["comId"],
        srv_id=body["partner"]["srvId"],
    )


def investor_of(body: Any, *, ip: str = "192.168.1.10", mac: str = "70:54:D2:7E:E2:47") -> Investor:
    return Investor(
        ci=body["commonHeader"]["ci"],
        name=body.get("body", {}).get("korName", "김가람"),
        token=Token(access="token"),
        device=Device(ip=ip, mac=mac),
    )


@pytest.mark.parametrize("case", ["registration_older", "linked_accounts_older"])
def test_a_member_request_is_the_documents(case: str) -> None:
    body = sent(case)
    request = member_request(
        settings_of(body), investor_of(body), request_id=body["commonHeader"]["reqIdConsumer"]
    )
    assert request == body


@pytest.mark.parametrize("case", ["registration", "linked_accounts"])
def test_the_newer_member_request_leaves_out_the_unused_id_that_we_send_empty(case: str) -> None:
    body = sent(case)
    request = member_request(settings_of(body), investor_of(body), request_id="reqid-0001")
    assert request["commonHeader"].pop("reqIdPlatform") == ""
    assert request == body


def test_a_balance_request_is_the_documents() -> None:
    body = sent("balance_all")
    body["commonHeader"]["ci"] = body["commonHeader"]["ci"].strip()  # the example's leading space is an error
    request = balance_request(
        settings_of(body),
        investor_of(body, ip=body["devInfo"]["ipAddr"], mac="70:54:d2:7e:e2:47"),
        request_id="ID00002",
        account_number="160678007213500001",
        asset_class=AssetClass.ALL,
        page=None,
    )
    assert request == body
    assert json.loads(json.dumps(request)) == body


@pytest.mark.parametrize("asset_class", AssetClass)
@pytest.mark.parametrize(("page", "key"), [(None, "null"), ("20181105 0001", "20181105 0001"), ("2", "2")])
def test_a_page_is_asked_for_by_its_key_and_its_size_is_the_brokers(
    asset_class: AssetClass, page: str | None, key: str
) -> None:
    body = sent("balance_all")
    request = balance_request(
        settings_of(body),
        investor_of(body),
        request_id="ID00002",
        account_number="160678007213500001",
        asset_class=asset_class,
        page=page,
    )
    query = request["balanceRequestBody"]["queryType"]
    assert query == {"assetType": asset_class.value, "count": 0, "page": key}


@pytest.mark.parametrize(
    ("ip", "spelling"),
    [
        ("192.168.1.10", "192168001010"),
        ("123.45.12.34", "123045012034"),
        ("0.0.0.0", "000000000000"),  # noqa: S104  # no socket: an address as text
        ("255.255.255.255", "255255255255"),
        ("001.002.003.004", "001002003004"),
        ("192168001010", "192168001010"),
        ("0111234567", "0111234567"),
        ("01012345678", "01012345678"),
    ],
)
def test_an_address_is_twelve_digits_and_a_phone_number_its_own(ip: str, spelling: str) -> None:
    assert device_block(Device(ip=ip, mac="7054D27EE247"))["ipAddr"] == spelling


@pytest.mark.parametrize(
    ("mac", "spelling"),
    [
        ("70:54:D2:7E:E2:47", "7054D27EE247"),
        ("70-54-d2-7e-e2-47", "7054D27EE247"),
        ("7054d27ee247", "7054D27EE247"),
        ("9f1c2d3e-0000-4abc-8def-0123456789ab", "9f1c2d3e-0000-4abc-8def-0123456789ab"),
        ("9F1C2D3E-0000-4ABC-8DEF-0123456789AB", "9F1C2D3E-0000-4ABC-8DEF-0123456789AB"),
    ],
)
def test_a_mac_has_no_separators_and_a_phones_uuid_stays(mac: str, spelling: str) -> None:
    assert device_block(Device(ip="192.168.1.10", mac=mac))["macAddr"] == spelling


def test_a_request_id_is_twenty_characters_and_never_the_same() -> None:
    ids = {new_request_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert {len(each) for each in ids} == {20}
    assert all(each.isascii() and each.isalnum() for each in ids)
