"""TLS with certificates made for the test: the right one passes, and no other."""

import ssl

import httpx
import pytest
import trustme

from koscom_async._transport.certificates import tls_context
from tests.fake_time import settled
from tests.http.scripted import always, ask, ending, opened, scripted
from tests.http.test_answers import CHUNKED, OK
from tests.http.test_reuse import until
from tests.leaks import open_descriptors
from tests.test_cancellation import WAYS, cancelled_at


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def server_context(authority, *names):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*names).configure_cert(context)
    return context


def client_context(authority=None):
    context = tls_context()
    if authority is not None:
        authority.configure_trust(context)
    return context


async def test_a_certificate_of_a_known_authority_for_this_host_passes(authority):
    context = server_context(authority, "127.0.0.1", "localhost")
    async with (
        scripted(always(OK), context=context) as server,
        opened(context=client_context(authority)) as transport,
    ):
        for _ in range(3):
            assert await ask(transport, server.url) == (200, b"ok")
        assert server.connections == 1
        assert await ask(transport, server.url.replace("127.0.0.1", "localhost")) == (200, b"ok")
        (connection, _) = transport._open
        assert connection._transport.get_extra_info("ssl_object").selected_alpn_protocol() is None


async def test_large_bodies_pass_in_both_directions(authority):
    context = server_context(authority, "127.0.0.1")
    body = bytes(range(256)) * 2**13
    answer = CHUNKED + b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"
    async with (
        scripted(always(answer), context=context) as server,
        opened(context=client_context(authority)) as transport,
    ):
        for _ in range(2):
            assert await ask(transport, server.url, content=body) == (200, body)
        assert server.requests[-1].endswith(b"\r\n\r\n" + body)
        assert server.connections == 1


async def test_a_body_that_ends_with_the_connection_ends_and_one_that_is_cut_off_fails(authority):
    context = server_context(authority, "127.0.0.1")
    async with (
        scripted(
            ending(b"HTTP/1.1 200 OK\r\n\r\nok"),
            ending(OK[:-1]),
            always(OK),
            context=context,
        ) as server,
        opened(context=client_context(authority)) as transport,
    ):
        assert await ask(transport, server.url) == (200, b"ok")
        with pytest.raises(httpx.RemoteProtocolError, match="in the middle of a response"):
            await ask(transport, server.url)
        assert await ask(transport, server.url) == (200, b"ok")


@pytest.mark.parametrize("way", WAYS)
async def test_a_call_can_be_cancelled_at_every_await_of_its_handshake(authority, way):
    context = server_context(authority, "127.0.0.1")
    descriptors = open_descriptors()
    async with (
        scripted(always(OK), context=context) as server,
        opened(context=client_context(authority)) as transport,
    ):
        at = 1
        while await cancelled_at(at, way, lambda: ask(transport, server.url)):
            await settled()
            assert transport.busy == 0
            assert len(transport._open) == len(transport._idle)
            for connection in tuple(transport._open):  # so that the next call has a handshake, too
                connection.abort()
            await settled()
            at += 1
        assert at > 2
    await settled()
    assert open_descriptors() <= descriptors


async def test_a_connection_that_the_server_closed_while_idle_fails_no_call(authority):
    context = server_context(authority, "127.0.0.1")
    async with (
        scripted(ending(OK), context=context) as server,
        opened(context=client_context(authority)) as transport,
    ):
        for _ in range(3):
            assert await ask(transport, server.url) == (200, b"ok")
            await until(lambda: not transport._open)
        assert server.connections == 3


async def test_a_certificate_for_another_host_does_not(authority):
    context = server_context(authority, "gateway.example")
    async with (
        scripted(always(OK), context=context) as server,
        opened(context=client_context(authority)) as transport,
    ):
        descriptors = open_descriptors()
        with pytest.raises(httpx.ConnectError, match="IP address mismatch"):
            await ask(transport, server.url)
        await settled()
        assert (server.requests, transport._open) == ([], {})
        assert open_descriptors() <= descriptors


async def test_a_certificate_of_an_unknown_authority_does_not(authority):
    context = server_context(authority, "127.0.0.1")
    async with (
        scripted(always(OK), context=context) as server,
        opened(context=client_context()) as transport,
    ):
        descriptors = open_descriptors()
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await ask(transport, server.url)
        await settled()
        assert server.requests == []
        assert open_descriptors() <= descriptors


async def test_a_server_without_tls_does_not(authority):
    async def plain(wire):
        await wire.reader.read(1)
        await wire.say(OK)

    async with (
        scripted(plain) as server,
        opened(context=client_context(authority)) as transport,
    ):
        with pytest.raises(httpx.ConnectError):
            await ask(transport, server.url.replace("http:", "https:"))


async def test_a_handshake_that_does_not_end_is_a_connect_timeout(authority):
    async def silent(wire):
        await wire.closed()

    async with (
        scripted(silent) as server,
        opened(context=client_context(authority)) as transport,
    ):
        descriptors = open_descriptors()
        with pytest.raises(httpx.ConnectTimeout):
            await ask(transport, server.url.replace("http:", "https:"), timeouts={"connect": 0.02})
        await until(lambda: open_descriptors() <= descriptors)
