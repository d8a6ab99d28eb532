"""Where a client may send people's data, and where people may be sent back: the gateway, the callback, the scope."""

import re
from typing import Any
from urllib.parse import urlsplit

from attrs import Attribute

from koscom_async.errors import SettingsError


def redirect_uri(_: object, attribute: "Attribute[Any]", value: object) -> None:
    """Check a callback as a setting."""
    check_redirect_uri(value, setting=attribute.name)


def check_redirect_uri(value: object, *, setting: str = "redirect_uri") -> None:
    """Raise `SettingsError` unless it is an absolute URI without fragment, as RFC 6749 (3.1.2) wants it.

    A code travels there: only by https, by http to this computer, or to an app with a scheme of its own, which has a
    dot in it (RFC 8252, 7.1 to 7.3).
    """
    text = value if isinstance(value, str) else ""
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        text, parts, host = "", urlsplit(""), None
    is_whole = re.match(r"[a-z][a-z0-9+.-]{0,100}:", text, re.ASCII) and (parts.netloc or parts.path)
    if not is_whole or not text.isascii() or not text.isprintable() or " " in text or "#" in text:
        raise SettingsError(
            f"{setting} must be an absolute URI without fragment, such as https://you.example/callback",
            setting=setting,
        )
    is_private = "." in parts.scheme
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and host is not None and _is_loopback(host))
    if not is_private and not (is_safe and host and parts.username is None):
        raise SettingsError(
            f"{setting} must begin with https://, with http:// on loopback, or with an app's own scheme, such as "
            "com.example.app:/callback",
            setting=setting,
        )


def scope(_: object, attribute: "Attribute[Any]", value: object) -> None:
    """Check a scope as a setting."""
    check_scope(value, setting=attribute.name)


def check_scope(value: object, *, setting: str = "scope") -> None:
    """Raise `SettingsError` unless it is one or more words, such as `account` or `account profile`."""
    if not isinstance(value, str) or not re.fullmatch(r"[!#-\[\]-~]+(?: [!#-\[\]-~]+)*", value, re.ASCII):
        raise SettingsError(f"{setting} must be words such as account, with a space between", setting=setting)


_HOST = r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def gateway_address(value: str, *, setting: str = "base_url") -> str:
    """Return scheme, host and port of a gateway, or raise naming the setting."""

    def wrong(why: str) -> SettingsError:
        return SettingsError(f"{setting} {why}", setting=setting)

    if not str(value).isascii() or not str(value).isprintable():
        raise wrong("must be an ASCII URL such as https://gateway.example")
    try:
        parts = urlsplit(str(value).strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise wrong("is not a URL") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise wrong("must begin with https:// and name a host")
    if parts.username is not None or parts.password is not None:
        raise wrong("must not carry credentials")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise wrong("must end after the host and port: paths are the client's own")
    if parts.scheme == "http" and not _is_loopback(host):
        raise wrong("may use plain http only on loopback; use https")
    if ":" not in host and not re.fullmatch(_HOST, host, re.ASCII):
        raise wrong("must name a host of letters, digits, dots and dashes")
    if port == 0:
        raise wrong("has port 0, at which nothing can listen")
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + (f":{port}" if port is not None else "")
