"""The bytes below httpx's connections: written at once, bounded in time, over TLS, and closed in any case."""

import ssl
from contextlib import asynccontextmanager, suppress

import anyio
import anyio.abc
import anyio.lowlevel
import httpx
import pytest
import trustme
from anyio.streams.tls import TLSListener

from koscom_async._http.pool import OwnTransport
from tests.fake_time import settled
from tests.leaks import open_descriptors

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
REFUSAL = b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno"
SECONDS = {"connect": 5.0, "read": 5.0, "write": 5.0, "pool": 5.0}


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def server_context(authority, *names):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


async def answering(stream):
    async with stream:
        while True:
            await stream.receive()
            await stream.send(ANSWER)


async def silent(stream):
    async with stream:
        await anyio.sleep_forever()


@asynccontextmanager
async def listening(handler, context=None):
    """Yield the address of a server that handles each connection so."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610  # anyio's, not Django's

    async def quietly(stream):
        with suppress(anyio.EndOfStream, anyio.BrokenResourceError, ssl.SSLError):
            await handler(stream)

    served = TLSListener(listener, context, standard_compatible=False) if context else listener
    async with anyio.create_task_group() as group:
        group.start_soon(served.serve, quietly)
        yield f"{'https' if context else 'http'}://127.0.0.1:{port}/"
        group.cancel_scope.cancel()
    await served.aclose()


@asynccontextmanager
async def transport_of(**how):
    transport = OwnTransport(**{"use_tls": False} | how)
    try:
        yield transport
    finally:
        await transport.aclose()


async def post(transport, url, body=b"{}", **seconds):
    request = httpx.Request("POST", url, content=body, extensions={"timeout": SECONDS | seconds})
    response = await transport.handle_async_request(request)
    try:
        return response.status_code, await response.aread()
    finally:
        await response.aclose()


async def test_head_and_body_of_a_request_leave_in_one_piece():
    pieces = []

    async def keeping(stream):
        async with stream:
            pieces.append(await stream.receive())
            await stream.send(ANSWER)
            await stream.receive()

    async with listening(keeping) as url, transport_of() as transport:
        assert await post(transport, url, b'{"a": 1}') == (200, b"ok")
    (piece,) = pieces
    assert piece.startswith(b"POST / HTTP/1.1\r\n")
    assert piece.endswith(b'\r\n\r\n{"a": 1}')


async def test_a_refusal_is_read_although_the_request_was_not():
    async def refusing(stream):
        async with stream:
            await stream.receive(1)
            await stream.send(REFUSAL)
            await stream.send_eof()
            await anyio.sleep_forever()

    async with listening(refusing) as url, transport_of() as transport:
        assert await post(transport, url) == (413, b"no")
        assert transport._pool.connections == []


@pytest.mark.parametrize(
    ("bound", "body", "error"),
    [("read", b"{}", httpx.ReadTimeout), ("write", b"x" * 2**25, httpx.WriteTimeout)],
)
async def test_each_bound_on_time_has_its_own_error(bound, body, error):
    async with listening(silent) as url, transport_of() as transport:
        with pytest.raises(error):
            await post(transport, url, body, **{bound: 0.02})
        assert transport._pool.connections == []


async def test_without_bounds_it_waits_for_the_answer():
    async with listening(answering) as url, transport_of() as transport:
        assert await post(transport, url, connect=None, read=None, write=None) == (200, b"ok")


async def test_where_nobody_listens_there_is_no_connection():
    async with listening(silent) as url:
        pass
    async with transport_of() as transport:
        with pytest.raises(httpx.ConnectError):
            await post(transport, url)
        assert (transport._pool.lent, transport._pool.connections) == (0, [])


async def test_a_reset_is_an_error_of_reading():
    async def resetting(stream):
        await stream.receive()
        await stream.aclose()  # with bytes unread, which is a reset

    async with listening(resetting) as url, transport_of() as transport:
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            await post(transport, url, b"x" * 2**20)
        assert transport._pool.connections == []


@pytest.fixture
def trusting(authority, tmp_path, monkeypatch):
    """Have the client trust the authority that issues the server's certificate."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))


async def test_over_tls_a_connection_is_used_again(authority, trusting):
    connections = []

    async def counting(stream):
        connections.append(stream)
        await answering(stream)

    context = server_context(authority, "127.0.0.1")
    async with listening(counting, context) as url, transport_of(use_tls=True) as transport:
        for _ in range(3):
            assert await post(transport, url) == (200, b"ok")
    assert len(connections) == 1


async def test_over_tls_a_connection_that_the_server_closed_while_idle_fails_no_call(authority, trusting):
    gone = anyio.Event()

    async def once(stream):
        await stream.receive()
        await stream.send(ANSWER)
        await stream.aclose()
        gone.set()

    async with (
        listening(once, server_context(authority, "127.0.0.1")) as url,
        transport_of(use_tls=True) as transport,
    ):
        for _ in range(3):
            assert await post(transport, url) == (200, b"ok")
            await gone.wait()
            await settled()
            gone = anyio.Event()


@pytest.mark.parametrize("wrong", ["host", "authority"])
async def test_a_certificate_that_proves_nothing_is_refused_and_nothing_stays_open(
    authority, trusting, wrong
):
    issuer, name = (authority, "other.example") if wrong == "host" else (trustme.CA(), "127.0.0.1")
    before = open_descriptors()
    async with (
        listening(answering, server_context(issuer, name)) as url,
        transport_of(use_tls=True) as transport,
    ):
        listened = open_descriptors()
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await post(transport, url)
        await settled()
        assert open_descriptors() <= listened
        assert transport._pool.connections == []
    await settled()
    assert open_descriptors() <= before


@pytest.mark.parametrize("how", ["timeout", "cancelled"])
async def test_a_handshake_that_is_broken_off_leaves_nothing_open(how):
    async with listening(silent) as url, transport_of(use_tls=True) as transport:
        before = open_descriptors()
        secure = url.replace("http:", "https:")
        if how == "timeout":
            with pytest.raises(httpx.ConnectTimeout):
                await post(transport, secure, connect=0.02)
        else:
            async with anyio.create_task_group() as group:
                group.start_soon(post, transport, secure)
                while open_descriptors() < before + 2:  # both ends
                    await anyio.lowlevel.checkpoint()
                await settled()
                group.cancel_scope.cancel()
        await settled()
        assert open_descriptors() == before + 1, "the server's end, which knows nothing of it"
        assert transport._pool.connections == []
