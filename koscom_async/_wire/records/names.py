"""The discretionary service's wire names, as tables: attribute, the examples' spelling, other spellings."""

from collections.abc import Mapping

from koscom_async.models.discretionary.account import DiscretionaryAccount
from koscom_async.models.discretionary.balance import DiscretionaryCash, DiscretionaryRow
from koscom_async.models.discretionary.codes import Cost, InstrumentCode
from koscom_async.models.discretionary.orders import DiscretionaryOrder, Execution
from koscom_async.models.discretionary.settlements import DiscretionarySettlement, DiscretionaryTrade
from koscom_async.models.portfolio import PortfolioCash, PortfolioEquity, PortfolioFund, PortfolioOther
from koscom_async.models.transactions import Transaction
from koscom_async.models.watchlist import WatchGroup

# The wire names of the account service's other records: portfolio, transactions, watchlist. Data only.
#
# A field's first name is the examples' spelling, the others are the tables'.

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


_WHOSE = {"account_number": ("accNo",), "holder": ("accName",)}
_WHERE = {"exchange": ("exchange",), "currency": ("crcyCode",)}

DISCRETIONARY_NAMES: Mapping[type, Mapping[str, tuple[str, ...]]] = {
    DiscretionaryAccount: {
        "number": ("accNo",),
        "holder": ("accName",),
        "virtual_number": ("virtualAccNo", "vtAccNo"),
        "status": ("contractStatus",),
    },
    DiscretionaryCash: {
        "code": ("crcyCode",),
        "balance": ("cashBalance",),
        "margin": ("margin",),
        "substitute": ("substitute", "substiture"),
        "receivable": ("receivable",),
        "credit": ("totCreditAmt",),
        "loan": ("totLoanAmt", "totlLoanAmt"),
        "value": ("valAtCur", "valueAtCur"),
        "withdrawable": ("cashAvWithdraw",),
    },
    DiscretionaryRow: {
        "product": ("assetType",),
        **_WHERE,
        "loan_type": ("loanCreditType",),
        "loan": ("loanCreditAmt",),
        "quantity": ("qty",),
        "cost": ("valAtTrade",),
        "value": ("valAtCur", "valueAtCur"),
        "profit_loss": ("proLoss",),
        "return_rate": ("earningRate",),
        "last_bought_on": ("lastBuyDate",),
        "matures_on": ("maturity",),
        "foreign_deposit": ("foreignDeposit",),
        "won_deposit": ("wonDeposit",),
        "rate": ("currencyRate",),
    },
    DiscretionaryOrder: {
        **_WHOSE,
        "amendment": ("modifyType",),
        "cancellation": ("cancelType",),
        "number": ("orderNo",),
        "original_number": ("orgOrderNo",),
        "side": ("sellBuyType",),
        "order_type": ("orderType",),
        **_WHERE,
        "quantity": ("orderQty",),
        "price": ("orderPrice",),
        "executed_quantity": ("execSumQty",),
        "state": ("orderExecType",),
        "commission_type": ("cmsnType",),
        "settlement_days": ("settDays",),
        "buy_unit": ("buyQtyUnit",),
        "sell_unit": ("sellQtyUnit",),
        "ordered_at": ("orderTime",),
        "rejection": ("orderRejectReason",),
    },
    Execution: {
        "quantity": ("execQty",),
        "price": ("execPrice",),
        "number": ("execNo",),
        "executed_at": ("execTime",),
    },
    DiscretionarySettlement: {
        **_WHOSE,
        "side": ("sellBuyType",),
        **_WHERE,
        "quantity": ("settQty",),
        "amount": ("settAmt",),
        "trade_type": ("tradeType",),
        "loan_date": ("loanCreditDate",),
        "loan": ("loanCreditAmt",),
        "settles_on": ("settDate",),
        "cost_total": ("costTotal",),
    },
    DiscretionaryTrade: {
        **_WHOSE,
        "traded_on": ("transDate",),
        "kind": ("transType",),
        "amount_change": ("changeAmt",),
        "quantity_change": ("changeQty",),
        "quantity": ("qty",),
        "cash": ("amt",),
        **_WHERE,
        "subject": ("subject",),
        "summary": ("summary",),
    },
    InstrumentCode: {"kind": ("isinType",), "code": ("isinCode",), "name": ("isinName",)},
    Cost: {"name": ("costName",), "amount": ("cost",)},
}

INNER_NAMES: Mapping[str, tuple[str, type]] = {
    "codes": ("isinInfo", InstrumentCode),
    "costs": ("costInfo", Cost),
    "executions": ("execList", Execution),
}
"""The lists that stand inside a row: attribute, wire name, record."""
