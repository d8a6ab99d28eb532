"""Which name an instrument is shown by, where brokers write several. The choice does not depend on any order."""

import unicodedata
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise


def ranked_names(names: Iterable[str | None]) -> tuple[str, ...]:
    """Return the names that differ, the one that most rows give first; of as many the longest.

    A name that is another one cut short is left out, as is one that differs in blanks, width or case only. What is left
    are names of different wording: one in English, or the one before the company was renamed. No broker says which is
    newer.
    """
    counts = Counter(name for name in names if name is not None)
    if len(counts) < 2:  # nearly always
        return tuple(counts)
    spellings: dict[str, list[str]] = {}
    for name in counts:
        spellings.setdefault(_folded(name), []).append(name)
    # What begins with a text follows it in the order of texts.
    ordered = sorted(spellings)
    cut = {short for short, following in pairwise(ordered) if following.startswith(short)}

    def rank(name: str) -> tuple[int, int, str]:
        return (-counts[name], -len(name), name)

    whole = (min(spellings[folded], key=rank) for folded in ordered if folded not in cut)
    return tuple(sorted(whole, key=rank))


def _folded(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name[:_LONGEST]).casefold().split())


_LONGEST = 1_000
"""Of a name so many characters are compared: to bring it to one form takes the square of its length, if all of them are
accents."""
