"""The wire names of the account service's other records: portfolio, transactions, watchlist. Data only.

A field's first name is the examples' spelling, the others are the tables'.
"""

from collections.abc import Mapping

from koscom_async.models.portfolio import PortfolioCash, PortfolioEquity, PortfolioFund, PortfolioOther
from koscom_async.models.transactions import Transaction
from koscom_async.models.watchlist import WatchGroup

_NUMBERS = {"number": ("qty",), "return_rate": ("earningRate",)}

ACCOUNT_FIELDS: Mapping[type, Mapping[str, tuple[str, ...]]] = {
    PortfolioCash: {"number": ("amt",)},
    PortfolioEquity: {
        "product": ("assetType",),
        "code": ("isinCode",),
        # Not in the tables; the balance's name for it is taken.
        "name": ("productName",),
        **_NUMBERS,
    },
    PortfolioFund: {
        "product": ("assetType",),
        "code": ("fundCode",),
        "name": ("fundName",),
        "matures_on": ("maturity",),
        **_NUMBERS,
    },
    PortfolioOther: {
        "product": ("assetType",),
        "code": ("isinCode",),
        "name": ("assetName",),
        **_NUMBERS,
    },
    Transaction: {
        "on": ("transDate",),
        "type": ("transType",),
        "code": ("isinCode",),
        "amount_change": ("changeAmt",),
        "quantity_change": ("changeQty",),
        "quantity_after": ("qty",),
    },
    WatchGroup: {
        "name": ("groupName",),
        "modified_on": ("modifyDate",),
        "symbols": ("isinCode",),
    },
}
