"""A token as plain data, and back: what the stores write. What cannot be read is no token, and is never quoted."""

import json
from datetime import datetime

from koscom_async.errors import SettingsError
from koscom_async.models.investor import Token


def token_record(token: Token) -> dict[str, str | None]:
    """Return the token as JSON can hold it."""
    expires_at = token.expires_at.isoformat() if token.expires_at else None
    return {"access": token.access, "refresh": token.refresh, "expires_at": expires_at}


def read_record(record: object) -> Token | None:
    """Return the token in a record, or `None` if there is none to be read."""
    if not isinstance(record, dict):
        return None
    try:
        expires_at = record.get("expires_at")
        return Token(
            access=record["access"],
            refresh=record.get("refresh"),
            expires_at=datetime.fromisoformat(expires_at) if expires_at else None,
        )
    except (KeyError, TypeError, ValueError, SettingsError):
        return None


def token_text(token: Token) -> str:
    """Return the token as JSON."""
    return json.dumps(token_record(token))


def read_text(text: str | bytes) -> Token | None:
    """Return the token in a JSON text, or `None`."""
    try:
        return read_record(json.loads(text))
    except (ValueError, RecursionError):
        return None
