"""What was accepted can be kept: every answer goes through JSON, pickle, copies, frames, tables and pages unharmed."""

import copy
import json
import pickle

import pytest
from hypothesis import example, given, settings

from koscom_async import AccountOutcome, Balance, Holdings
from koscom_async._merge import merge
from koscom_async._wire.json import core, fast
from koscom_async._wire.json.walk import MAX_DEPTH
from koscom_async.cli.output import encode, text_of
from koscom_async.cli.views.positions import csv_text
from koscom_async.cli.views.report import report
from koscom_async.errors import MalformedResponseError
from tests.merge.accounts import NOW, STAR, account
from tests.wire.json_texts import values
from tests.wire.recorded import ACCOUNT, REQUEST_ID, read_balance

LEVELS_ABOVE = 5
"""The objects and lists around what stands in a row."""


def body_of(unread):
    row = {
        "assetType": "KSP",
        "isinCode": "KR7005930003",
        "productName": "삼성전자",
        "qty": 1,
        "valAtCur": 8.0,
    }
    document = {
        "commonHeader": {"reqIdConsumer": REQUEST_ID},
        "accInfo": {"vtAccNo": ACCOUNT},
        "balanceResponseBody": {"queryResult": {"totalCnt": 2, "unread": unread}},
        "balanceList": {
            "balance": {
                "summary": {"cashBalance": 1, "unread": unread},
                "equityList": [row | {"unread": unread, "$decimal": "1"}, row | {"isinCode": None}],
            }
        },
    }
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")


def holdings_of(body, read):
    page = read_balance(read(body))
    balance = Balance(account=account(STAR), summary=page.summary, equities=page.rows, notes=page.notes)
    return merge([AccountOutcome(account=account(STAR), balance=balance, as_of=NOW)], as_of=NOW)


def raws(holdings):
    """Every row as it came, with the types of its values."""
    balance = holdings.outcomes[0].balance
    rows = [
        *(lot for position in holdings.positions for lot in position.lots),
        *balance.rows,
        balance.summary,
    ]
    return [repr(row.raw).replace("OddNumber", "Decimal") for row in rows]


def nested(depth):
    value = "\ud83d"
    for level in range(depth):
        value = [value] if level % 2 else {"$decimal": value}
    return value


@settings(max_examples=12)
@given(unread=values)
@example(unread=nested(MAX_DEPTH - LEVELS_ABOVE))
@example(unread={"$decimal": "1", "$datetime": "2026-01-01", "$": [{"$$decimal": 1}, {"$decimal": 1.0}]})
@example(unread=["\ud83d", "\ude00\ud83d", {"\udfff": 10**400}, 1e300, "\ud83d\ude00", "\u2028\x9b31m"])
def test_every_accepted_answer_can_be_kept_and_shown(unread):
    body = body_of(unread)
    for read in (core.read_json, fast.read_json):
        holdings = holdings_of(body, read)
        text = holdings.to_json()
        again = Holdings.from_json(text.encode().decode())
        assert raws(again) == raws(holdings)
        assert (again.positions, again.outcomes) == (holdings.positions, holdings.outcomes)
        assert again.to_json() == text
        for same in (pickle.loads(pickle.dumps(holdings)), copy.deepcopy(holdings)):  # noqa: S301  # our own bytes
            assert same == holdings
            assert raws(same) == raws(holdings)
        shown = [
            json.dumps(holdings.to_dicts(), ensure_ascii=False),
            holdings.to_html(),
            csv_text(holdings, with_lots=True),
            text_of(report(holdings, with_lots=True)),
            *map(str, holdings.explain(holdings.positions[0]).lines),
        ]
        for each in shown:
            encode(each)
        assert holdings.to_polars("lots").height == len(holdings.to_pandas("lots")) == 2


def test_what_is_nested_one_level_deeper_is_refused_with_the_reason():
    body = body_of(nested(MAX_DEPTH - LEVELS_ABOVE + 1))
    for read in (core.read_json, fast.read_json):
        with pytest.raises(MalformedResponseError, match="nested more than 64 levels deep"):
            holdings_of(body, read)
