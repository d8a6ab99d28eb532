"""Recorded bodies, and the platform's spellings of nothing, for every test of the wire."""

import json
from pathlib import Path
from typing import Any

from koscom_async._wire.account import BalancePage, BalanceReader
from koscom_async._wire.envelope import Question
from koscom_async._wire.json.core import read_json
from koscom_async.models.codes import AssetClass
from tests.loops import each

BODIES = Path(__file__).parent / "bodies"

ACCOUNT = "160678007213500001"
REQUEST_ID = "ID00002"

ABSENT_VALUES = (None, "null", "", "   ", " null ")
MISSING = object()
"""Stands for a key that is not there."""

each_absent = each("absent", [MISSING, *ABSENT_VALUES])


def recorded(case: str, name: str = "answer.json") -> bytes:
    return (BODIES / case / name).read_bytes()


def sent(case: str) -> Any:
    """The request of a recorded exchange, as plain Python values."""
    return json.loads(recorded(case, "request.json"))


def answer(case: str = "balance_all", name: str = "answer.json") -> Any:
    """A fresh copy of a recorded answer, as the client parses it."""
    return read_json(recorded(case, name))


def with_value(block: Any, key: str, value: object) -> None:
    """Put a value in a block, or take the key out of it."""
    if value is MISSING:
        block.pop(key, None)
    else:
        block[key] = value


def read_balance(
    document: object,
    *,
    asset_class: AssetClass = AssetClass.ALL,
    account: str = ACCOUNT,
    request_id: str = REQUEST_ID,
    strict: bool = True,
) -> BalancePage:
    question = Question(account_number=account, request_id=request_id, strict_request_id=strict)
    return BalanceReader(question=question, asset_class=asset_class)(document)
