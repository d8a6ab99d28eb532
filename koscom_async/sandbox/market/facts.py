"""What the market knows of an instrument at a moment, by the wire's names.

Each group of names is made when one of them is asked for: an answer takes from here what its example has.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from koscom_async.sandbox.market.figures import (
    LIMIT,
    THOUSAND_WON,
    bar_facts,
    clock,
    dated,
    number,
    open_interest,
    short_sale_facts,
)
from koscom_async.sandbox.market.listing import FEEDS, INDEX_OF, tables
from koscom_async.sandbox.market.market import Market, Moment
from koscom_async.sandbox.market.prices import Bar, Day, Instrument, draws

LEVELS = {"stock": 10, "fund": 10}
FEWER_LEVELS = 5
_CAPITAL = {"K1": 786_964, "Q1": 442_743}  # millions of won a point, as the examples have it
_YEAR = 245  # trading days

# Signals in the place of a time, from so many seconds after the open on.
_SIGNALS = ((32_400, 81_000_000), (25_200, 41_000_000), (23_400, 31_000_000))


class Facts(Mapping[str, Any]):
    """All that is known of an instrument at a moment."""

    def __init__(self, market: Market, instrument: Instrument, moment: Moment) -> None:
        self.market, self.instrument, self.moment = market, instrument, moment
        self._known: dict[str, Any] = {}
        self._groups: list[Callable[[], dict[str, Any]]] = [
            self._identity,
            *([self._index] if instrument.kind == "index" else []),
            *([self._fund] if instrument.kind == "fund" else []),
            *(self._quote, self._book, self._master, self._ranking, self._limits),
            *(self._contract, self._averages, self._short_sales),
        ]

    def __getitem__(self, name: str) -> Any:
        while name not in self._known and self._groups:
            self._known = self._groups.pop(0)() | self._known
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    @cached_property
    def day(self) -> Day:
        """The day that the answer is about."""
        return self.market.day_of(self.instrument, self.moment.number)

    @cached_property
    def before(self) -> Bar:
        """The day before."""
        return self.market.day_of(self.instrument, self.moment.number - 1).bar()

    @cached_property
    def _bar(self) -> Bar:
        return self.day.bar(0, self.moment.second)

    def _chance(self, *names: object) -> tuple[float, ...]:
        return draws(self.market.seed, self.instrument.code, self.moment.number, *names)

    def _identity(self) -> dict[str, Any]:
        instrument = self.instrument
        return {
            "isuSrtCd": instrument.code,
            "isuCd": instrument.isin,
            "isuKorNm": instrument.name,
            "isuNm": instrument.name,
            "isuKorAbbr": instrument.name,
            "isuKorAbbrv": instrument.name,
            "isuEngNm": instrument.english,
            "IsuEngNm": instrument.english,
            **dated(self.market.days.day(self.moment.number)),
        }

    def _quote(self) -> dict[str, Any]:
        bar = self._bar if self.moment.second > 0 else Bar(*(self.day.previous,) * 4, 0, 0, 0, 0)
        facts = bar_facts(self.instrument, bar, self.day.previous)
        chance = self._chance("trade", int(self.moment.second) if not self.moment.is_over else 0)
        side = 1 + (chance[0] < 0.5) if bar.volume_so_far else 0
        return facts | {
            "trdTm": self._trade_time(bar),
            "trdvol": min(1 + int(chance[1] ** 6 * self.instrument.volume / 1000), bar.volume_so_far),
            "lstAskbidTpCd": side,
            "lstTrdTpCd": side,
            "mktcap": int(bar.close * self.instrument.shares),
            "negoBlkAccTrdvol": 0,
            "fstmmAgndaContrtPrc": number(bar.open),
            "futrmmAgndaContrtPrc": 0,
        }

    def _trade_time(self, bar: Bar) -> int:
        if self.moment.second <= 0 or not bar.volume_so_far:
            return 0
        return next((signal for since, signal in _SIGNALS if self.moment.second >= since), 0) or clock(
            self.moment.second - self._chance("late")[0] * 20
        )

    def _book(self) -> dict[str, Any]:
        """Return the order book: asks (매도) above the last price, bids (매수) below, best first."""
        instrument = self.instrument
        last = self["trdPrc"]
        chance = self._chance("book", int(self.moment.second) if not self.moment.is_over else 0)
        below = chance[0] < 0.5  # whether the last trade was at the best bid
        ask = instrument.on_grid(last + instrument.tick_at(last)) if below else last
        bid = last if below else instrument.on_grid(last - instrument.tick_at(last - 0.001))
        facts: dict[str, Any] = {"askordPrc_1": number(ask), "bidordPrc_1": number(bid)}
        totals = {"ask": 0, "bid": 0}
        for step in range(1, LEVELS.get(instrument.kind, FEWER_LEVELS) + 1):
            for side, price in (("ask", ask), ("bid", bid)):
                quantity = int(instrument.volume / 200 * chance[step] * (1 + chance[-step]))
                totals[side] += quantity
                facts[f"{side}Step{step}BstordPrc"] = number(price) if quantity else 0
                facts[f"{side}Step{step}BstordRqty"] = quantity
                facts[f"{side}Step{step}BstordCnt"] = min(quantity, 1 + int(quantity**0.5))
            ask = instrument.on_grid(ask + instrument.tick_at(ask))
            bid = instrument.on_grid(bid - instrument.tick_at(bid - 0.001))
        for side, total in totals.items():
            names = (f"{side}ordTotRqty", f"{side}TotOrdRqty")
            facts |= dict.fromkeys(names, int(total * 1.4))
            facts[f"{side}ValidOrdCnt"] = 1 + int(total**0.5)
            facts[f"pstoffhr{side.capitalize()}TotOrdRqty"] = 0
        at = min(max(self.moment.second, 0), instrument.seconds)
        return facts | {"ordAcptTm": clock(at), "deemTrdPrc": 0, "deemTrdvol": 0, "deemAccTrdvol": 0}

    def _limits(self) -> dict[str, Any]:
        base, instrument = self.day.previous, self.instrument
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

    def _master(self) -> dict[str, Any]:
        """Return an issue's master: nulls and dashes stand where a board does not have the field."""
        instrument, base, before = self.instrument, self.day.previous, self.before
        chance = draws(self.market.seed, instrument.code, "books")
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
            "prevddNav": number(self._nav(-1)) if instrument.kind == "fund" else 0,
            "basPrc": number(base),
            "eps": earned,
            "bps": book,
            "per": number(base / max(earned, 1)),
            "pbr": number(base / max(book, 1)),
            "dps": dividend,
            "divYd": number(100 * dividend / base),
            "acntclsMm": "12",
            "acntclsCd": "000000000001",
            "listDd": int(f"{self.market.days.day(instrument.listed):%Y%m%d}"),
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

    def _averages(self) -> dict[str, Any]:
        """Return moving averages and the extremes of a year, over the days before."""
        market, instrument = self.market, self.instrument
        latest = self.moment.number - 1
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

    def _short_sales(self) -> dict[str, Any]:
        return short_sale_facts(self.market, self.instrument, self.moment.number - 1) | {
            "srtsellOverheatDd": None
        }

    def _ranking(self) -> dict[str, Any]:
        """Return the five brokers that sold most, and the five that bought most."""
        day = self.day
        facts: dict[str, Any] = {}
        volume, turnover = day.volume_at(self.moment.second), day.turnover_at(self.moment.second)
        members = tables()["members"]
        for side in ("ask", "bid"):
            chance = self._chance("members", side)
            first = int(chance[0] * len(members))
            for place in range(1, 6):
                part = 0.3 * 0.75**place * (0.9 + 0.2 * chance[1])
                facts |= {
                    f"{side}TrdMbr{place}": members[(first + place) % len(members)],
                    f"{side}TrdVolMbr{place}": int(volume * part),
                    f"{side}TrdAmtMbr{place}": int(turnover * part),
                    f"{side}TrdWtMbr{place}": number(100 * part),
                    f"{side}TrdPrcMbr{place}": round(turnover / volume) if volume else 0,
                }
        return facts

    def _index(self) -> dict[str, Any]:
        instrument, last = self.instrument, self.day.price_at(self.moment.second)
        expected = self.day.previous + (self.day.knots[0] - self.day.previous) * 0.9
        listed = self.market.board(instrument.board) if instrument.board in INDEX_OF else {}
        return {
            "isuCnt": len(listed) if instrument.code in INDEX_OF.values() else 40,
            "mktcap": int(last * _CAPITAL.get(instrument.code, 90_000)),
            "listShrs": instrument.shares // THOUSAND_WON,
            "deemTm": "9000000",
            "deemTrdPrc": number(expected),
            "deemAccTrdvol": self.day.volume_at(1) // instrument.volume_unit,
            "deemAccTrdval": self.day.turnover_at(1) // instrument.turnover_unit,
            "deemcmpprevddPrc": number(expected - self.day.previous),
            "deemcmpprevddTpCd": "69",
        }

    def _nav(self, back: int = 0) -> float:
        number_of_day = self.moment.number + back
        day = self.market.day_of(self.instrument, number_of_day)
        second = math.inf if back else self.moment.second
        chance = draws(self.market.seed, self.instrument.code, "nav", number_of_day)
        return round(day.price_at(second) * (1 + (chance[0] - 0.5) * 0.004), 2)

    def _fund(self) -> dict[str, Any]:
        nav = self._nav()
        return {"nav": number(nav), "cmpprevddNav": number(nav - self._nav(-1))}

    def _contract(self) -> dict[str, Any]:
        instrument, days = self.instrument, self.market.days
        if instrument.expires is None:
            return {}
        expires, today = days.day(instrument.expires), days.day(self.moment.number)
        row = next((row for row in tables()["futures"] if row[0] == instrument.board), [""])
        return {
            "prevddOpnintQty": open_interest(self.market, instrument, self.moment.number - 1),
            "setlPrcTheoPrcDivrgRt": number((self._chance("theory")[0] - 0.5) * 0.6),
            "remainDys": (expires - today).days + 1,
            "cdInt": 3.25,
            "lsttrdDd": int(f"{expires:%Y%m%d}"),
            "expDd": int(f"{expires:%Y%m}"),
            "ulyId": row[-1],
            "opnintLmtQty": None,
            "setlmult": int(instrument.multiplier),
            "setlTheoPrc": None if instrument.strike is None else 0,
            "basTheoPrc": None if instrument.strike is None else number(self.day.previous),
            "exerPrc": number(abs(instrument.strike or 0)),
            "impVolt": number(18 + 4 * self._chance("theory")[1]),
        }


def feed_code(instrument: Instrument) -> str:
    """Return the feed's own key of an instrument: `005930*001`."""
    tables_of = tables()["futures"] + tables()["options"]
    contract = next((row[-2] for row in tables_of if row[0] == instrument.board), "")
    if instrument.kind == "option":
        contract = tables()["options"][0][-2]
    return f"{instrument.code}*{FEEDS.get(instrument.board) or contract}"
