"""Any record as JSON-ready data."""

import json
from datetime import UTC, date, datetime
from decimal import Context, Decimal, localcontext

import pytest
from attrs import evolve

from koscom_async import (
    AssetClass,
    Device,
    Investor,
    Product,
    QuotaExceededError,
    Settings,
    Token,
    VirtualAccount,
)
from koscom_async.brokers import BROKERS
from koscom_async.export.rows import plain


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("3.69827563509E11"), "369827563509"),
        (Decimal("1.0E10"), "10000000000"),
        (Decimal("1E-7"), "0.0000001"),
        (Decimal("-12.90"), "-12.90"),
        (Decimal("1234567890123456789012345678901234.5678901234567890123456789012345678"),) * 2,
        (AssetClass.OTHER, "ETC"),
        (Product("a code of tomorrow"), "a code of tomorrow"),
        (date(2026, 3, 2), "2026-03-02"),
        (datetime(2026, 3, 2, 9, 30, tzinfo=UTC), "2026-03-02T09:30:00+00:00"),
        (None, None),
        (True, True),
        (7, 7),
        ("글", "글"),
        ((1, [Decimal(2)]), [1, ["2"]]),
        ({"key": Decimal(1)}, {"key": "1"}),
    ],
)
def test_values_become_what_json_can_hold(value, expected):
    with localcontext(Context(prec=3)):
        written = plain(value)
    expected = str(expected) if isinstance(expected, Decimal) else expected
    assert written == expected
    assert type(written) is type(expected)


def test_a_record_is_its_fields_with_the_masked_masked_and_the_omitted_left_out():
    account = VirtualAccount(
        broker=BROKERS[0], number="160646584478700099", alias=None, endpoint="https://a.example"
    )
    assert plain(account) == {
        "broker": {"code": "00002", "short_name": "shinhan", "name": "Shinhan", "name_ko": "신한금융투자"},
        "number": "1606…0099",
        "alias": None,
    }


def test_what_a_repr_hides_stays_hidden():
    token = Token(access="marked-access", refresh="marked-refresh")
    device = Device(ip="123.45.12.34", mac="70:54:D2:7E:E2:47")
    investor = Investor(ci=f"{'x' * 86}==", name="홍길동", token=token, device=device)
    settings = Settings(
        base_url="http://127.0.0.1:1",
        api_key="marked-key",
        api_secret="marked-secret",
        com_id="F9999",
        srv_id="S9999",
    )
    for record in (investor, settings):
        written = json.dumps(plain(record), ensure_ascii=False)
        for secret in ("marked", "123.45", "70:54", investor.ci, investor.name):
            assert secret not in written, (type(record), secret)
    assert plain(evolve(token, refresh=None)) == plain(token) | {"access": "***", "refresh": None}


def test_an_error_is_its_kind_and_its_facts():
    error = QuotaExceededError("spent", resets_at=datetime(2026, 3, 3, tzinfo=UTC), code="429", broker="star")
    written = plain(error)
    assert (written["type"], written["code"], written["broker"]) == ("QuotaExceededError", "429", "star")
    assert written["resets_at"] == "2026-03-03T00:00:00+00:00"
    assert set(written) == {
        "type",
        "code",
        "category",
        "broker",
        "endpoint",
        "account",
        "retriable",
        "attempts",
        "message",
        "advice",
        "resets_at",
    }


def test_what_has_no_plain_form_is_refused_by_its_kind():
    with pytest.raises(TypeError, match="object has no plain form"):
        plain(object())
