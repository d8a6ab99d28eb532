# Made by tests/catalogue/make.py; do not edit.
from collections.abc import Iterable
from datetime import date, time
from typing import Literal, Required, TypedDict, Unpack, overload

from koscom_async._services.catalogue.asker import Asker
from koscom_async.models.catalogue.answer import Answer
from koscom_async.models.catalogue.operation import Operation
from koscom_async.models.investor import Investor

class MarketExtraHoliday(TypedDict, total=False):
    nation: str | None

class MarketExtraNav(TypedDict, total=False):
    board: Literal["kospi", "kosdaq", "konex"] | None
    issue: Required[str]

class MarketExtraNavhistory(TypedDict, total=False):
    board: Literal["kospi", "kosdaq", "konex"] | None
    issue: Required[str]
    every: Literal["day", "week", "month"] | None
    since: Required[date | str]
    until: date | str | None

class MarketExtraPdf(TypedDict, total=False):
    board: Literal["kospi", "kosdaq", "konex"] | None
    issue: Required[str]

class MarketFuturesCloseprice(TypedDict, total=False):
    market: Required[str]
    issue: Required[str]

class MarketFuturesHistory(TypedDict, total=False):
    market: Required[str]
    issue: Required[str]
    every: Literal["day", "week", "month"] | None
    since: Required[date | str]
    until: date | str | None

class MarketFuturesIntraday(TypedDict, total=False):
    market: Required[str]
    issue: Required[str]
    every: Literal["10s", "1m", "10m"] | None
    since: Required[time | str]
    until: Required[time | str]
    on: date | str | None

class MarketFuturesLists(TypedDict, total=False):
    market: Required[str]

class MarketFuturesMarketInvestors(TypedDict, total=False):
    market: Required[str]

class MarketFuturesMaster(TypedDict, total=False):
    market: Required[str]
    issue: Required[str]

class MarketFuturesOrderbook(TypedDict, total=False):
    market: Required[str]
    issue: Required[str]

class MarketFuturesPrice(TypedDict, total=False):
    market: Required[str]
    issue: Required[str]

class MarketIndexCloseindex(TypedDict, total=False):
    market: Required[Literal["kospi", "kosdaq", "sector", "etc"]]
    index: Required[str]

class MarketIndexHistory(TypedDict, total=False):
    market: Required[Literal["kospi", "kosdaq", "sector", "etc"]]
    index: Required[str]
    every: Literal["day", "week", "month"] | None
    since: Required[date | str]
    until: date | str | None

class MarketIndexIndex(TypedDict, total=False):
    market: Required[Literal["kospi", "kosdaq", "sector", "etc"]]
    index: Required[str]

class MarketIndexIntraday(TypedDict, total=False):
    market: Required[Literal["kospi", "kosdaq", "sector", "etc"]]
    index: Required[str]
    every: Literal["10s", "1m", "10m"] | None
    since: Required[time | str]
    until: Required[time | str]
    on: date | str | None

class MarketIndexInvestors(TypedDict, total=False):
    market: Required[Literal["kospi", "kosdaq", "sector", "etc"]]
    index: Required[str]

class MarketIndexMarketcap(TypedDict, total=False):
    market: Required[Literal["kospi", "kosdaq", "sector", "etc"]]
    index: Required[str]

class MarketIndexProspectindex(TypedDict, total=False):
    market: Required[Literal["kospi", "kosdaq", "sector", "etc"]]
    index: Required[str]

class MarketMultiquoteAhtohlclists(TypedDict, total=False):
    board: Required[Literal["kospi", "kosdaq"]]

class MarketMultiquoteLists(TypedDict, total=False):
    board: Required[Literal["kospi", "kosdaq"]]

class MarketMultiquoteOhlclists(TypedDict, total=False):
    board: Required[Literal["kospi", "kosdaq"]]

class MarketMultiquoteOrderbook(TypedDict, total=False):
    board: Required[Literal["kospi", "kosdaq"]]
    codes: Required[Iterable[str]]

class MarketMultiquotePrice(TypedDict, total=False):
    board: Required[Literal["kospi", "kosdaq"]]
    codes: Required[Iterable[str]]

class MarketMultiquoteQuotelists(TypedDict, total=False):
    board: Required[Literal["kospi", "kosdaq"]]

class MarketOptionsCloseprice(TypedDict, total=False):
    market: Required[str]
    issue: Required[str]

class MarketOptionsHistory(TypedDict, total=False):
    market: Required[str]
    issue: Required[str]
    every: Literal["day", "week", "month"] | None
    since: Required[date | str]
    until: date | str | None

class MarketOptionsIntraday(TypedDict, total=False):
    market: Required[str]
    issue: Required[str]
    every: Literal["10s", "1m", "10m"] | None
    since: Required[time | str]
    until: Required[time | str]
    on: date | str | None

class MarketOptionsLists(TypedDict, total=False):
    market: Required[str]

class MarketOptionsMarketInvestors(TypedDict, total=False):
    market: Required[str]

class MarketOptionsMaster(TypedDict, total=False):
    market: Required[str]
    issue: Required[str]

class MarketOptionsOrderbook(TypedDict, total=False):
    market: Required[str]
    issue: Required[str]

class MarketOptionsPrice(TypedDict, total=False):
    market: Required[str]
    issue: Required[str]

class MarketStocksClosenav(TypedDict, total=False):
    board: Literal["kospi", "kosdaq", "konex"] | None
    issue: Required[str]

class MarketStocksCloseprice(TypedDict, total=False):
    board: Literal["kospi", "kosdaq", "konex"] | None
    issue: Required[str]

class MarketStocksForeignhistory(TypedDict, total=False):
    board: Literal["kospi", "kosdaq", "konex"] | None
    issue: Required[str]
    since: Required[date | str]
    until: date | str | None

class MarketStocksHistory(TypedDict, total=False):
    board: Literal["kospi", "kosdaq", "konex"] | None
    issue: Required[str]
    every: Literal["day", "week", "month"] | None
    since: Required[date | str]
    until: date | str | None

class MarketStocksIndex(TypedDict, total=False):
    board: Required[Literal["kospi", "kosdaq"]]

class MarketStocksIntraday(TypedDict, total=False):
    board: Literal["kospi", "kosdaq", "konex"] | None
    issue: Required[str]
    every: Literal["10s", "1m", "10m"] | None
    since: Required[time | str]
    until: Required[time | str]
    on: date | str | None

class MarketStocksInvestors(TypedDict, total=False):
    board: Literal["kospi", "kosdaq", "konex"] | None
    issue: Required[str]

class MarketStocksLists(TypedDict, total=False):
    board: Required[Literal["kospi", "kosdaq", "konex"]]

class MarketStocksMarketInvestors(TypedDict, total=False):
    board: Required[Literal["kospi", "kosdaq"]]

class MarketStocksMaster(TypedDict, total=False):
    board: Literal["kospi", "kosdaq", "konex"] | None
    issue: Required[str]

class MarketStocksOrderbook(TypedDict, total=False):
    board: Literal["kospi", "kosdaq", "konex"] | None
    issue: Required[str]

class MarketStocksPrice(TypedDict, total=False):
    board: Literal["kospi", "kosdaq", "konex"] | None
    issue: Required[str]

class MarketStocksSelectivemaster(TypedDict, total=False):
    board: Literal["kospi", "kosdaq", "konex"] | None
    issue: Required[str]
    fields: Required[Iterable[str]]

class MarketStocksShortsell(TypedDict, total=False):
    board: Literal["kospi", "kosdaq", "konex"] | None
    issue: Required[str]
    since: Required[date | str]
    until: date | str | None

class MarketStocksTraderanking(TypedDict, total=False):
    board: Literal["kospi", "kosdaq", "konex"] | None
    issue: Required[str]

class NiceCompanyShortOutline(TypedDict, total=False):
    bizno: str | None
    kiscode: str | None

class NiceFinancialRate(TypedDict, total=False):
    kiscode: Required[str]
    period: Literal["q1", "half", "q3", "year"] | None
    years: Literal["3", "5"] | None
    statement: Literal["separate", "consolidated"] | None
    settled: date | str | None

class NiceFinancialRateBaseDate(TypedDict, total=False):
    kiscode: Required[str]
    period: Required[Literal["q1", "half", "q3", "year"]]
    statement: Required[Literal["separate", "consolidated"]]

class NiceFinancialStateTable(TypedDict, total=False):
    kiscode: Required[str]
    statement: Literal["separate", "consolidated"] | None
    years: Literal["3", "5"] | None
    unit: Literal["won", "thousand", "million", "hundred_million"] | None
    settled: date | str | None
    period: Literal["q1", "half", "q3", "year"] | None

class NiceFinancialStateTableBaseDate(TypedDict, total=False):
    bizno: str | None
    kiscode: str | None
    period: Literal["q1", "half", "q3", "year"] | None

class NiceKiscode(TypedDict, total=False):
    crpno: str | None
    bizno: str | None
    stockcd: str | None

class RatestbedRateapi(TypedDict, total=False):
    algorithm: int | str | None
    since: date | str | None
    until: date | str | None

class RatestbedRiskapi(TypedDict, total=False):
    algorithm: int | str | None
    since: date | str | None
    until: date | str | None

class ThecheatFraudsearch(TypedDict, total=False):
    keyword: Required[str]
    keyword_type: Required[Literal["phone", "account", "auto"]]
    access_type: Literal["user", "service"] | None
    add_info: str | None

class Ask:
    def __init__(self, asker: Asker) -> None: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.extra.holiday"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketExtraHoliday],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.extra.nav"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketExtraNav],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.extra.navhistory"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketExtraNavhistory],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.extra.pdf"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketExtraPdf],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.futures.closeprice"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketFuturesCloseprice],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.futures.history"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketFuturesHistory],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.futures.intraday"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketFuturesIntraday],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.futures.lists"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketFuturesLists],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.futures.market_investors"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketFuturesMarketInvestors],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.futures.master"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketFuturesMaster],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.futures.orderbook"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketFuturesOrderbook],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.futures.price"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketFuturesPrice],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.index.closeindex"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketIndexCloseindex],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.index.history"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketIndexHistory],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.index.index"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketIndexIndex],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.index.intraday"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketIndexIntraday],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.index.investors"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketIndexInvestors],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.index.marketcap"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketIndexMarketcap],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.index.prospectindex"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketIndexProspectindex],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.multiquote.ahtohlclists"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketMultiquoteAhtohlclists],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.multiquote.lists"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketMultiquoteLists],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.multiquote.ohlclists"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketMultiquoteOhlclists],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.multiquote.orderbook"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketMultiquoteOrderbook],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.multiquote.price"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketMultiquotePrice],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.multiquote.quotelists"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketMultiquoteQuotelists],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.options.closeprice"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketOptionsCloseprice],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.options.history"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketOptionsHistory],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.options.intraday"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketOptionsIntraday],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.options.lists"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketOptionsLists],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.options.market_investors"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketOptionsMarketInvestors],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.options.master"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketOptionsMaster],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.options.orderbook"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketOptionsOrderbook],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.options.price"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketOptionsPrice],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.stocks.closenav"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketStocksClosenav],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.stocks.closeprice"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketStocksCloseprice],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.stocks.foreignhistory"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketStocksForeignhistory],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.stocks.history"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketStocksHistory],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.stocks.index"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketStocksIndex],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.stocks.intraday"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketStocksIntraday],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.stocks.investors"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketStocksInvestors],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.stocks.lists"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketStocksLists],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.stocks.market_investors"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketStocksMarketInvestors],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.stocks.master"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketStocksMaster],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.stocks.orderbook"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketStocksOrderbook],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.stocks.price"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketStocksPrice],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.stocks.selectivemaster"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketStocksSelectivemaster],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.stocks.shortsell"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketStocksShortsell],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["market.stocks.traderanking"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[MarketStocksTraderanking],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["nice.companyShortOutline"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[NiceCompanyShortOutline],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["nice.financialRate"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[NiceFinancialRate],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["nice.financialRateBaseDate"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[NiceFinancialRateBaseDate],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["nice.financialStateTable"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[NiceFinancialStateTable],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["nice.financialStateTableBaseDate"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[NiceFinancialStateTableBaseDate],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["nice.kiscode"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[NiceKiscode],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["ratestbed.algoapi"],
        *,
        deadline: float | None = ...,
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["ratestbed.rateapi"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[RatestbedRateapi],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["ratestbed.riskapi"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[RatestbedRiskapi],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Literal["thecheat.fraudsearch"],
        *,
        deadline: float | None = ...,
        **arguments: Unpack[ThecheatFraudsearch],
    ) -> Answer: ...
    @overload
    async def __call__(
        self,
        operation: Operation,
        *,
        investor: Investor | None = ...,
        deadline: float | None = ...,
        **arguments: object,
    ) -> Answer: ...
