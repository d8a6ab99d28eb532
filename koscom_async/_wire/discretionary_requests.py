"""The discretionary service's request bodies: no investor, no device; what is optional and not given is null."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from koscom_async._wire.requests import BROKERS_CHOICE, FIRST_PAGE
from koscom_async.models.codes import AssetClass
from koscom_async.models.discretionary.codes import OrderSide
from koscom_async.settings import Settings

EVERY_SIDE = "0"


def firm_request(
    settings: Settings, *, request_id: str, block: str, query: Mapping[str, object]
) -> dict[str, Any]:
    """Return the body of a discretionary endpoint, whose own block is named for it."""
    return {
        "partner": {"comId": settings.com_id, "srvId": settings.srv_id},
        "commonHeader": {"reqIdConsumer": request_id},
        block: {"queryParameter": dict(query)},
    }


def accounts_query(page: str | None) -> dict[str, object]:
    """Return the question for one page of the firm's accounts."""
    return {"count": BROKERS_CHOICE, "page": page}


def balance_query(number: str, asset_class: AssetClass, page: str | None) -> dict[str, object]:
    """Return the question for one page of one asset class."""
    return {"qrAccNo": number, "qrAssetType": asset_class.value, "count": BROKERS_CHOICE, "page": page}


def orders_query(  # noqa: PLR0913  # each keyword is one datum of the question
    number: str,
    asset_class: AssetClass,
    page: str | None,
    *,
    side: OrderSide | None,
    on: date | None,
    code: str | None,
    order_number: str | None,
) -> dict[str, object]:
    """Return the question for one page of orders."""
    return {
        **settlements_query(number, asset_class, page, side=side, on=on, code=code),
        "qrOrderNo": order_number,
    }


def settlements_query(  # noqa: PLR0913  # as above
    number: str,
    asset_class: AssetClass,
    page: str | None,
    *,
    side: OrderSide | None,
    on: date | None,
    code: str | None,
) -> dict[str, object]:
    """Return the question for one page of settlements."""
    return {
        "qrAssetType": asset_class.value,
        "qrSellBuyType": EVERY_SIDE if side is None else side.value,
        "qrAccNo": number,
        "qrOrderDate": None if on is None else f"{on:%Y%m%d}",
        "qrIsinCode": code,
        "count": BROKERS_CHOICE,
        "page": page,
    }


def trades_query(number: str, page: str | None, *, since: date, until: date) -> dict[str, object]:
    """Return the question for one page of the trade book, whose first page is a word in the documents."""
    return {
        "qrAccNo": number,
        "qrFromDate": f"{since:%Y%m%d}",
        "qrToDate": f"{until:%Y%m%d}",
        "count": BROKERS_CHOICE,
        "page": FIRST_PAGE if page is None else page,
    }
