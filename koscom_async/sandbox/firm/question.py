"""Reads what a firm asks, and refuses what the message standard of the discretionary service does not allow."""

import re
from datetime import date

from attrs import field, frozen

from koscom_async.sandbox.question import Block, Paged, read_firm_question
from koscom_async.sandbox.reply import refused

CLASSES = ("EQTY", "FUND", "ETC")
SIDES = ("0", "1", "2")
NUMBER_LENGTH = 20
_DAY = re.compile(r"\d{8}")


@frozen(kw_only=True)
class FirmQuestion:
    """One question; `None` is what was not asked for."""

    request_id: str
    paged: Paged
    account: str = field(default="", repr=False)
    asset_class: str = ""
    side: str = "0"
    day: date | None = None
    isin: str | None = None
    order_number: str | None = None
    since: date | None = None
    until: date | None = None
    echo: dict[str, object] = field(factory=dict, repr=False)


def read_question(message: Block, *, broker: str, body_block: str, fields: tuple[str, ...]) -> FirmQuestion:
    """Check a message and return what it asks; `fields` are those that its endpoint has."""
    request_id, paged = read_firm_question(message, body_block=body_block)
    query = message.block(body_block).block("queryParameter")
    question = FirmQuestion(
        request_id=request_id,
        paged=paged,
        account=query.text("qrAccNo", longest=NUMBER_LENGTH) if "qrAccNo" in fields else "",
        asset_class=query.text("qrAssetType") if "qrAssetType" in fields else "",
        side=query.text("qrSellBuyType") if "qrSellBuyType" in fields else "0",
        day=_day(query, "qrOrderDate", broker),
        isin=_optional(query, "qrIsinCode"),
        order_number=_optional(query, "qrOrderNo"),
        since=_day(query, "qrFromDate", broker),
        until=_day(query, "qrToDate", broker),
        echo=dict(query.values),
    )
    _check(question, broker, fields)
    return question


def _check(question: FirmQuestion, broker: str, fields: tuple[str, ...]) -> None:
    if "qrAssetType" in fields and question.asset_class not in CLASSES:
        raise refused("6001", broker=broker)
    if question.side not in SIDES:
        raise refused("6008", broker=broker)
    if "qrFromDate" in fields:
        if question.since is None or question.until is None:
            raise refused("3003", description="qrFromDate, qrToDate")
        if question.since > question.until:
            raise refused("7000", broker=broker, description="qrFromDate is after qrToDate")


def _optional(query: Block, name: str) -> str | None:
    value = query.values.get(name)
    return None if value in {None, "", "null"} else query.text(name)


def _day(query: Block, name: str, broker: str) -> date | None:
    text = _optional(query, name)
    if text is None:
        return None
    try:
        if _DAY.fullmatch(text):
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        pass
    raise refused("7000", broker=broker, description=f"{name} is no date")
