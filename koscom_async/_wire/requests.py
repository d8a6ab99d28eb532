"""Bodies of the member and the account service's requests: the envelope, the device's spelling, the body blocks.

What is required and empty is `""`. Bodies of the discretionary service stand with its readers.
"""

import secrets
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from koscom_async._wire.values import PageKey
from koscom_async.models.codes import AssetClass, Measure, TransactionType
from koscom_async.models.investor import Device, Investor
from koscom_async.settings import Settings

FIRST_PAGE = "null"
"""The page key of a first request: the word, as text."""

BROKERS_CHOICE = 0
"""A `count` of 0 leaves the page size to the broker."""

_REQUEST_ID_BYTES = 10  # 20 characters in hexadecimal, as many as the platform takes


def new_request_id() -> str:
    """Return an id for one call."""
    return secrets.token_hex(_REQUEST_ID_BYTES)


def _partner(settings: Settings) -> dict[str, str]:
    return {"comId": settings.com_id, "srvId": settings.srv_id}


def _header(request_id: str, investor: Investor) -> dict[str, str]:
    return {"reqIdPlatform": "", "reqIdConsumer": request_id, "ci": investor.ci}


@lru_cache(maxsize=1024)
def device_block(device: Device) -> Mapping[str, str]:
    """Return `devInfo`: IPv4 as twelve digits, a MAC without separators; a phone's data as they are."""
    octets = device.ip.split(".")
    is_address = len(octets) == 4
    hardware = device.mac.replace(":", "").replace("-", "")
    is_mac = len(hardware) == 12
    return {
        "ipAddr": "".join(f"{int(octet):03d}" for octet in octets) if is_address else device.ip,
        "macAddr": hardware.upper() if is_mac else device.mac,
    }


def member_request(settings: Settings, investor: Investor, *, request_id: str) -> dict[str, Any]:
    """Return the body of both member endpoints."""
    return {
        "partner": _partner(settings),
        "commonHeader": _header(request_id, investor),
        "body": {"korName": investor.name},
    }


def account_request(
    settings: Settings,
    investor: Investor,
    *,
    request_id: str,
    account_number: str,
    block: str,
    content: Mapping[str, object],
) -> dict[str, Any]:
    """Return the body of an account endpoint, whose own block is named for it."""
    return {
        "partner": _partner(settings),
        "commonHeader": _header(request_id, investor),
        "devInfo": device_block(investor.device),
        "accInfo": {"vtAccNo": account_number},
        block: content,
    }


def balance_request(
    settings: Settings,
    investor: Investor,
    *,
    request_id: str,
    account_number: str,
    asset_class: AssetClass,
    page: PageKey | None,
) -> dict[str, Any]:
    """Return the body that asks for one page of one asset class."""
    query = {
        "assetType": asset_class.value,
        "count": BROKERS_CHOICE,
        "page": FIRST_PAGE if page is None else page,
    }
    return account_request(
        settings,
        investor,
        request_id=request_id,
        account_number=account_number,
        block="balanceRequestBody",
        content={"queryType": query},
    )


def portfolio_request(
    settings: Settings,
    investor: Investor,
    *,
    request_id: str,
    account_number: str,
    asset_class: AssetClass,
    measure: Measure,
    page: PageKey | None,
) -> dict[str, Any]:
    """Return the body that asks for one page of one asset class, as shares or as quantities."""
    query = {
        "assetType": asset_class.value,
        "rspType": measure.value,
        "count": BROKERS_CHOICE,
        "page": FIRST_PAGE if page is None else page,
    }
    return account_request(
        settings,
        investor,
        request_id=request_id,
        account_number=account_number,
        block="portfolioRequestBody",
        content={"queryType": query},
    )


def transactions_request(
    settings: Settings,
    investor: Investor,
    *,
    request_id: str,
    account_number: str,
    since: date,
    until: date,
    isin: str | None = None,
    side: TransactionType | None = None,
    page_size: int = BROKERS_CHOICE,
    page: PageKey | None = None,
) -> dict[str, Any]:
    """Return the body that asks for one page of a range of dates; here the example's first page is `""`."""
    query = {
        "fromDate": f"{since:%Y%m%d}",
        "toDate": f"{until:%Y%m%d}",
        "isinCode": isin or "",
        "side": "" if side is None else side.value,
        "count": page_size,
        "page": "" if page is None else page,
    }
    body = account_request(
        settings,
        investor,
        request_id=request_id,
        account_number=account_number,
        block="transactionHistoryRequestBody",
        content={"queryParams": query},
    )
    # The example of this endpoint alone names the real account, which a client does not know.
    return {**body, "accInfo": {"realAccNo": None, "vtAccNo": account_number}}


def watchlist_request(
    settings: Settings,
    investor: Investor,
    *,
    request_id: str,
    account_number: str,
    with_query: bool,
    page: PageKey | None,
) -> dict[str, Any]:
    """Return the body that asks for one page of the watchlist; only some brokers take a query block."""
    query = {
        "assetType": "",
        "rspType": None,
        "count": BROKERS_CHOICE,
        "page": "" if page is None else page,
        "totalCnt": 0,
    }
    return account_request(
        settings,
        investor,
        request_id=request_id,
        account_number=account_number,
        block="interestSymbolListRequestBody",
        content={"queryType": query} if with_query else {},
    )
