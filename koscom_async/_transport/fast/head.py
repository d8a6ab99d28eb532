"""The bytes of a request: its head, written here, and the body behind it, so that they leave in one write."""

import httpx


def request_bytes(request: httpx.Request) -> bytes:
    """Return a request as it goes over the wire; raise `httpx.LocalProtocolError` for one that would be taken amiss."""
    target = request.url.raw_path
    headers = request.headers.raw
    body = _body(request, headers)
    lines = [b"%b %b HTTP/1.1" % (request.method.encode("ascii", "replace"), target)]
    lines += [b"%b: %b" % header for header in headers]
    head = b"\r\n".join(lines)
    breaks = len(lines) - 1
    # A line break in a value would begin another header, or another request. The value itself may be secret.
    if head.count(b"\r") != breaks or head.count(b"\n") != breaks or b"\0" in head:
        raise httpx.LocalProtocolError("a header or the target holds a line break")
    if not (request.method.isascii() and request.method.isalpha()) or b" " in target:
        raise httpx.LocalProtocolError("the method or the target is not one")
    return b"%b\r\n\r\n%b" % (head, body)


def _body(request: httpx.Request, headers: list[tuple[bytes, bytes]]) -> bytes:
    try:
        body = request.content
    except httpx.RequestNotRead:
        raise httpx.LocalProtocolError("only bodies that are there as a whole can be sent") from None
    # Any other length would make one request's end the next one's beginning. (Of httpx's headers, these bytes are had
    # for a tenth of what a look-up by name costs.)
    lengths = [value for name, value in headers if name.lower() == b"content-length"]
    if lengths != [b"%d" % len(body)] and (body or lengths):
        raise httpx.LocalProtocolError("Content-Length is not the body's")
    return body
