"""What both peers need of the wire, written as their users would: bodies, headers, and records read with plain cattrs.

They are given a reader that knows every shape the sandbox's brokers answer in, so that nothing but their algorithms
tells them apart from ours: without it each would fail at the first broker of the older standard.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from attrs import frozen
from cattrs import Converter
from peer_answer import Held

from koscom_async import Investor, Settings

CONSENT = "/v1/common/member/consent/search"
CLASSES = ("CASH", "EQTY", "FUND", "ETC")
SUPPORT_ALL = frozenset({"diamond"})
"""The brokers of which the operator knows that they answer `ALL`."""

FIRST_PAGE, LAST_PAGES = "null", (None, "", "null")
_LISTS = {"equityList": "EQTY", "fundList": "FUND", "etcList": "ETC"}


@frozen
class Linked:
    """An account from the list of consent."""

    vtAccNo: str  # noqa: N815  # as it comes
    vtAccAlias: str  # noqa: N815


@frozen
class WireRow:
    """One row of any list, with the fields by which it is known and counted."""

    isinCode: str | None = None  # noqa: N815
    fundCode: str | None = None  # noqa: N815
    assetName: str | None = None  # noqa: N815
    qty: Decimal | None = None
    valAtTrade: Decimal | None = None  # noqa: N815
    valAtCur: Decimal | None = None  # noqa: N815
    valueAtCur: Decimal | None = None  # noqa: N815
    proLoss: Decimal | None = None  # noqa: N815
    earningRate: Decimal | None = None  # noqa: N815


@frozen
class Page:
    """One page: its rows, and the key of the next (`None` at the end)."""

    rows: list[Held]
    next_page: str | None


def _text(value: Any, _: type) -> str:
    return str(value).strip()


def _amount(value: Any, _: type) -> Decimal:
    return Decimal(value.strip() if isinstance(value, str) else value)


CONVERTER = Converter()
CONVERTER.register_structure_hook(str, _text)
CONVERTER.register_structure_hook(Decimal, _amount)


def read_linked(body: bytes) -> list[Linked]:
    """Return the linked accounts."""
    return CONVERTER.structure(json.loads(body)["vtAccList"], list[Linked])


def read_page(body: bytes) -> Page:
    """Return the rows of a page."""
    document = json.loads(body, parse_float=Decimal)
    if document.get("resp", {}).get("respCode", "200") != "200":
        raise ValueError(document["resp"]["respMsg"])
    balance = document.get("balanceList", {}).get("balance") or {}
    blocks = balance if isinstance(balance, list) else [balance]
    page = document["balanceResponseBody"]["queryResult"].get("page")
    return Page([row for block in blocks for row in _rows(block)], None if page in LAST_PAGES else str(page))


def _rows(block: dict[str, Any]) -> Iterator[Held]:
    for name, asset_class in _LISTS.items():
        entries = block.get(name)
        entries = [entries] if isinstance(entries, dict) else entries
        for entry in entries if isinstance(entries, list) else []:
            there = {key: value for key, value in entry.items() if value not in (None, "", "null")}
            row = CONVERTER.structure(there, WireRow)
            code = row.isinCode or row.fundCode
            value = row.valAtCur if row.valAtCur is not None else row.valueAtCur
            yield Held((asset_class, code, None if code else row.assetName), row.qty, value)


def member_body(settings: Settings, investor: Investor, request_id: str) -> dict[str, Any]:
    """Return the question for the linked accounts."""
    return {
        "partner": {"comId": settings.com_id, "srvId": settings.srv_id},
        "commonHeader": {"reqIdPlatform": "", "reqIdConsumer": request_id, "ci": investor.ci},
        "body": {"korName": investor.name},
    }


def balance_body(  # noqa: PLR0917  # one datum each
    settings: Settings,
    investor: Investor,
    request_id: str,
    number: str,
    asset_class: str,
    count: int,
    page: str,
) -> dict[str, Any]:
    """Return the question for one page of an account's balance."""
    query = {"assetType": asset_class, "count": count, "page": page}
    return {
        "partner": {"comId": settings.com_id, "srvId": settings.srv_id},
        "commonHeader": {"reqIdPlatform": "", "reqIdConsumer": request_id, "ci": investor.ci},
        "devInfo": {"ipAddr": "192000002010", "macAddr": "00005E005301"},
        "accInfo": {"vtAccNo": number},
        "balanceRequestBody": {"queryType": query},
    }


def headers(settings: Settings, investor: Investor) -> dict[str, str]:
    """Return what says who asks."""
    access = investor.token.access if investor.token else ""
    return {"apikey": settings.api_key, "Authorization": f"Bearer {access}"}


def path_of(broker: str) -> str:
    """Return where a broker's balances are."""
    return f"/v1/{broker}/account/balance/search"
