"""What a master has, by the wire's names: limits, books, averages, a fund's value, a contract's terms."""

import math
from typing import Any

from koscom_async.sandbox.market.figures import LIMIT, number, open_interest, short_sale_facts
from koscom_async.sandbox.market.listing import tables
from koscom_async.sandbox.market.market import Market, Moment
from koscom_async.sandbox.market.prices import Instrument, draws

_YEAR = 245  # trading days


def limits(market: Market, instrument: Instrument, moment: Moment) -> dict[str, Any]:
    """Return how far a price may go."""
    base = market.day_of(instrument, moment.number).previous
    facts: dict[str, Any] = {}
    for step, part in enumerate((0.08, 0.15, 0.2), 1):
        facts[f"prcLmtStep{step}Uplmtprc"] = number(instrument.on_grid(base * (1 + part), math.floor))
        facts[f"prcLmtStep{step}Lwlmtprc"] = number(instrument.on_grid(base * (1 - part), math.ceil))
    return facts | {
        "uplmtprc": number(instrument.on_grid(base * (1 + LIMIT), math.floor)),
        "lwlmtprc": number(instrument.on_grid(base * (1 - LIMIT), math.ceil)),
        "realtmUplmtprc": facts["prcLmtStep1Uplmtprc"],
        "realtmLwlmtprc": facts["prcLmtStep1Lwlmtprc"],
    }


def master(market: Market, instrument: Instrument, moment: Moment) -> dict[str, Any]:
    """Return an issue's master: nulls and dashes stand where a board does not have the field."""
    base = market.day_of(instrument, moment.number).previous
    before = market.day_of(instrument, moment.number - 1).bar()
    chance = draws(market.seed, instrument.code, "books")
    is_kospi = instrument.board == "kospi"
    earned, book = int(base * (0.02 + chance[0] * 0.1)), int(base * (0.3 + chance[1]))
    dividend = int(base * chance[2] * 0.03)
    flags = {
        "arrantrdYn": "N",
        "admisuYn": "N",
        "haltYn": "N" if instrument.volume else "Y",
        "smeYn": "N",
        "mfindYn": "Y" if 5 <= instrument.sector <= 15 else "N",
        "kospiYn": "Y" if is_kospi else "N",
        "kospi100Yn": ("Y" if instrument.volume > 500_000 else "N") if is_kospi else "0",
        "kospi50Yn": ("Y" if instrument.volume > 900_000 else "N") if is_kospi else " -",
        "krx100IsuYn": "Y" if instrument.volume > 700_000 else "N",
        "creditOrdPosblYn": "N",
        "adjStkprcCalcYn": "N",
        "invstcautnRemndIsuYn": " -" if is_kospi else "N",
        "isuTrdvol": "Y",
    }
    return flags | {
        "prevddClsprc": number(base),
        "prevddOpnprc": number(before.open),
        "prevddHgprc": number(before.high),
        "prevddLwprc": number(before.low),
        "prevddAccTrdvol": before.volume,
        "prevddAccTrdval": before.turnover,
        "prevddNav": number(_nav(market, instrument, moment.number - 1)) if instrument.kind == "fund" else 0,
        "basPrc": number(base),
        "eps": earned,
        "bps": book,
        "per": number(base / max(earned, 1)),
        "pbr": number(base / max(book, 1)),
        "dps": dividend,
        "divYd": number(100 * dividend / base),
        "acntclsMm": "12",
        "acntclsCd": "000000000001",
        "listDd": int(f"{market.days.day(instrument.listed):%Y%m%d}"),
        "parval": 100 if instrument.shares > 1_000_000_000 else 500,
        "mktWarnTpCd": "00",
        "isuPrc": 0 if is_kospi else None,
        "sbPrc": int(base * 0.8) // 10 * 10,
        "listShrs": instrument.shares,
        "liquShrs": int(instrument.shares * 0.7),
        "regulssQtyUnit": 1,
        "mktcapScaleCd": 1 if instrument.volume > 900_000 else 2,
        "srttrmOverheatIsuTpCd": "0",
        "secugrpId": instrument.group,
        "idxIndUpclssCd": instrument.sector,
        "idxIndMidclssCd": instrument.sector,
        "idxIndLwclssCd": instrument.sector,
        "DebtRt": number(40 + 100 * chance[3]),
        "CrdtGrd": "AA",
        "Cap": instrument.shares * 500,
    }


def averages(market: Market, instrument: Instrument, moment: Moment) -> dict[str, Any]:
    """Return moving averages and the extremes of a year, over the days before."""
    latest = moment.number - 1
    numbers = range(latest, min(max(latest - 250, instrument.listed - 1, 0), latest - 1), -1)
    bars = [market.day_of(instrument, each).bar() for each in numbers]
    facts: dict[str, Any] = {}
    for count in (3, 5, 10, 20, 40, 60, 120, 250):
        last = bars[:count]
        average = sum(bar.close for bar in last) / len(last)
        facts[f"dd{count}AvgPrc"] = number(average)
        facts[f"dd{count}AvgTrdVol"] = sum(bar.volume for bar in last) // len(last)
        facts[f"dd{count}AvgTrdAmt"] = sum(bar.turnover for bar in last) // len(last)
        facts[f"dd{count}AvgDp"] = number(100 * bars[0].close / average)
    year = list(zip(numbers[:_YEAR], bars, strict=False))
    for word, pick in (("Hgst", max), ("Lwst", min)):
        place, bar = pick(year, key=lambda each: each[1].close)
        day = int(f"{market.days.day(place):%Y%m%d}")
        facts[f"wk52{word}Prc"], facts[f"wk52{word}prcDd"] = number(bar.close), day
        facts[f"wk52{word}Trdvol"] = pick(each.volume for _, each in year)
        for span in ("midyy", "inlist"):
            facts[f"{span}{word}prc"], facts[f"{span}{word}prcDd"] = number(bar.close), day
    return facts


def short_sales(market: Market, instrument: Instrument, moment: Moment) -> dict[str, Any]:
    """Return the short sales of the day before."""
    return short_sale_facts(market, instrument, moment.number - 1) | {"srtsellOverheatDd": None}


def _nav(market: Market, fund: Instrument, number_of_day: int, second: float = math.inf) -> float:
    chance = draws(market.seed, fund.code, "nav", number_of_day)
    return round(market.day_of(fund, number_of_day).price_at(second) * (1 + (chance[0] - 0.5) * 0.004), 2)


def net_asset_value(market: Market, fund: Instrument, moment: Moment) -> dict[str, Any]:
    """Return a fund's value, and its change since the day before."""
    nav = _nav(market, fund, moment.number, moment.second)
    return {"nav": number(nav), "cmpprevddNav": number(nav - _nav(market, fund, moment.number - 1))}


def contract(market: Market, instrument: Instrument, moment: Moment) -> dict[str, Any]:
    """Return what a future or an option has and a share has not."""
    days = market.days
    if instrument.expires is None:
        return {}
    expires, today = days.day(instrument.expires), days.day(moment.number)
    chance = draws(market.seed, instrument.code, moment.number, "theory")
    base = market.day_of(instrument, moment.number).previous
    row = next((row for row in tables()["futures"] if row[0] == instrument.board), [""])
    return {
        "prevddOpnintQty": open_interest(market, instrument, moment.number - 1),
        "setlPrcTheoPrcDivrgRt": number((chance[0] - 0.5) * 0.6),
        "remainDys": (expires - today).days + 1,
        "cdInt": 3.25,
        "lsttrdDd": int(f"{expires:%Y%m%d}"),
        "expDd": int(f"{expires:%Y%m}"),
        "ulyId": row[-1],
        "opnintLmtQty": None,
        "setlmult": int(instrument.multiplier),
        "setlTheoPrc": None if instrument.strike is None else 0,
        "basTheoPrc": None if instrument.strike is None else number(base),
        "exerPrc": number(abs(instrument.strike or 0)),
        "impVolt": number(18 + 4 * chance[1]),
    }
