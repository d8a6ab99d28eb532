"""What a store writes down of a token, as JSON can hold it: its fields, or one field with all of them sealed.

A record that cannot be read is no token, and is never quoted. One that cannot be opened is an error: a wrong key
must not send every investor to authorise again. What is sealed names the key that the token is kept under, so that
one investor's record is worth nothing in the place of another's.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from koscom_async.errors import KoscomError, SettingsError
from koscom_async.models.investor import Token
from koscom_async.tokens.seal import Seal

_T = TypeVar("_T")
StoredRecord = dict[str, str | None]

_SEALED, _KEPT_UNDER = "sealed", "key"


def token_record(token: Token, *, key: str, seal: Seal | None) -> StoredRecord:
    """Return the token as JSON can hold it; raise `SettingsError` if the seal fails."""
    if seal is None:
        return _fields(token)
    # Nothing that could be read is bound to a name: an error reporter may print this frame.
    sealed, why = _tried(lambda: seal.seal(json.dumps(_fields(token) | {_KEPT_UNDER: key}).encode()))
    if sealed is None:
        raise _wrong(f"the seal did not seal the token ({why})")
    return {_SEALED: b64encode(sealed).decode()}


def read_record(record: object, *, key: str, seal: Seal | None) -> Token | None:
    """Return the token in a record, `None` if none can be read; raise `SettingsError` if the seal does not open it."""
    if not isinstance(record, dict):
        return None
    if not is_sealed(record):
        token = _token(record)
        if token is not None and seal is not None:
            raise _wrong(
                "the stored token is not sealed, and this store seals: save it again, or log in again"
            )
        return token
    if seal is None:
        raise _wrong("the stored token is sealed: give the store the seal= with which it was sealed")
    token, why = _tried(lambda: _opened(record, key, seal))
    if token is None:
        raise _wrong(f"the stored token is not opened by this store's seal ({why or 'it is of another key'})")
    return token


def is_sealed(record: object) -> bool:
    """Return whether it is the record of a sealed token."""
    return isinstance(record, dict) and _SEALED in record


def sealed_again(record: object, *, key: str, seal: Seal | None) -> object:
    """Return a record as this store writes it: one that is not sealed yet is sealed, any other is left alone."""
    token = None if seal is None or is_sealed(record) else read_record(record, key=key, seal=None)
    return record if token is None else token_record(token, key=key, seal=seal)


def token_text(token: Token, *, key: str, seal: Seal | None) -> str:
    """Return the token's record as JSON; raise `SettingsError` if the seal fails."""
    return json.dumps(token_record(token, key=key, seal=seal))


def read_text(text: str | bytes, *, key: str, seal: Seal | None) -> Token | None:
    """Return the token in a JSON text, or `None`; raise `SettingsError` if the seal does not open it."""
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return read_record(record, key=key, seal=seal)


def _fields(token: Token) -> StoredRecord:
    return {
        "access": token.access,
        "refresh": token.refresh,
        "expires_at": token.expires_at.isoformat() if token.expires_at else None,
        "issued_at": token.issued_at.isoformat() if token.issued_at else None,
        "scope": token.scope,
    }


def _token(record: Mapping[str, Any]) -> Token | None:
    try:
        return Token(
            access=record["access"],
            refresh=record.get("refresh"),
            expires_at=_time(record.get("expires_at")),
            issued_at=_time(record.get("issued_at")),
            scope=record.get("scope"),
        )
    except (KeyError, TypeError, ValueError, SettingsError):
        return None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _opened(record: StoredRecord, key: str, seal: Seal) -> Token | None:
    opened = json.loads(seal.open(b64decode(record[_SEALED] or "", validate=True)))
    return _token(opened) if opened[_KEPT_UNDER] == key else None


def _tried(work: Callable[[], _T]) -> tuple[_T | None, str]:
    """Return what a seal returns, or only the name of what it raised, whose frames may hold a token."""
    try:
        return work(), ""
    except (KoscomError, ImportError) as error:
        raise error.with_traceback(None)  # noqa: B904  # it is the same error, without those frames
    except Exception as error:
        return None, type(error).__name__


def _wrong(words: str) -> SettingsError:
    return SettingsError(words, setting="seal")
