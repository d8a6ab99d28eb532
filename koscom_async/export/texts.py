"""Foreign text in one clean line, and the words for accounts, brokers and kinds that every view shares."""

import re
from collections.abc import Mapping

from koscom_async._masking import clean
from koscom_async._record import counted
from koscom_async.models.gathered import PortfolioPosition
from koscom_async.models.member import VirtualAccount
from koscom_async.models.positions import Instrument, Position

__all__ = [
    "CLASSES",
    "account_name",
    "broker_name",
    "brokers_of",
    "clean",
    "counted",
    "escaped_halves",
    "kind",
    "product_word",
    "trade_type_word",
]

_KINDS: Mapping[str, str] = {
    "KSP": "KOSPI",
    "KDQ": "KOSDAQ",
    "FUT": "Future",
    "OPT": "Option",
    "ETC": "Other",
    "BOND": "Bond",
    "STB": "Corp. bond",
    "RP": "Repo",
    "CRP": "Term repo",
    "RRP": "Demand repo",
    "WRT": "Warrant",
}
CLASSES: Mapping[str, str] = {"EQTY": "Equity", "FUND": "Fund", "ETC": "Other", "CASH": "Cash"}
_TRADE_TYPES: Mapping[str, str] = {"CRD": "on margin", "LOAN": "on loan"}


_HALVES = re.compile("[\ud800-\udfff]")


def escaped_halves(json_text: str) -> str:
    """Return JSON text that can be encoded: half a character (a lone surrogate) is escaped, as JSON has it."""
    return _HALVES.sub(lambda found: f"\\u{ord(found[0]):04x}", json_text)


def broker_name(account: VirtualAccount) -> str:
    """Return the broker's Korean name, or its short one where the registry does not know it."""
    return clean(account.broker.name_ko or account.broker.short_name)


def account_name(account: VirtualAccount) -> str:
    """Return broker and masked number."""
    return f"{broker_name(account)} {clean(account.masked_number)}"


def kind(instrument: Instrument | PortfolioPosition) -> str:
    """Return product or asset class in a word; a code that no document lists stands for itself."""
    if instrument.product is not None:
        return product_word(str(instrument.product))
    asset_class = str(instrument.asset_class)
    return CLASSES.get(asset_class, asset_class)


def product_word(product: str) -> str:
    """Return a product's code in a word."""
    return _KINDS.get(product, product)


def trade_type_word(trade_type: object) -> str:
    """Return how a lot is held where that is out of the ordinary, and nothing otherwise."""
    return _TRADE_TYPES.get(str(trade_type), "")


def brokers_of(position: Position) -> list[VirtualAccount]:
    """Return one account of each broker that holds it, in the order of the lots."""
    return list({lot.account.broker.short_name: lot.account for lot in reversed(position.lots)}.values())[
        ::-1
    ]
