"""What a transport does with cancellation, timeouts, odd answers and closed connections: a question each."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable

import anyio
import httpx

from koscom_async._http.transport import REUSE, Reuse

SECONDS = 5.0
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
Transport = httpx.AsyncBaseTransport
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Check = Callable[[Callable[[int], Transport]], Awaitable[str]]


def saying(answer: bytes, *, closing: bool = False) -> Serve:
    """Return a server's side that answers each request so, and may close afterwards without a word of it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                if not answer:
                    await asyncio.sleep(SECONDS)
                writer.write(answer)
                await writer.drain()
                if closing:
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        writer.close()

    return serve


async def asked(transport: Transport, url: str, **timeouts: float) -> str:
    """Return status and body, or the name of the error."""
    timeout = httpx.Timeout(SECONDS).as_dict() | timeouts
    request = httpx.Request("GET", url, extensions={"timeout": timeout, REUSE: Reuse.ANY})
    try:
        response = await transport.handle_async_request(request)
        try:
            return f"{response.status_code} {(await response.aread()).decode()}"
        finally:
            await response.aclose()
    except Exception as error:  # whatever it is, it is what is asked for
        return f"{type(error).__module__.partition('.')[0]}.{type(error).__name__}"


async def serving(
    serve: Serve,
    transport: Transport,
    ask: Callable[[str], Awaitable[str]],
    context: ssl.SSLContext | None = None,
) -> str:
    """Run a server for one question."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    scheme = "https" if context else "http"
    try:
        return await ask(f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    finally:
        await transport.aclose()
        server.close()


def plain(say: bytes, document: str, *, closing: bool = False, **timeouts: float) -> Check:
    """Return a check of one question and its answer."""

    async def check(make: Callable[[int], Transport]) -> str:
        transport = make(1)
        return await serving(
            saying(say, closing=closing), transport, lambda url: asked(transport, url, **timeouts)
        )

    check.__doc__ = document
    return check


async def cancelled(make: Callable[[int], Transport]) -> str:
    """50 calls cancelled with one connection allowed, then one more."""
    transport = make(1)

    async def ask(url: str) -> str:
        for turns in range(50):
            with anyio.CancelScope() as scope:
                async with asyncio.TaskGroup() as group:
                    call = group.create_task(asked(transport, url))
                    for _ in range(turns):
                        await asyncio.sleep(0)
                    call.cancel()
                    scope.shield = True
        return await asked(transport, url, pool=1.0)

    return await serving(saying(OK), transport, ask)


async def reused(make: Callable[[int], Transport]) -> str:
    """20 calls, each over a connection that the server closes after its answer."""
    transport = make(1)

    async def ask(url: str) -> str:
        answers = [await asked(transport, url) for _ in range(20)]
        return (
            f"{answers.count('200 ok')} of 20 answered; {', '.join({*answers} - {'200 ok'}) or 'no errors'}"
        )

    return await serving(saying(OK, closing=True), transport, ask)


async def untrusted(make: Callable[[int], Transport]) -> str:
    """TLS with a certificate that no known authority signed (needs trustme)."""
    try:
        import trustme  # optional here
    except ImportError:
        return "not checked: trustme is not installed"
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    transport = make(1)
    return await serving(saying(OK), transport, lambda url: asked(transport, url), context)


async def refused(make: Callable[[int], Transport]) -> str:
    """No server listens (httpx: ConnectError)."""
    transport = make(1)
    try:
        return await asked(transport, "http://127.0.0.1:9/")
    finally:
        await transport.aclose()


CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\nx-t: 1\r\n\r\n"
HALF = b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nok"
CHECKS: tuple[Check, ...] = (
    plain(CHUNKED, "chunks with extensions and trailers"),
    plain(b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + OK, "an interim answer before the answer"),
    plain(b"HTTP/1.1 200 OK\r\n\r\nok", "a body that ends with the connection", closing=True),
    plain(HALF, "a body that is cut off (httpx: RemoteProtocolError)", closing=True),
    plain(b"nonsense\r\n\r\n", "what is not HTTP (httpx: RemoteProtocolError)", closing=True),
    plain(b"", "no answer in time (httpx: ReadTimeout)", read=0.1),
    refused,
    cancelled,
    reused,
    untrusted,
)


async def verdict(check: Check, make: Callable[[int], Transport]) -> str:
    """Return what a check found, or that it did not end."""
    try:
        with anyio.move_on_after(2 * SECONDS):
            return await check(make)
    except asyncio.CancelledError:
        return "did not end, and took anyio's cancellation for another's"
    return "did not end"
