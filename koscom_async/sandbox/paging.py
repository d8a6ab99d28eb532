"""Cuts rows into pages, and makes the page keys: opaque texts that only the account's broker understands.

A key holds its offset and a digest over account and query, so that nothing is remembered between calls.
"""

from hashlib import blake2s

from koscom_async.sandbox.ledger import Account, AssetClass, Entry
from koscom_async.sandbox.question import FIRST_PAGE, Paged
from koscom_async.sandbox.reply import refused

__all__ = ["OFFSET_DIGITS", "cut"]

OFFSET_DIGITS = 6
DIGEST_CHARACTERS = 18  # with the offset, the 24 characters that a page key may have
_SALT = b"sandbox"


def cut(
    account: Account, asset_class: AssetClass, paged: Paged, *, page_size: int, query: str | None = None
) -> tuple[tuple[Entry, ...], str | None]:
    """Return the rows of the page that is asked for, and the key of the next (`None` at the end).

    `query` is what else a key belongs to than the asset class.
    """
    if paged.count < 0:
        raise refused("7000", broker=account.broker, description="count is negative")
    rows = account.rows_of(asset_class)
    whole = asset_class is AssetClass.ALL and query is None
    seal = f"{account.number}|{query or asset_class}"
    start = _offset(account.broker, seal, paged.page, end=1 if whole else len(rows))
    if whole:
        return rows, None
    end = start + min(paged.count or page_size, page_size)
    return rows[start:end], _key(seal, end) if end < len(rows) else None


def _offset(broker: str, seal: str, page: str, *, end: int) -> int:
    if page == FIRST_PAGE:
        return 0
    digits = page[:OFFSET_DIGITS]
    offset = int(digits) if digits.isascii() and digits.isdigit() else 0
    if not 0 < offset < end or page != _key(seal, offset):
        raise refused("6003", broker=broker)
    return offset


def _key(seal: str, offset: int) -> str:
    digest = blake2s(f"{seal}|{offset}".encode(), key=_SALT).hexdigest()[:DIGEST_CHARACTERS]
    return f"{offset:0{OFFSET_DIGITS}d}{digest}"
