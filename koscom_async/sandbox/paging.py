"""Cuts rows into pages, and makes the page keys: opaque texts that only the account's broker understands.

A key holds its offset and a digest over account and query, so that nothing is remembered between calls.
"""

from hashlib import blake2s

from koscom_async.sandbox.ledger import Account, AssetClass, Row
from koscom_async.sandbox.question import FIRST_PAGE, Paged
from koscom_async.sandbox.reply import refused

__all__ = ["OFFSET_DIGITS", "cut"]

OFFSET_DIGITS = 6
DIGEST_CHARACTERS = 18  # with the offset, the 24 characters that a page key may have
_SALT = b"sandbox"


def cut(
    account: Account, asset_class: AssetClass, paged: Paged, *, page_size: int
) -> tuple[tuple[Row, ...], str | None]:
    """Return the rows of the page that is asked for, and the key of the next (`None` at the end)."""
    if paged.count < 0:
        raise refused("7000", broker=account.broker, description="count is negative")
    rows = account.rows_of(asset_class)
    start = _offset(account, asset_class, paged.page)
    if asset_class is AssetClass.ALL:
        return rows, None
    end = start + min(paged.count or page_size, page_size)
    return rows[start:end], _key(account, asset_class, end) if end < len(rows) else None


def _offset(account: Account, asset_class: AssetClass, page: str) -> int:
    if page == FIRST_PAGE:
        return 0
    digits = page[:OFFSET_DIGITS]
    offset = int(digits) if digits.isascii() and digits.isdigit() else 0
    if (
        not 0 < offset < len(account.rows_of(asset_class))
        or asset_class is AssetClass.ALL
        or page != _key(account, asset_class, offset)
    ):
        raise refused("6003", broker=account.broker)
    return offset


def _key(account: Account, asset_class: AssetClass, offset: int) -> str:
    seal = f"{account.number}|{asset_class}|{offset}".encode()
    digest = blake2s(seal, key=_SALT).hexdigest()[:DIGEST_CHARACTERS]
    return f"{offset:0{OFFSET_DIGITS}d}{digest}"
