"""Whether a code is an ISIN; the library that knows is only asked when somebody wants to know."""

from functools import lru_cache


@lru_cache(maxsize=65536)
def is_isin(code: str) -> bool:
    """Whether a code is an ISIN, its check digit included."""
    # Imported at the first need: it is a quarter of what importing this package takes.
    from stdnum import isin  # noqa: PLC0415

    return bool(isin.is_valid(code))
