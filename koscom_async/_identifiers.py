"""The codes of instruments as text: which texts are codes, and which of them are ISINs.

Every code is read by `clean_code`, whatever service it came from.
"""

import re
import unicodedata
from functools import lru_cache

SHORTEST = 3
"""A code of fewer letters and digits is none."""
LONGEST = 256
"""A longer text is no code, and is not looked at."""

ISIN_LENGTH = 12

_BETWEEN = re.compile(r"[\W_]+")
_WORDS = frozenset(
    {"NULL", "NONE", "NA", "NAN", "NIL", "UNKNOWN", "UNDEFINED", "없음", "해당없음", "미정", "미상"}
)
# A syllable that is in none of the words: nearly every Korean name has one, and is seen to be a name at once.
_NAMING = re.compile("(?![없음해당미정상])[가-힣]")
# Zeros, also behind a country or an "A", and behind a country with a check digit; nothing but nines, nothing but X.
_FILLED = re.compile(r"0+|[A-Z]{1,2}0{5,}|[A-Z]{2}0{9}\d|9+|X+")


def clean_code(text: str, *, shortest: int = SHORTEST) -> str | None:
    """Return a code in capitals without the spaces around it, or `None` where the text is a placeholder."""
    if len(text) > LONGEST:
        return None
    code = (text if text.isascii() else unicodedata.normalize("NFKC", text)).strip().upper()
    return None if len(_BETWEEN.sub("", code)) < shortest or is_placeholder(code) else code


def is_placeholder(text: str) -> bool:
    """Whether a text stands for no code or name: zeros, punctuation, "NULL", "N/A" and the like."""
    text = text[:LONGEST]
    if _NAMING.search(text):
        return False
    letters = _BETWEEN.sub("", text).upper()
    return not letters or letters in _WORDS or _FILLED.fullmatch(letters) is not None


def is_isin(code: str) -> bool:
    """Whether a code is an ISIN whose check digit holds."""
    return len(code) == ISIN_LENGTH and _holds(code)


@lru_cache(maxsize=65536)
def _holds(code: str) -> bool:
    # Imported at the first need: it is a quarter of what importing this package takes.
    from stdnum import isin

    return bool(isin.is_valid(code))
