"""Seals: how the stores for a file and for Redis encrypt tokens, and two that are ready: keys of Fernet, the keyring.

Owns the ciphers and their keys. What is sealed, and when, is `records`' to say.
"""

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from koscom_async._hints import missing
from koscom_async.errors import SettingsError


@runtime_checkable
class Seal(Protocol):
    """Encrypts what a store keeps. Write your own for a key service that answers at once: a store waits for it.

    `RedisTokenStore` calls it in the event loop, `FileTokenStore` in a thread.
    """

    def seal(self, data: bytes, /) -> bytes:
        """Return data so that only `open` can read it."""

    def open(self, sealed: bytes, /) -> bytes:
        """Return the data that was sealed; raise anything for what this seal did not make."""


class FernetSeal:
    """Seals with cryptography's Fernet (AES and HMAC). Needs the extra `seal`.

    The first key seals, and each of them opens: to rotate, put a new key first, and drop an old one when the tokens
    that it sealed have been renewed. `FernetSeal.new_key()` makes a key. Raises `SettingsError` for what is not a key.
    """

    def __init__(self, *keys: str | bytes) -> None:
        _, multi_fernet = _cryptography()
        self._fernet = multi_fernet(keys)
        if self._fernet is None:
            del keys  # an error reporter may print this frame
            raise SettingsError(
                "each key of a seal must be 32 bytes in URL-safe base64, as FernetSeal.new_key() returns them",
                setting="seal",
            )

    @staticmethod
    def new_key() -> str:
        """Return a new key; keep it where your other secrets are, and not beside the tokens."""
        fernet, _ = _cryptography()
        key: bytes = fernet.generate_key()
        return key.decode()

    def seal(self, data: bytes, /) -> bytes:
        """Return the data sealed with the first key."""
        sealed: bytes = self._fernet.encrypt(data)
        return sealed

    def open(self, sealed: bytes, /) -> bytes:
        """Return the data, whichever of the keys sealed it; raise `InvalidToken` (cryptography's) if none did."""
        data: bytes = self._fernet.decrypt(sealed)
        return data


def _cryptography() -> tuple[Any, Callable[[tuple[str | bytes, ...]], Any]]:
    """Return Fernet, and what makes one of several keys, or `None` where one is no key."""
    try:
        from cryptography.fernet import Fernet, MultiFernet  # an extra
    except ImportError as error:
        raise missing("sealed tokens need cryptography", extra="seal", name="cryptography") from error

    def multi_fernet(keys: tuple[str | bytes, ...]) -> MultiFernet | None:
        try:
            return MultiFernet([Fernet(key) for key in keys])
        except (TypeError, ValueError, AttributeError):
            return None

    return Fernet, multi_fernet


class KeyringSeal:
    """Seals with a key in the system's keyring, which the first seal puts there. Needs the extra `keyring`.

    For the file of one user, as `koscom login --keyring` keeps it: a keyring may ask its user before it opens.
    Raises `SettingsError` where the system has no keyring, or has lost the key.
    """

    def __init__(self, *, service: str = "koscom", name: str = "token-key") -> None:
        _cryptography()
        self._keyring = _keyring()
        self._place = (service, name)
        self._seal: FernetSeal | None = None

    def seal(self, data: bytes, /) -> bytes:
        """Return the data sealed with the keyring's key, which is made if there is none."""
        return self._opened(or_new=True).seal(data)

    def open(self, sealed: bytes, /) -> bytes:
        """Return the data that was sealed with the keyring's key."""
        return self._opened(or_new=False).open(sealed)

    def _opened(self, *, or_new: bool) -> FernetSeal:
        if self._seal is None:
            self._seal = _seal_of_keyring(self._keyring, *self._place, or_new=or_new)
        return self._seal


def _keyring() -> Any:
    try:
        import keyring  # an extra
        import keyring.errors
    except ImportError as error:
        raise missing("the system's keyring needs keyring", extra="keyring", name="keyring") from error
    return keyring


def _seal_of_keyring(keyring: Any, service: str, name: str, *, or_new: bool) -> FernetSeal:
    try:
        if keyring.get_password(service, name) is None and or_new:
            keyring.set_password(service, name, FernetSeal.new_key())
        # Read back: a keyring that keeps nothing must not seal a token that nothing opens again.
        key = keyring.get_password(service, name)
    except keyring.errors.KeyringError as error:
        why = f"the system's keyring cannot be used ({type(error).__name__})"
    else:
        if key is not None:
            return FernetSeal(key)
        why = f"the system's keyring has no key {name} of {service}"
    raise SettingsError(f"{why}: unlock it, or log in again", setting="seal")
