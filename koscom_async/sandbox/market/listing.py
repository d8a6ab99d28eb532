"""What is listed: real names with made-up prices, made-up issues beside them, funds, indices, futures and options.

The tables are in `documents/listing.json`; contracts follow from the day on which they are asked for.
"""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Any

from koscom_async.sandbox.ledger import with_check_digit
from koscom_async.sandbox.market.calendar import TradingDays
from koscom_async.sandbox.market.prices import Instrument, level

BOARDS = ("kospi", "kosdaq", "konex")
FEEDS = {"kospi": "001", "kosdaq": "003", "konex": "004"}
"""What follows a code and an asterisk, where the feed's own key is shown."""

INDEX_OF = {"kospi": "K1", "kosdaq": "Q1"}
WON_A_POINT = {"K": 5.05, "Q": 6.2}
"""What a share costs on average, for each point of the index: a day's turnover is trillions."""

DERIVATIVES_SECONDS = 24_300
_FIRST_MADE_UP = 300_000
_KOSPI_SHARE, _KONEX_SHARE = 0.45, 0.05
_LETTERS = "ABCDEFGHJKLMNPQRSTVW"
_MONTHS = " 123456789ABC"
_THURSDAY = 4


@cache
def tables() -> dict[str, Any]:
    """Return what is in the listing's document."""
    text = files("koscom_async.sandbox.documents").joinpath("listing.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def list_issues(count: int) -> Iterator[Instrument]:
    """Yield so many shares and funds of all boards, and never fewer than the document has; one does not trade."""
    named = tables()["issues"]
    funds = tables()["funds"]
    for place, row in enumerate((*named, *_made_up(count - len(named) - len(funds)))):
        code, name, english, board, price, volume, shares, sector, group = row
        yield Instrument(
            code=code,
            isin=tables()["isins"].get(code) or with_check_digit(f"KR7{code}00"),
            name=name,
            english=english,
            board=board,
            price=price,
            volume=0 if code in HALTED else volume,
            root=code,
            swing=0 if code in HALTED else 0.009 + place % 7 * 0.001,
            shares=shares,
            sector=sector,
            group=group,
            listed=LISTED_LATE.get(code, 0),
        )
    for code, name, english, price, root, swing, volume, shares in funds:
        yield Instrument(
            code=code,
            isin=with_check_digit(f"KR7{code}00"),
            name=name,
            english=english,
            kind="fund",
            board="kospi",
            price=price,
            volume=volume,
            root=root,
            swing=swing,
            tick=5,
            shares=shares,
            group="EF",
            listed=2_000,
        )


HALTED = frozenset({"001470"})
LISTED_LATE = {"247540": 6_030, "259960": 6_640, "323410": 6_636, "373220": 6_755}


def _made_up(count: int) -> Iterator[list[Any]]:
    made_up = tables()["made_up"]
    real = {code for kind in ("issues", "funds") for code, *_ in tables()[kind]}
    names = product(("", "한", "대", "신", "새", "큰", "참"), made_up["names"], made_up["trades"])
    for place, (prefix, name, (trade, english, sector)) in zip(range(count), names, strict=False):
        share = place * 0.618 % 1  # spreads the boards evenly
        board = "kospi" if share < _KOSPI_SHARE else "kosdaq" if share < 1 - _KONEX_SHARE else "konex"
        price = 1_000 + place * 7_919 % 60_000
        volume = 50 if board == "konex" else 20_000 + place * 104_729 % 400_000
        number = _FIRST_MADE_UP + place * 10
        code = f"{number + 5 if f'{number:06d}' in real else number:06d}"
        yield [
            *(code, f"{prefix}{name}{trade}", f"{english}{place}", board),
            *(price, volume, 5_000_000 + place * 1_299_709 % 90_000_000, sector, "ST"),
        ]


def list_indices() -> Iterator[Instrument]:
    """Yield the indices of the platform's code tables; volume comes in thousands, and turnover in millions of won."""
    for board, code, name, english, price in tables()["indices"]:
        is_whole = code in INDEX_OF.values()
        yield Instrument(
            code=code,
            name=name,
            english=english,
            kind="index",
            board=board,
            price=price,
            volume=600_000_000 if is_whole else 40_000_000,
            root=code,
            swing=0.01,
            tick=0.01,
            multiplier=WON_A_POINT.get(code[0], 3.0) * (1 if is_whole else 2_660 / price),
            volume_unit=1_000,
            turnover_unit=1_000_000,
            shares=62_187_655_000 if is_whole else 4_000_000_000,
        )


def list_futures(market: str, today: date, days: TradingDays) -> tuple[Instrument, ...]:
    """Return the contracts of a market that have not expired, the nearest first; `KeyError` where there is no such."""
    if market in tables()["empty_markets"]:
        return ()
    row = next((row for row in tables()["futures"] if row[0] == market), None)
    if row is None:
        raise KeyError(market)
    _, prefix, _, _, root, swing, price, tick, multiplier, volume, _, months, count, *_ = row
    return tuple(
        Instrument(
            code=(code := f"{prefix}{_year_letter(expiry)}{_MONTHS[expiry.month]}000"),
            isin=with_check_digit(f"KR4{code}"),
            name=f"{row[2]} {expiry:%y%m}",
            english=f"{row[3]} {expiry:%y%m}",
            kind="future",
            board=market,
            price=price * (1 + 0.002 * place),
            volume=volume // (1 + place * 20),
            root=root,
            swing=swing,
            tick=tick,
            multiplier=multiplier,
            listed=days.first_number(expiry - timedelta(days=700)),
            expires=days.number(expiry),
            seconds=DERIVATIVES_SECONDS,
        )
        for place, expiry in enumerate(_expiries(today, months, count))
    )


def list_options(
    market: str, today: date, days: TradingDays, index: Instrument, seed: int
) -> tuple[Instrument, ...]:
    """Return the calls and puts of a market around its index; `KeyError` where there is no such market."""
    row = next((row for row in tables()["options"] if row[0] == market), None)
    if row is None:
        if any(market in (name, *tables()["empty_markets"]) for name, *_ in tables()["futures"]):
            return ()
        raise KeyError(market)
    _, call, put, name, short, _, multiplier, volume, step, each_side, count, *_ = row
    made = []
    for expiry in _expiries(today, [], count):
        listed = days.first_number(expiry - timedelta(days=180))
        middle = round(level(seed, index, listed) / step) * step
        for prefix, word, letter in ((call, "콜", "C"), (put, "풋", "P")):
            for place in range(-each_side, each_side + 1):
                strike = middle + place * step
                code = f"{prefix}{_year_letter(expiry)}{_MONTHS[expiry.month]}{int(strike):03d}"
                made.append(
                    Instrument(
                        code=code,
                        isin=with_check_digit(f"KR4{code}"),
                        name=f"{name} {word}옵션 {expiry:%y%m} {strike:.1f}",
                        english=f"{short} {expiry:%y%m} {letter}{strike:.1f}",
                        kind="option",
                        board=market,
                        price=strike,
                        # Far from the index nothing trades.
                        volume=volume >> 2 * abs(place) if abs(place) < each_side - 2 else 0,
                        root=index.code,
                        multiplier=multiplier,
                        listed=listed,
                        expires=days.number(expiry),
                        strike=strike if letter == "C" else -strike,
                        seconds=DERIVATIVES_SECONDS,
                    )
                )
    return tuple(made)


def _year_letter(day: date) -> str:
    place = (day.year - 2006) % 30
    return _LETTERS[place] if place < len(_LETTERS) else str((place - len(_LETTERS) + 6) % 10)


def _expiries(today: date, months: list[int], count: int) -> Iterator[date]:
    """Yield the next second Thursdays of those months, or of all."""
    year, month = today.year, today.month
    while count:
        first = date(year, month, 1)
        expiry = first + timedelta(days=(_THURSDAY - first.isoweekday()) % 7 + 7)
        if expiry >= today and (not months or month in months):
            count -= 1
            yield expiry
        year, month = year + month // 12, month % 12 + 1
