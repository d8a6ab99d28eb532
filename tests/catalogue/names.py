"""What the facts leave open: attributes' names, kinds of value and units, by wire name.

The manual's own words are in `facts.json`. Names that a pattern makes are not listed.
"""

import re

# Wire name: attribute. Two wire names of one attribute are two spellings of it.
NAMES = dict(
    line.split()
    for line in """
trdDd date
BzDd date
mktEndTm market_ends
isuSrtCd code
isuCd isin
isuKorNm name
isuNm name
isuKorAbbr short_name
isuKorAbbrv short_name
isuEngNm name_english
IsuEngNm name_english
map_to feed_key
prevddClsprc previous_close
prevddOpnprc previous_open
prevddHgprc previous_high
prevddLwprc previous_low
prevddAccTrdvol previous_volume
prevddAccTrdval previous_turnover
prevddOpnintQty previous_open_interest
acntclsMm settlement_month
acntclsCd settlement_months
eps earnings_per_share
bps book_value_per_share
per price_earnings_ratio
pbr price_book_ratio
dps dividend_per_share
divYd dividend_yield
arrantrdYn is_liquidation_trading
mfindYn is_manufacturer
kospiYn is_kospi
kospi100Yn is_kospi100
kospi50Yn is_kospi50
krx100IsuYn is_krx100
admisuYn is_administrative
haltYn is_halted
smeYn is_small_or_medium
adjStkprcCalcYn is_price_adjusted
creditOrdPosblYn allows_credit_orders
invstcautnRemndIsuYn is_investor_attention
isuTrdvol volume_flag
mktWarnTpCd market_warning
mktcapScaleCd size_class
srttrmOverheatIsuTpCd overheating
regulssQtyUnit lot_size
idxIndUpclssCd sector_upper
idxIndMidclssCd sector_middle
idxIndLwclssCd sector_lower
srtsellTrdVol short_volume
srtsellTrdvol short_volume
srtsellTrdAmt short_turnover
srtsellBal short_balance
srtsellOverheatDd short_overheating_date
lendBalQty lending_balance
lendBalAmt lending_balance_value
wk52HgstPrc week52_high
wk52LwstPrc week52_low
wk52HgstprcDd week52_high_date
wk52LwstprcDd week52_low_date
wk52HgstTrdvol week52_highest_volume
wk52LwstTrdvol week52_lowest_volume
DebtRt debt_ratio
trdPrc price
trdTm time
trdvol last_quantity
cmpprevddTpCd direction
cmpprevddPrc change
accTrdvol volume
accTrdval turnover
isuCnt issues
mktcap market_cap
FornHdVol foreign_held
FornHdVolRt foreign_held_rate
cmpprevddFornHdVol foreign_held_change
nav nav
prevddNav previous_nav
cmpprevddNav nav_change
bidordPrc_1 best_bid
askordPrc_1 best_ask
lstAskbidTpCd last_side
lstTrdTpCd last_side
askordTotRqty ask_total
bidordTotRqty bid_total
askTotOrdRqty ask_total
bidTotOrdRqty bid_total
askValidOrdCnt ask_orders_total
bidValidOrdCnt bid_orders_total
pstoffhrAskTotOrdRqty after_hours_ask_total
pstoffhrBidTotOrdRqty after_hours_bid_total
deemTrdPrc expected_price
deemTrdvol expected_quantity
deemAccTrdvol expected_volume
deemAccTrdval expected_turnover
deemTm expected_time
deemcmpprevddPrc expected_change
deemcmpprevddTpCd expected_direction
inddTm time
inddOpnprc open
inddHgprc high
inddLwprc low
inddClsprc close
inddTrdvol volume
inddTrdval turnover
inddAccTrdvol accumulated_volume
inddAccTrdval accumulated_turnover
midyyHgstprc year_high
midyyHgstprcDd year_high_date
midyyLwstprc year_low
midyyLwstprcDd year_low_date
inlistHgstprc listing_high
inlistHgstprcDd listing_high_date
inlistLwstprc listing_low
inlistLwstprcDd listing_low_date
setlPrcTheoPrcDivrgRt settlement_gap_rate
remainDys days_left
lsttrdDd last_trading_date
expDd expiry_month
setlTheoPrc settlement_theoretical_price
basTheoPrc base_theoretical_price
fstmmAgndaContrtPrc near_month_price
futrmmAgndaContrtPrc far_month_price
negoBlkAccTrdvol block_volume
realtmUplmtprc upper_limit_price
realtmLwlmtprc lower_limit_price
ordAcptTm accepted_at
Tm time
invstCd investor
askTrdvol sold_quantity
askTrdval sold_value
bidTrdvol bought_quantity
bidTrdval bought_value
Cnt row_count
InqDd date
Unit quantity
SetAmt value
ratio weight
marketCd nation
lists date
algrthSn algorithm
odrSn round
algrthNm name
hbrdAssetsAt region
compositionAssetsAt share_holding
basicDate date
invtTyCd investor_type
sortOrdr account_order
standardPrice base_price
fewdayContProfitRate change
dayProfitRate return_1d
weekProfitRate return_1w
monProfitRate1 return_1m
monProfitRate3 return_3m
monProfitRate6 return_6m
yearProfitRate1 return_1y
yearProfitRate2 return_2y
yearProfitRate3 return_3y
accumProfitRate return_total
periodSe period
betaValue beta
jensensAlpha jensens_alpha
keyword_type keyword_type
caution caution
access_type access_type
add_info add_info
result_code result_code
result_msg result_message
x x
x2 x_factory
x3 x_branch
y y
y2 y_factory
y3 y_branch
smanda mergers_and_acquisitions
count item_count
eml email
idscd industry_code
han0 bank_of_korea_average_0
han1 bank_of_korea_average_1
han2 bank_of_korea_average_2
nice0 nice_average_0
nice1 nice_average_1
nice2 nice_average_2
stac_yyyy0 settlement_year_0
stac_yyyy1 settlement_year_1
stac_yyyy2 settlement_year_2
logossl secure_logo_url
mng_farptcd managed_report_code
mng_farptitemcd managed_report_item_code
""".strip().splitlines()
)

_SIDE = {"Ask": "sold", "Bid": "bought"}
_TRADED = {"ol": "quantity", "al": "value"}
_MEMBER = {"Vol": "volume", "Amt": "turnover", "Wt": "share", "Prc": "price", "": "name"}
_LEVEL = {"Prc": "price", "Rqty": "quantity", "Cnt": "orders"}
_AVERAGE = {"Prc": "price", "TrdVol": "volume", "TrdAmt": "turnover", "Dp": "disparity"}


_PATTERNS = (
    (r"(ask|bid)Step(\d+)Bstord(Prc|Rqty|Cnt)", lambda found: f"{found[1]}_{_LEVEL[found[3]]}_{found[2]}"),
    (
        r"(ask|bid)Trd(Vol|Amt|Wt|Prc|)Mbr(\d)",
        lambda found: f"{'seller' if found[1] == 'ask' else 'buyer'}_{_MEMBER[found[2]]}_{found[3]}",
    ),
    (r"dd(\d+)Avg(\w+)", lambda found: f"average_{_AVERAGE[found[2]]}_{found[1]}d"),
    (r"MktAcc(Ask|Bid)Trdv(ol|al)", lambda found: f"{_SIDE[found[1]]}_{_TRADED[found[2]]}"),
    (
        r"(Call|Put)Acc(Ask|Bid)Trdv(ol|al)",
        lambda found: f"{found[1].lower()}_{_SIDE[found[2]]}_{_TRADED[found[3]]}",
    ),
    (
        r"prcLmtStep(\d)(Up|Lw)lmtprc",
        lambda found: f"{'upper' if found[2] == 'Up' else 'lower'}_limit_price_{found[1]}",
    ),
)


def name_of(wire, english):
    """The attribute of a wire name; where nothing is decided, the manual's words."""
    if wire in NAMES:
        return NAMES[wire]
    for pattern, made in _PATTERNS:
        if found := re.fullmatch(pattern, wire):
            return made(found)
    words = re.sub(r", year column (\d)$", r" \1", english)
    words = re.sub(r"\([^)]*\)|[:;].*$|'", "", words).replace(" flag", "")
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")


# The first pattern that a wire name has decides its kind; where none does, the manual's type.
KINDS = (
    (
        r"isuSrtCd|isuCd|map_to|\w*(?:Cd|TpCd|clssCd)|secugrpId|(?:kis|stk|biz|crp)(?:code|cd|no)|result_code",
        "code",
    ),
    (r"\w*Yn|\w+_yn\d?|caution|isuTrdvol", "flag"),
    (r"mktEndTm", "clock4"),
    (r"\w*Tm", "clock8"),
    (r"expDd|stac_yymm", "text"),
    (r"\w*Dd|lists|basicDate|\w+_date\d?", "date"),
    (r"\w*Cnt|Cnt|remainDys|odrSn|algrthSn|sortOrdr|empnum|periodSe", "count"),
    (
        r"\w*(?:Trdvol|TrdVol|Rqty|Qty|Shrs|TrdVolMbr\d|FornHdVol)|Unit|trdvol|srtsellBal|regulssQtyUnit",
        "quantity",
    ),
    (r"\w*(?:Trdval|TrdAmt|TrdAmtMbr\d)|mktcap|lendBalAmt|SetAmt|Cap|fvl\d", "money"),
    (
        r"\w*(?:Rt|Wt|ProfitRate\d?|TrdWtMbr\d)|divYd|per|pbr|ratio|impVolt|cdInt|dd\d+AvgDp|biyul\d|han\d|nice\d|cmprt\d|indrt\d",
        "rate",
    ),
    (r"standardDeviation|betaValue|sharpeRatio|jensensAlpha|inforRate|trackingErr", "rate"),
    (r"standardPrice", "price"),
    (r"add_info", "nested"),
)


def kind_of(wire, wire_type):
    """The kind of a wire name's values."""
    for pattern, kind in KINDS:
        if re.fullmatch(pattern, wire):
            return kind
    return "price" if wire_type == "number" else "text"


# What one sent unit is in shares, contracts or KRW; by the shape's units where they differ. By arithmetic on the
# examples, against the manual's words: an index's turnover is in millions of won, its volume in thousands of shares.
UNITS = {
    "accTrdvol": {"index": 1000},
    "accTrdval": {"index": 1_000_000},
    "deemAccTrdvol": {"index": 1000},
    "deemAccTrdval": {"index": 1_000_000},
    "mktcap": {"index": 1_000_000},
    "listShrs": {"index": 1000},
    "inddTrdvol": {"index": 1000},
    "inddTrdval": {"index": 1_000_000},
    "inddAccTrdvol": {"index": 1000},
    "inddAccTrdval": {"index": 1_000_000},
    "lendBalAmt": 1000,
    "askTrdval": 1000,
    "bidTrdval": 1000,
    **{f"{kind}Acc{side}Trdval": 1000 for kind in ("Mkt", "Call", "Put") for side in ("Ask", "Bid")},
}

SECRET = frozenset({"keyword", "repr_regno"})
"""What no representation shows: the number that was looked up, a person's resident number."""
