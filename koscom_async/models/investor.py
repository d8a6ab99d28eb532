"""The investor, the access token and the device: values are checked on creation and hidden in a repr.

They are written as text where that is asked for: as environment variables, as JSON, and as the columns of a file of
investors. Does not know how the values are spelled on the wire.
"""

import os
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Self, TypeVar

from attrs import Attribute, field, frozen
from attrs.validators import optional

from koscom_async._masking import hidden, made_of_secrets
from koscom_async._record import Record
from koscom_async.errors import SettingsError
from koscom_async.settings.addresses import check_scope

__all__ = ["Device", "Investor", "Token"]

CI_LENGTH = 88
"""Characters of a connecting information (연계정보): 64 bytes in base64."""

VARIABLES: Mapping[str, str] = {
    "ci": "KOSCOM_CI",
    "name": "KOSCOM_NAME",
    "token.access": "KOSCOM_ACCESS_TOKEN",
    "token.refresh": "KOSCOM_REFRESH_TOKEN",
    "device.ip": "KOSCOM_DEVICE_IP",
    "device.mac": "KOSCOM_DEVICE_MAC",
}
"""The environment variable of each field, by its path from the investor."""

COLUMNS: Mapping[str, str] = {
    "ci": "ci",
    "name": "name",
    "device.ip": "ip",
    "device.mac": "mac",
    "token.access": "access_token",
    "token.refresh": "refresh_token",
    "token.expires_at": "expires_at",
    "token.issued_at": "issued_at",
    "token.scope": "scope",
}
"""The name of each field in JSON, and in a file of investors, by its path from the investor."""

NEEDED = ("ci", "name", "device.ip", "device.mac")
DOCUMENT, VERSION = "koscom_async.investor", 1


def _text(instance: object, attribute: "Attribute[Any]", value: object) -> None:
    name = attribute.name
    if not isinstance(value, str) or not value.strip():
        raise SettingsError(f"{type(instance).__name__}.{name} is missing or empty", setting=name)
    if not value.isprintable():
        raise SettingsError(f"{type(instance).__name__}.{name} has unprintable characters", setting=name)


def _token_text(instance: object, attribute: "Attribute[Any]", value: object) -> None:
    if value is None and attribute.default is None:
        return
    _text(instance, attribute, value)
    if not str(value).isascii() or " " in str(value):
        raise SettingsError(
            f"Token.{attribute.name} must be ASCII without spaces, as it travels in a header",
            setting=attribute.name,
        )


YEARS = range(2000, 2200)
"""The years in which a token can be issued or die: what another one says is no time, and could not be computed with."""


def _moment(_: object, attribute: "Attribute[Any]", value: object) -> None:
    if value is None:
        return
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise SettingsError(
            f"Token.{attribute.name} must be a datetime with a time zone, or None", setting=attribute.name
        )
    if value.year not in YEARS:
        raise SettingsError(
            f"Token.{attribute.name} must be in the years {YEARS[0]} to {YEARS[-1]}, or None if it is not known",
            setting=attribute.name,
        )


def _scope(_: object, attribute: "Attribute[Any]", value: object) -> None:
    if value is not None:
        check_scope(value, setting=attribute.name)


@made_of_secrets
@frozen(kw_only=True, eq=False, repr=False)
class Token(Record):
    """An OAuth token of the investor.

    `refresh` is `None` where the platform issued no refresh token, `expires_at` and `issued_at` where the time is not
    known, `scope` where the platform did not say what it granted.
    """

    access: str = field(default="", repr=hidden, validator=_token_text)
    refresh: str | None = field(default=None, repr=hidden, validator=_token_text)
    expires_at: datetime | None = field(default=None, validator=_moment)
    issued_at: datetime | None = field(default=None, validator=_moment)
    scope: str | None = field(default=None, validator=_scope)

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """The texts that no message may show."""
        return (self.access,) if self.refresh is None else (self.access, self.refresh)


# Kept as text and compiled on first use, to keep imports cheap.
_OCTETS = r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})"
_DIGITS = r"\d{9,12}"
_MAC = r"[0-9A-Fa-f]{12}|[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}"


def _is_uuid(value: str) -> bool:
    from uuid import UUID

    try:
        return str(UUID(value)) == value.lower()
    except ValueError:
        return False


def _address(_: object, attribute: "Attribute[Any]", value: object) -> None:
    text = value if isinstance(value, str) else ""
    octets = re.fullmatch(_OCTETS, text, re.ASCII)
    if not re.fullmatch(_DIGITS, text, re.ASCII) and not (
        octets and all(int(octet) <= 255 for octet in octets.groups())
    ):
        raise SettingsError(
            "Device.ip must be an IPv4 address such as 192.168.1.10, or a phone's number in digits only",
            setting=attribute.name,
        )


def _hardware(_: object, attribute: "Attribute[Any]", value: object) -> None:
    if not isinstance(value, str) or not (re.fullmatch(_MAC, value) or _is_uuid(value)):
        raise SettingsError(
            "Device.mac must be a MAC address such as 70:54:D2:7E:E2:47, or a phone's UUID",
            setting=attribute.name,
        )


@made_of_secrets
@frozen(kw_only=True)
class Device:
    """The investor's device (단말정보): IPv4 and MAC address of a computer, or number and UUID of a phone."""

    ip: str = field(default="", repr=hidden, validator=_address)
    mac: str = field(default="", repr=hidden, validator=_hardware)


def _ci(_: object, attribute: "Attribute[Any]", value: object) -> None:
    text = value if isinstance(value, str) else ""
    if len(text) != CI_LENGTH:
        raise SettingsError(
            f"Investor.ci must have {CI_LENGTH} characters (64 bytes in base64), got {len(text)}",
            setting=attribute.name,
        )
    if not re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", text):
        raise SettingsError("Investor.ci must be base64", setting=attribute.name)


def _instance(kind: type) -> Any:
    def check(instance: object, attribute: "Attribute[Any]", value: object) -> None:
        if not isinstance(value, kind):
            raise SettingsError(
                f"{type(instance).__name__}.{attribute.name} must be a {kind.__name__}",
                setting=attribute.name,
            )

    return check


def _stripped(value: object) -> object:
    # The documents' own examples carry a leading space in it.
    return value.strip() if isinstance(value, str) else value


@made_of_secrets
@frozen(kw_only=True, eq=False, repr=False)
class Investor(Record):
    """The person whose accounts are read.

    `ci` is the connecting information (연계정보, 88 characters), `name` the Korean name (한글이름). `token` may be
    left out where the client's `TokenStore` has one, and the store's newer one is used in its place.
    Raises `SettingsError`, naming the field, for anything missing or impossible.
    """

    ci: str = field(default="", repr=hidden, converter=_stripped, validator=_ci)
    name: str = field(default="", repr=hidden, validator=_text)
    token: Token | None = field(default=None, validator=optional(_instance(Token)))
    device: Device = field(default=None, validator=_instance(Device))

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """Every text of this record that no message may show."""
        texts = (self.ci, self.name, self.device.ip, self.device.mac)
        return (*(text for text in texts if text), *(self.token.secrets if self.token else ()))

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read KOSCOM_CI, _NAME, _ACCESS_TOKEN, _REFRESH_TOKEN, _DEVICE_IP and _DEVICE_MAC.

        Without an access token the investor has none, and the client's `TokenStore` must. A `SettingsError` names
        the variable beside the field.
        """
        environ = os.environ if environ is None else environ
        texts = {path: environ.get(variable, "") for path, variable in VARIABLES.items()}
        if not texts["token.access"]:
            texts["token.refresh"] = ""
        made = made_of(texts, VARIABLES, missing="not set", kind=cls)
        del environ, texts  # an error reporter sends the variables of a frame
        return checked(made)

    def to_env(self) -> dict[str, str]:
        """Return the variables from which `from_env` makes this investor, secrets included.

        The token's times and scope have no variable; `to_json` keeps them.
        """
        texts = dict(texts_of(self))
        return {variable: texts[path] for path, variable in VARIABLES.items() if path in texts}

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the investor that `to_json` wrote; a `SettingsError` names what is missing, wrong or unknown."""
        made = _loaded(text, cls)
        del text
        return checked(made)

    def to_json(self) -> str:
        """Return everything as versioned JSON, **secrets included**: keep it as you keep a password, with mode 0600."""
        import json

        fields = {COLUMNS[path]: text for path, text in texts_of(self)}
        return json.dumps({"kind": DOCUMENT, "version": VERSION} | fields, ensure_ascii=False)


Person = TypeVar("Person", bound=Investor)


def texts_of(investor: Investor) -> Iterator[tuple[str, str]]:
    """Yield the path of each field that the investor has, with its value as text."""
    records = {"": investor, "device": investor.device, "token": investor.token}
    for path in COLUMNS:
        record, _, name = path.rpartition(".")
        value = getattr(records[record], name, None)
        if value is not None:
            yield path, value.isoformat() if isinstance(value, datetime) else value


def checked(made: Person | SettingsError) -> Person:
    """Return what `made_of` returned, or raise it."""
    if isinstance(made, SettingsError):
        raise made
    return made


def made_of(
    texts: Mapping[str, Any], names: Mapping[str, str], *, missing: str, kind: type[Person]
) -> Person | SettingsError:
    """Return the investor of these texts by their paths, or what is wrong with them, in words that show no value.

    `names` is what the source calls each field. The error is returned, since the frames that it would be raised through
    hold the texts.
    """
    lacking = [path for path in NEEDED if not texts.get(path)]
    if lacking:
        verb = "is" if len(lacking) == 1 else "are"
        spelled = ", ".join(names[path] for path in lacking)
        return SettingsError(f"{spelled} {verb} {missing}", setting=_last(lacking[0]))
    given: dict[str, dict[str, Any]] = {"": {}, "device": {}, "token": {}}
    for path, text in texts.items():
        if text is not None and text != "":
            given[path.rpartition(".")[0]][_last(path)] = _time(text) if path.endswith("_at") else text
    try:
        token = Token(**given["token"]) if given["token"] else None
        return kind(**given[""], token=token, device=Device(**given["device"]))
    except SettingsError as error:
        wrong = next(path for path in names if _last(path) == error.setting)
        return SettingsError(f"{names[wrong]}: {error}", setting=error.setting)


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _time(text: object) -> object:
    """Return the time in a text; what is none is left for the token to refuse."""
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else text
    except ValueError:
        return text


def _loaded(text: str, kind: type[Person]) -> Person | SettingsError:
    import json

    try:
        document = json.loads(text)
    except (ValueError, RecursionError, TypeError):
        document = None
    if not isinstance(document, dict) or document.pop("kind", None) != DOCUMENT:
        return SettingsError(f"this is no {DOCUMENT} document", setting="kind")
    version = document.pop("version", None)
    if version != VERSION or isinstance(version, bool):
        return SettingsError(
            f"this {DOCUMENT} document has a version that this library does not read: update it",
            setting="version",
        )
    if document.keys() - set(COLUMNS.values()):
        known = ", ".join(COLUMNS.values())
        return SettingsError(
            f"this {DOCUMENT} document has fields that are not known; known are {known}", setting="fields"
        )
    texts = {path: document.get(name) for path, name in COLUMNS.items()}
    return made_of(texts, COLUMNS, missing="missing", kind=kind)
