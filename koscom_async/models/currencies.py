"""Currencies: how a code is spelled, minor units, and for how many units of a currency an exchange rate is.

Brokers quote some rates for 100 units (JPY, VND, IDR, a code such as `JPY(100)`), and do not say so. What proves it is
the rate's order of magnitude, the row's deposits in both currencies, or a second rate of the same currency; a rate that
none of them proves is not used.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache

from koscom_async._decimals import exactly

__all__ = ["currency_of", "units_by_deposits", "units_by_others", "units_of"]

MINOR_UNITS: Mapping[str, tuple[str, int]] = {
    "GBp": ("GBP", 100),
    "GBX": ("GBP", 100),
    "ZAc": ("ZAR", 100),
    "ZAr": ("ZAR", 100),
    "ILA": ("ILS", 100),
    "ILs": ("ILS", 100),
    "USd": ("USD", 100),
    "USX": ("USD", 100),
    "EUr": ("EUR", 100),
    "KWF": ("KWD", 1000),
}
"""Parts of a currency in which shares are quoted: its currency, and how many of them are one of it.

Each is a currency of its own, never added to the major one: 24,300 GBp are 243 GBP.
"""

# Some of them differ from their currency by case alone (GBp is a penny, GBP a pound); the others are known in any case.
_MAJOR = {major for major, _ in MINOR_UNITS.values()}
_IN_ANY_CASE = {minor.upper(): minor for minor in MINOR_UNITS if minor.upper() not in _MAJOR}

_PER_HUNDRED = re.compile(
    r"100\s{0,3}([A-Z]{3})|([A-Z]{3})\s{0,3}[(\[/（]?\s{0,3}100\s{0,3}[)\]）]?", re.IGNORECASE
)


LONGEST_CODE = 20
"""A longer text stands for itself, and is not kept in memory."""


def currency_of(code: str) -> str:
    """Return the currency of a code: upper case, but for a minor unit; `JPY(100)` and `100JPY` are JPY."""
    return _currency_of(code) if len(code) <= LONGEST_CODE else code


@lru_cache(maxsize=1024)
def _currency_of(code: str) -> str:
    match = _PER_HUNDRED.fullmatch(code)
    spelled = (match[1] or match[2]) if match else code
    if spelled in MINOR_UNITS:
        return spelled
    upper = spelled.upper()
    return _IN_ANY_CASE.get(upper, upper)


# Won for one unit, from about half of the least to about twice the most since 2010: so wide that a rate of today is
# never outside, and so narrow that no rate fits both for one unit and for 100. A currency that is not listed, or that
# has left its range, is proven by deposits or by a second rate, or not at all.
_RANGES: Mapping[str, tuple[Decimal, Decimal]] = {
    currency: (Decimal(least), Decimal(most))
    for currency, least, most in (
        line.split()
        for line in """\
USD 500 3000
EUR 600 4000
GBP 700 5000
JPY 4 30
CNY 80 450
CNH 80 450
HKD 65 400
TWD 17 100
SGD 400 2500
AUD 380 2500
NZD 350 2200
CAD 400 2500
CHF 500 4000
SEK 60 400
NOK 60 450
DKK 80 500
PLN 140 900
CZK 22 140
HUF 1.6 12
RON 130 800
TRY 15 1000
RUB 6 90
KZT 1.1 17
ZAR 32 350
ILS 145 1000
AED 145 850
SAR 140 850
QAR 145 850
KWD 1700 10000
BHD 1400 8000
OMR 1300 8000
EGP 13 400
THB 15 100
MYR 130 800
PHP 10 60
INR 7 60
IDR 0.035 0.26
VND 0.022 0.13
KHR 0.13 0.8
LAK 0.03 0.3
MMK 0.3 3
MOP 65 400
MNT 0.17 1.8
BDT 5 32
PKR 2.2 26
LKR 2 23
BRL 100 1500
MXN 27 210
CLP 0.6 5
COP 0.12 1.4
PEN 160 900""".splitlines()
    )
}

_UNITS = (1, 100)


def units_of(currency: str, rate: Decimal | None, proven: int | None = None) -> int | None:
    """Return for how many units of a currency a rate in won is, or `None` where nothing proves it.

    `proven` is what more than the rate says. Where that contradicts the order of magnitude, neither is believed.
    """
    if not rate or rate < 0:
        return None
    with exactly():
        by_size = _units_by_size(currency, rate)
    if by_size is None or proven is None:
        return proven if by_size is None else by_size
    return by_size if by_size == proven else None


def _units_by_size(currency: str, rate: Decimal) -> int | None:
    major, parts = MINOR_UNITS.get(currency, (currency, 1))
    if major not in _RANGES:
        return None
    least, most = _RANGES[major]
    # The rate beside a price in pence may be that of a pound: it is for so many units as a pound has pence.
    fitting = [units for units in {*_UNITS, parts} if least * units <= rate * parts <= most * units]
    return fitting[0] if len(fitting) == 1 else None


def units_by_deposits(rate: Decimal | None, foreign: Decimal | None, won: Decimal | None) -> int | None:
    """Return for how many units a rate is, by one deposit in its currency and in won; `None` if that tells nothing."""
    if not rate or not foreign or not won:
        return None
    with exactly():
        return next((units for units in _UNITS if _is_near(won * units, foreign * rate)), None)


def units_by_others(rate: Decimal, per_unit: Iterable[Decimal]) -> int | None:
    """Return for how many units a rate is, by other rates of the same currency for one unit; `None` if by none."""
    others = list(per_unit)
    with exactly():
        return next((units for units in _UNITS if any(_is_near(rate, each * units) for each in others)), None)


def _is_near(first: Decimal, second: Decimal) -> bool:
    """Whether two amounts differ by no more than a tenth, as rates of different hours and kinds (기준, 매매) do."""
    return abs(first - second) * 10 <= abs(second)
