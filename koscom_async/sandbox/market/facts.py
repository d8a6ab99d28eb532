"""What the market knows of an instrument at a moment, by the wire's names.

Each group of names is made when one of them is asked for: an answer takes from here what its example has.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from typing import Any

from koscom_async.sandbox.market.figures import (
    THOUSAND_WON,
    bar_facts,
    clock,
    dated,
    number,
)
from koscom_async.sandbox.market.listing import FEEDS, INDEX_OF, tables
from koscom_async.sandbox.market.market import Market, Moment
from koscom_async.sandbox.market.masters import (
    averages,
    contract,
    limits,
    master,
    net_asset_value,
    short_sales,
)
from koscom_async.sandbox.market.prices import Bar, Day, Instrument, draws

LEVELS = {"stock": 10, "fund": 10}
FEWER_LEVELS = 5
_CAPITAL = {"K1": 786_964, "Q1": 442_743}  # millions of won a point, as the examples have it
_GROUPS = (net_asset_value, limits, master, contract, short_sales, averages)

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
            *(self._quote, self._book, self._ranking),
            *(partial(group, market, instrument, moment) for group in _GROUPS),
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
        bar = self.day.bar(0, self.moment.second)
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


def feed_code(instrument: Instrument) -> str:
    """Return the feed's own key of an instrument: `005930*001`."""
    tables_of = tables()["futures"] + tables()["options"]
    contract = next((row[-2] for row in tables_of if row[0] == instrument.board), "")
    if instrument.kind == "option":
        contract = tables()["options"][0][-2]
    return f"{instrument.code}*{FEEDS.get(instrument.board) or contract}"
