"""What a row of an answer has, by the wire's names: bars, changes, short sales, foreign holdings, investors."""

from datetime import date
from typing import Any

from koscom_async.sandbox.market.market import Market
from koscom_async.sandbox.market.prices import OPENS, Bar, Day, Instrument, draws

LIMIT = 0.3
"""How far a price may move in a day."""

THOUSAND_WON = 1_000
"""Investors' turnover and what is lent come in thousands of won, as nothing else does."""

IS_SHARE = frozenset({"stock", "fund"})

# Each investor's share of a day, from the table of codes; the sums are 08 (institutions), 11 (foreigners), 12 (all).
_PARTS = {
    "01": 0.06, "02": 0.01, "03": 0.03, "04": 0.002, "05": 0.001, "06": 0.05, "07": 0.0, "09": 0.02, "13": 0.01,
    "14": 0.25, "15": 0.01,
}  # fmt: skip
_SUMS = {
    "08": ("01", "02", "03", "04", "05", "06", "07", "13"),
    "11": ("14", "15"),
    "12": ("08", "09", "10", "11"),
    "16": ("09",),
}


def number(value: float | None) -> float | int | None:
    """Return a number as JSON should have it: whole where it is whole."""
    if isinstance(value, float):
        value = round(value, 2)
        return int(value) if value.is_integer() else value
    return value


def clock(second: float, *, hundredths: bool = True) -> int:
    """Return seconds after the open as `HHMMSSmm`, or `HHMMSS`: a number, so that nine o'clock begins with a 9."""
    whole = int(OPENS + second)
    text = f"{whole // 3600}{whole // 60 % 60:02d}{whole % 60:02d}"
    return int(text + "00") if hundredths else int(text)


def change(instrument: Instrument, price: float, previous: float) -> dict[str, Any]:
    """Return a change in price, and its code."""
    rounded = round(price - previous, 2)
    limited = instrument.kind in IS_SHARE and abs(rounded) >= LIMIT * previous
    code = "3" if not rounded else "2" if rounded > 0 else "5"
    return {
        "cmpprevddPrc": number(rounded),
        "cmpprevddTpCd": {"2": "1", "5": "4"}.get(code, code) if limited else code,
    }


def bar_facts(instrument: Instrument, bar: Bar, previous: float) -> dict[str, Any]:
    """Return what a history's row, a closing price and a quote share."""
    # A share that did not trade has no open, high and low; an option then has its price in their place, and no code.
    is_flat = not bar.volume_so_far and instrument.kind in IS_SHARE
    opened, high, low = (0.0, 0.0, 0.0) if is_flat else (bar.open, bar.high, bar.low)
    facts = {
        "trdPrc": number(bar.close),
        "opnprc": number(opened),
        "hgprc": number(high),
        "lwprc": number(low),
        "accTrdvol": bar.volume_so_far,
        "accTrdval": bar.turnover_so_far,
        **change(instrument, bar.close, previous),
    }
    if instrument.strike is not None and not bar.volume_so_far:
        facts |= {"cmpprevddTpCd": "0", "cmpprevddPrc": 0}
    return facts


def open_interest(market: Market, instrument: Instrument, number: int) -> int:
    """Return how many contracts are open at the end of a day."""
    return int(instrument.volume * (1.1 + draws(market.seed, instrument.code, "open", number)[0] * 0.2))


def short_sale_facts(market: Market, instrument: Instrument, number: int) -> dict[str, Any]:
    """Return what was sold short on a day, and what is lent: in thousands of won, as only this is."""
    bar = market.day_of(instrument, number).bar()
    chance = draws(market.seed, instrument.code, "short", number)
    lent, sold = int(instrument.shares * (0.015 + 0.005 * chance[0])), int(bar.volume * chance[1] * 0.04)
    return {
        "lendBalQty": lent,
        "lendBalAmt": round(lent * bar.close / THOUSAND_WON),
        "srtsellBal": lent // 15,
        "srtsellTrdVol": sold,
        "srtsellTrdAmt": sold * bar.turnover // bar.volume if bar.volume else 0,
    }


def foreign_holding(market: Market, instrument: Instrument, number: int) -> int:
    """Return how many shares foreigners hold at the end of a day."""
    chance = draws(market.seed, instrument.code, "foreign", number // 16)
    return int(instrument.shares * (0.25 + 0.01 * chance[number % 16]))


def investor_facts(day: Day, second: float, chance: tuple[float, ...]) -> dict[str, dict[str, int]]:
    """Return what each kind of investor sold (`ask`) and bought (`bid`), in shares or contracts and thousands of won.

    Both sides of all of them are what was traded: individuals (10) are the rest.
    """
    volume, turnover = day.volume_at(second), day.turnover_at(second) // THOUSAND_WON
    made: dict[str, dict[str, int]] = {code: {} for code in ("10", *_PARTS, *_SUMS)}
    for turn, side in enumerate(("ask", "bid")):
        for word, total in (("Trdvol", volume), ("Trdval", turnover)):
            name = f"{side}{word}"
            for place, (code, part) in enumerate(_PARTS.items()):
                made[code][name] = int(total * part * (0.7 + 0.6 * chance[(place + 8 * turn) % 16]))
            made["10"][name] = total - sum(made[code][name] for code in _PARTS)
            for code, parts in _SUMS.items():
                made[code][name] = sum(made[part][name] for part in parts)
    return dict(sorted(made.items()))


def dated(day: date) -> dict[str, int]:
    """Return a row's date, under the names of both versions."""
    return dict.fromkeys(("trdDd", "BzDd"), int(f"{day:%Y%m%d}"))
