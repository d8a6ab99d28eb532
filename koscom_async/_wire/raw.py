"""Any endpoint by its path: checks what a caller writes by hand, and reads the answer as raw JSON.

No secret gets into a URL, and no path leads away from the gateway. Knows no endpoint's meaning.
"""

import json
import re
from collections.abc import Iterator, Mapping

from attrs import frozen

from koscom_async._wire.endpoints import COMMON, AuthScheme, Site
from koscom_async._wire.envelope import check_request_id, check_response_code
from koscom_async._wire.values import read_field, read_object, read_text
from koscom_async.brokers import find_broker
from koscom_async.errors import UsageError

SCHEMES = {"apikey": AuthScheme.API_KEY, "basic": AuthScheme.BASIC, "bearer": AuthScheme.BEARER}
SAFE_METHODS = frozenset({"GET", "HEAD"})
METHODS = SAFE_METHODS | {"POST", "PUT", "PATCH", "DELETE"}
_MARKET = "/v3/market/"
"""Where paths of the market data service begin that are on its own host."""

_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+/?", re.ASCII)
_VERSION = re.compile(r"v\d{1,2}", re.ASCII)
_SHORTEST_SECRET = 4


@frozen(eq=False, repr=False)
class RawPath:
    """A path that may be asked: whose limits it counts against, of which service's day, and at which host."""

    path: str
    broker: str
    service: str
    site: Site


def checked_method(method: str) -> str:
    """Return the HTTP method in capitals, or raise `UsageError`."""
    name = str(method).upper()
    if name not in METHODS:
        raise UsageError(f"{method!r} is no HTTP method", advice=f"use one of {', '.join(sorted(METHODS))}")
    return name


def checked_scheme(scheme: str) -> AuthScheme:
    """Return the authentication scheme of that name, or raise `UsageError`."""
    found = SCHEMES.get(str(scheme).lower())
    if found is None:
        raise UsageError(f"{scheme!r} is no scheme", advice=f"use one of {', '.join(SCHEMES)}")
    return found


def checked_path(path: str) -> RawPath:
    """Return a path of the configured gateway, or raise `UsageError`: no address, no query, nothing encoded."""
    parts = str(path).split("/")
    if not _PATH.fullmatch(str(path)) or {".", ".."} & set(parts):
        raise UsageError(
            "the path must be one of the gateway's own, such as /v3/market/…, without host and query",
            advice="give the query as params=…",
        )
    parts = [part for part in parts if part]
    if _VERSION.fullmatch(parts[0]):
        parts = parts[1:]
    named = parts[0] if parts else COMMON
    is_broker = find_broker(short_name=named) is not None
    service = parts[1] if is_broker and len(parts) > 1 else named
    # The daily quota belongs to a service, by whatever name the typed methods know it.
    return RawPath(
        path=str(path),
        broker=named if is_broker else COMMON if named == COMMON else service,
        service={COMMON: "member", "b2baccount": "discretionary"}.get(service, service),
        site=Site.MARKET if str(path).startswith(_MARKET) else Site.GATEWAY,
    )


def checked_params(params: Mapping[str, object] | None, secrets: tuple[str, ...]) -> dict[str, str]:
    """Return the query of the URL as text, or raise `UsageError` if a secret would get into it."""
    texts = {str(name): _param(value) for name, value in (params or {}).items()}
    has_key = any(name.lower() == "apikey" for name in texts)
    if has_key or any(secret and secret in text for secret in secrets for text in texts.values()):
        raise UsageError(
            "a secret must not be put into a URL", advice="leave it out: the scheme puts it into a header"
        )
    return texts


def _param(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def checked_json(document: object) -> None:
    """Raise `UsageError` for a value that is not JSON, before a call is spent."""
    try:
        json.dumps(document, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise UsageError(
            "json= holds what JSON cannot express",
            advice="use dicts, lists, text, numbers, True, False and None",
        ) from None


def texts_in(document: object) -> Iterator[str]:
    """Yield every text of a request that may be personal, and that no error may repeat."""
    match document:
        case str() if len(document) >= _SHORTEST_SECRET:
            yield document
        case dict():
            for value in document.values():
                yield from texts_in(value)
        case list() | tuple():
            for value in document:
                yield from texts_in(value)


@frozen(eq=False, repr=False)
class RawReader:
    """Returns the document as it came, unless it carries an error or answers another call."""

    request_id: str | None

    def __call__(self, document: object) -> object:
        """Return the document, or raise a `KoscomError`."""
        if isinstance(document, dict):
            check_response_code(document)
            if self.request_id is not None:
                check_request_id(document, self.request_id, strict=True)
        return document


def request_id_in(document: object) -> str | None:
    """Return the request id of a body in the platform's envelope, or `None`."""
    if not isinstance(document, dict) or not isinstance(document.get("commonHeader"), dict):
        return None
    header = read_object(document["commonHeader"], "commonHeader")
    value = header.get("reqIdConsumer")
    return read_field(header, "reqIdConsumer", read_text, "commonHeader") if isinstance(value, str) else None
