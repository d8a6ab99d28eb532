"""`holdings.to_dicts()`: everything as JSON can hold it, by the public names, and exact."""

import json
import pickle
from decimal import Decimal

import pytest

from koscom_async import Holdings
from tests.client.fake_gateway import Book, FakeGateway, cash, link, refusal, share

BIG = 369827563509


@pytest.fixture
async def dicts(investor):
    gateway = FakeGateway(
        {
            "diamond": Book({"EQTY": [share(quantity=0.1, cost=BIG, value=389165300498)]}, cash(6976542)),
            "star": lambda _: refusal("3600", 503, "op-exco"),
        },
        linked=[link("diamond", vtAccAlias="노후 자금"), link("star")],
    )
    async with gateway.client() as koscom:
        holdings = await koscom.holdings(investor)
    assert isinstance(holdings, Holdings)
    return json.loads(json.dumps(holdings.to_dicts(), allow_nan=False))


async def test_it_has_the_public_names(dicts):
    assert set(dicts) == {
        "complete",
        "as_of",
        "consent_expires_on",
        "totals",
        "foreign_totals",
        "positions",
        "cash",
        "outcomes",
        "failures",
        "reconciliation",
        "doubts",
    }
    position = dicts["positions"][0]
    assert set(position) == {
        "instrument",
        "quantity",
        "cost",
        "value",
        "profit_loss",
        "return_pct",
        "weight",
        "value_in_won",
        "credit_value",
        "loan",
        "matched_by",
        "lots",
    }
    assert position["instrument"] == {
        "asset_class": "EQTY",
        "product": "KSP",
        "code": "KR7005930003",
        "isin": "KR7005930003",
        "other_codes": [],
        "other_names": [],
        "name": None,
        "currency": "KRW",
    }


async def test_amounts_are_exact_text_and_the_unknown_is_null(dicts):
    position = dicts["positions"][0]
    assert (position["quantity"], position["cost"], position["value"]) == ("0.1", str(BIG), "389165300498")
    assert position["return_pct"] == "5.22"
    assert dicts["totals"]["net_worth"] == "389172277040"
    assert Decimal(dicts["totals"]["net_worth"]) == 389165300498 + 6976542
    assert dicts["totals"]["reported_value"] is None
    assert dicts["cash"][0]["balance_d1"] is None


async def test_a_lot_names_its_account_with_the_number_masked(dicts):
    lot = dicts["positions"][0]["lots"][0]
    assert lot["account"] == {
        "broker": {
            "code": "00992",
            "short_name": "diamond",
            "name": "Diamond (virtual)",
            "name_ko": "다이아몬드 증권",
        },
        "number": "1606…0099",
        "alias": "노후 자금",
    }
    assert (lot["trade_type"], lot["quantity"], lot["profit_loss"]) == ("NRM", "0.1", None)
    assert "raw" not in lot


async def test_a_failure_says_what_who_and_what_to_do(dicts):
    assert dicts["complete"] is False
    (failure,) = dicts["failures"]
    assert failure["account"]["number"] == "1606…0099"
    assert failure["ok"] is False
    assert failure["error"] == {
        "type": "BrokerUnavailableError",
        "code": "3600",
        "category": "op-exco",
        "broker": "star",
        "endpoint": "account.balance",
        "account": "1606…0099",
        "retriable": True,
        "attempts": 1,
        "message": "broker server cannot serve (금투사 서비스 불가)",
        "advice": "the broker is down: ask again later",
    }
    assert [(each["ok"], each["error"] is None) for each in dicts["outcomes"]] == [
        (True, True),
        (False, False),
    ]


async def test_holdings_go_through_a_process_border_whole(gateway, investor):
    async with gateway.client() as koscom:
        holdings = await koscom.holdings(investor)
    again = pickle.loads(pickle.dumps(holdings))  # noqa: S301  # our own bytes
    assert again == holdings
    assert again.to_dicts() == holdings.to_dicts()


async def test_times_are_iso_text_of_korea(dicts):
    assert dicts["as_of"].endswith("+09:00")
    assert all(
        each["as_of"].endswith("+09:00") and each["as_of"] >= dicts["as_of"] for each in dicts["outcomes"]
    )


async def test_the_trace_and_the_reconciliation_are_there(dicts):
    trace = dicts["outcomes"][0]["trace"]
    assert (trace["calls"], trace["retries"], trace["pages"], trace["notes"]) == (1, 0, 1, [])
    (line,) = dicts["reconciliation"]
    assert (line["rows"], line["rows_value"], line["agrees"], line["missing"]) == (
        1,
        "389165300498",
        False,
        [],
    )
