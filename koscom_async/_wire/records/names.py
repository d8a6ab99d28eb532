"""The wire's names as data: for each record, by its name, the spellings of each attribute. Imports no record.

An attribute's first name is the spelling of the documents' examples; the others are spellings of their tables, or were
seen. A record that a program never reads is not imported for its names.
"""

from collections.abc import Mapping

WireNames = Mapping[str, tuple[str, ...]]

_AMOUNTS: WireNames = {
    "cost": ("valAtTrade",),
    "value": ("valAtCur", "valueAtCur"),
    "profit_loss": ("proLoss",),
    "return_rate": ("earningRate",),
    # The account service's tables have no currency; the discretionary service's name for it is taken.
    "currency": ("crcyCode",),
    "rate": ("currencyRate",),
    "loan": ("loanCreditAmt",),
}

# The portfolio's number is a share or a quantity; the example has one name for both.
_NUMBERS: WireNames = {"number": ("qty",), "return_rate": ("earningRate",)}

_WHOSE: WireNames = {"account_number": ("accNo",), "holder": ("accName",)}
_WHERE: WireNames = {"exchange": ("exchange",), "currency": ("crcyCode",)}

WIRE_NAMES: Mapping[str, WireNames] = {
    # The account service.
    "BalanceSummary": {
        "cash": ("cashBalance",),
        "cash_d1": ("d1",),
        "cash_d2": ("d2",),
        "substitute": ("substitute", "substiture"),
        "receivable": ("receivable",),
        "substitute_margin": ("subsMargin",),
        "loan": ("loanCredit",),
        "cost": ("valAtTrade",),
        "value": ("valueAtCur", "valAtCur"),
        "profit_loss": ("proLoss",),
        "total_value": ("totalAccVal",),
        "withdrawable": ("cashAvWithdraw",),
    },
    "EquityRow": {
        "product": ("assetType",),
        "product_type": ("productType",),
        "code": ("isinCode",),
        "name": ("productName",),
        "quantity": ("qty",),
        "trade_type": ("tradeType",),
        **_AMOUNTS,
    },
    "FundRow": {
        "product": ("assetType",),
        "fund_type": ("fundType",),
        "code": ("fundCode",),
        "name": ("fundName",),
        "quantity": ("qty",),
        "trade_type": ("tradeType",),
        "first_bought_on": ("firstDateBuy",),
        "last_bought_on": ("lastDateBuy",),
        "matures_on": ("maturity",),
        **_AMOUNTS,
    },
    "OtherRow": {
        "product": ("assetType",),
        "code": ("isinCode",),
        "name": ("assetName",),
        "quantity": ("qty",),
        "trade_type": ("tradeType",),
        **_AMOUNTS,
    },
    "PortfolioCash": {"number": ("amt",)},
    "PortfolioEquity": {
        "product": ("assetType",),
        "code": ("isinCode",),
        # Not in the tables; the balance's name for it is taken.
        "name": ("productName",),
        **_NUMBERS,
    },
    "PortfolioFund": {
        "product": ("assetType",),
        "code": ("fundCode",),
        "name": ("fundName",),
        "matures_on": ("maturity",),
        **_NUMBERS,
    },
    "PortfolioOther": {
        "product": ("assetType",),
        "code": ("isinCode",),
        "name": ("assetName",),
        **_NUMBERS,
    },
    "Transaction": {
        "on": ("transDate",),
        "type": ("transType",),
        "code": ("isinCode",),
        "amount_change": ("changeAmt",),
        "quantity_change": ("changeQty",),
        "quantity_after": ("qty",),
    },
    "WatchGroup": {
        "name": ("groupName",),
        "modified_on": ("modifyDate",),
        "symbols": ("isinCode",),
    },
    # The discretionary service.
    "DiscretionaryAccount": {
        "number": ("accNo",),
        "holder": ("accName",),
        "virtual_number": ("virtualAccNo", "vtAccNo"),
        "status": ("contractStatus",),
    },
    "DiscretionaryCash": {
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
    "DiscretionaryRow": {
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
    "DiscretionaryOrder": {
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
    "Execution": {
        "quantity": ("execQty",),
        "price": ("execPrice",),
        "number": ("execNo",),
        "executed_at": ("execTime",),
    },
    "DiscretionarySettlement": {
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
    "DiscretionaryTrade": {
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
    "InstrumentCode": {"kind": ("isinType",), "code": ("isinCode",), "name": ("isinName",)},
    "Cost": {"name": ("costName",), "amount": ("cost",)},
}

NOT_IN_SUMS = frozenset(
    {"profit_loss", "return_rate", "first_bought_on", "last_bought_on", "matures_on", "modified_on"}
)
"""The attributes of rows that no sum, no identity and no echo uses: one that cannot be read is absent, and noted.

A profit is one of them: positions have the difference of value and cost, and the broker's own stays with its lot.
"""

LIST_NAMES: Mapping[str, str] = {"codes": "isinInfo", "costs": "costInfo", "executions": "execList"}
"""The lists inside a row of the discretionary service: attribute and wire name."""
