"""The discretionary service's echoes: whose rows these are, and to which query.

Of the account a wrong echo is refused, wherever it stands. Of the query the documents' own examples echo other dates
and product codes, so only another asset class is refused, and the rest is noted.
"""

from collections.abc import Iterator, Mapping, Sequence

from koscom_async._slices import Slices, sliced
from koscom_async._wire.scalars import is_absent, read_text
from koscom_async._wire.shapes import Block, read_field, read_object
from koscom_async._wire.slices import SLICE_ROWS
from koscom_async.errors import ResponseMismatchError
from koscom_async.models.codes import AssetClass

_CLASSES = {AssetClass.EQUITY.value, AssetClass.FUND.value, AssetClass.OTHER.value}
_QUERIES = ("queryParameter", "queryParams", "queryPrams", "queryType")
# What is compared, in words that a note may say.
_COMPARED = {
    "qrSellBuyType": "side",
    "qrOrderDate": "order date",
    "qrFromDate": "first date",
    "qrToDate": "last date",
    "qrIsinCode": "instrument",
    "qrOrderNo": "order number",
}


def check_account_number(body: Block, rows: list[tuple[str, Block]], number: str) -> Slices[list[str]]:
    """Raise if the answer, or any row of it, is about another account; return notes on what was not said."""
    echoes = {read_field(read_object(body.get(name), name), "qrAccNo", read_text, name) for name in _QUERIES}
    for some in sliced(rows, count=SLICE_ROWS):
        echoes.update(_numbers(some))
        yield
    echoes.discard(None)
    if any(echo is not None and _bare(echo) != _bare(number) for echo in echoes):
        raise ResponseMismatchError("the answer is about another account")
    return [] if echoes else ["the broker did not echo the account number"]


def _numbers(rows: Sequence[tuple[str, Block]]) -> Iterator[str | None]:
    for path, row in rows:
        yield read_field(row, "accNo", read_text, path)
        info = read_object(row.get("accInfo"), f"{path}.accInfo")
        yield read_field(info, "accNo", read_text, f"{path}.accInfo")


def _bare(number: str) -> str:
    # Brokers show an account with dashes and take it without.
    return number.replace("-", "").replace(" ", "")


def check_query(body: Block, query: Mapping[str, object]) -> list[str]:
    """Raise if the answer is about another asset class; return notes on other echoes that differ."""
    echoed: dict[str, object] = {}
    for name in _QUERIES:
        echoed.update(read_object(body.get(name), name))
    asked = query.get("qrAssetType")
    answered = read_field(echoed, "qrAssetType", read_text, "queryParameter")
    if asked in _CLASSES and answered in _CLASSES and asked != answered:
        raise ResponseMismatchError(f"asked for {asked}, answered about {answered}")
    return [
        f"the broker echoed another {word}"
        for name, word in _COMPARED.items()
        if _differs(name, query, echoed)
    ]


def _differs(name: str, query: Mapping[str, object], echoed: Block) -> bool:
    echo = read_field(echoed, name, read_text, "queryParameter")
    return echo is not None and not is_absent(query.get(name)) and echo != query[name]
