"""Where a connection leads, and so whose requests may share it."""

import httpx
from attrs import frozen

PORTS = {"http": 80, "https": 443}


@frozen
class Origin:
    """Host, port, and whether TLS is spoken there."""

    host: str
    port: int
    is_tls: bool


def origin_of(url: httpx.URL) -> Origin:
    """Return where a URL leads; raise `httpx.UnsupportedProtocol` for what is not HTTP."""
    scheme = url.scheme
    if scheme not in PORTS or not url.host:
        raise httpx.UnsupportedProtocol("only http:// and https:// with a host can be asked")
    return Origin(url.raw_host.decode("ascii"), url.port or PORTS[scheme], scheme == "https")
