"""The choice of connections: by the settings, by what is installed, by the event loop, and by who else takes part."""

import asyncio

import anyio
import httpx
import pytest
import respx
import trio
from attrs import evolve

from koscom_async import ConnectionFailedError, Koscom, UsageError
from koscom_async._http.h11_parser import H11Response
from koscom_async._http.llhttp_parser import LlhttpResponse
from koscom_async._http.transport import REUSE, PooledTransport, Reuse
from koscom_async._transport.backend import HttpxPools, choose_response_type, open_transport
from koscom_async.sandbox import SandboxGateway
from koscom_async.settings import Backend
from tests.client.fake_gateway import investor_of, settings_of
from tests.end_to_end.test_main_job import impatient
from tests.http.scripted import always, ask, once, scripted
from tests.http.test_reuse import OK, Gate, dying, until


async def opened(backend=Backend.AUTO, *, base_url="http://127.0.0.1:1"):
    settings = settings_of(backend=backend, base_url=base_url)
    transport = await open_transport(settings, choose_response_type(backend))
    await transport.aclose()
    return transport


async def kind_of(backend=Backend.AUTO):
    transport = await opened(backend)
    return transport.response_type if isinstance(transport, PooledTransport) else type(transport)


@pytest.fixture
def nothing_installed(monkeypatch):
    monkeypatch.setattr("koscom_async._transport.backend._missing", lambda: ("httptools", "msgspec"))


async def test_each_backend_has_its_connections():
    assert await kind_of() is LlhttpResponse
    assert await kind_of(Backend.FAST) is LlhttpResponse
    assert await kind_of(Backend.CORE) is H11Response
    assert await kind_of(Backend.HTTPX) is HttpxPools


@pytest.mark.usefixtures("nothing_installed")
async def test_without_the_extra_the_core_s_parser_reads():
    assert await kind_of() is H11Response


@pytest.mark.parametrize("backend", [Backend.AUTO, Backend.CORE])
async def test_tls_has_its_one_context(backend):
    transport = await opened(backend, base_url="https://gateway.example")
    context = transport._dialler._context
    assert (context.check_hostname, context.verify_mode.name) == (True, "CERT_REQUIRED")
    assert (await opened(backend))._dialler._context is None


async def test_a_client_opens_what_its_settings_say():
    kinds = {"auto": PooledTransport, "fast": PooledTransport, "core": PooledTransport, "httpx": HttpxPools}
    for name, kind in kinds.items():
        async with SandboxGateway() as gateway, Koscom(impatient(gateway.settings, backend=name)) as koscom:
            assert (await koscom.member.registration(gateway.investor)).is_member
            assert type(koscom._gateway.sender.transport) is kind


async def test_a_replaced_httpx_is_used_unless_the_settings_insist(monkeypatch):
    async def traced(self, request):
        raise NotImplementedError

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", traced)
    assert await kind_of() is HttpxPools
    assert await kind_of(Backend.CORE) is HttpxPools
    assert await kind_of(Backend.FAST) is LlhttpResponse


async def test_a_mock_of_httpcore_is_asked():
    with respx.mock:
        assert await kind_of() is HttpxPools
    assert await kind_of() is LlhttpResponse


def test_under_trio_httpx_does_the_work_and_fast_is_refused():
    assert trio.run(kind_of) is HttpxPools
    assert trio.run(kind_of, Backend.CORE) is HttpxPools
    with pytest.raises(UsageError, match="asyncio's event loops only") as caught:
        trio.run(kind_of, Backend.FAST)
    assert caught.value.advice == "use backend='auto' or 'httpx' under trio"
    assert asyncio.run(kind_of(Backend.FAST)) is LlhttpResponse


def test_a_client_works_under_trio():
    async def ask_in_trio(settings, investor):
        async with Koscom(settings) as koscom:
            return (await koscom.member.registration(investor)).is_member

    with SandboxGateway() as gateway:
        assert trio.run(ask_in_trio, impatient(gateway.settings), gateway.investor)


def test_a_missing_extra_is_told_where_the_client_is_made(monkeypatch):
    monkeypatch.setattr("koscom_async._transport.backend._missing", lambda: ("httptools",))
    with pytest.raises(ImportError, match=r"\.\[fast\]"):
        Koscom(settings_of(backend=Backend.FAST))


async def test_httpx_s_connections_are_as_many_as_calls_and_used_again():
    gate = Gate()
    transport = HttpxPools(in_flight=25, context=None)
    assert len(transport._pools) == 3
    async with scripted(gate.script) as server:
        async with anyio.create_task_group() as group:
            for _ in range(25):
                group.start_soon(ask, transport, server.url)
            await until(lambda: gate.waiting == 25)
            assert sorted(transport._calls.values()) == [0, 8, 8, 9]
            gate.may_answer.set()
        assert transport.busy == 0
        for _ in range(50):
            assert await ask(transport, server.url) == (200, b"ok")
        assert server.connections == 25
        await transport.aclose()


async def test_over_httpx_too_a_forgotten_connection_costs_one_more_connection():
    for words in (None, b""):
        transport = HttpxPools(in_flight=10, context=None)
        async with scripted(dying(words), always(OK)) as server:
            for _ in range(3):
                assert await ask(transport, server.url) == (200, b"ok")
            assert (server.connections, len(server.requests), transport.busy) == (3, 4, 0)
        await transport.aclose()


async def test_over_httpx_a_new_connection_is_not_tried_twice_and_a_trace_of_the_user_s_is_kept():
    heard = []

    async def trace(step, info):
        heard.append(step)

    transport = HttpxPools(in_flight=10, context=None)
    async with scripted(dying(None, at=1), dying(None), always(OK)) as server:
        with pytest.raises(httpx.ReadError):
            await ask(transport, server.url)
        assert len(server.requests) == 1
        assert await ask(transport, server.url) == (200, b"ok")
        request = httpx.Request("GET", server.url, extensions={REUSE: Reuse.ANY, "trace": trace})
        with pytest.raises(httpx.ReadError):
            await transport.handle_async_request(request)
        assert "http11.send_request_headers.started" in heard
        with pytest.raises(httpx.ConnectError):
            await ask(transport, "http://127.0.0.1:1/")
        assert transport.busy == 0
    await transport.aclose()


async def test_over_httpx_what_may_not_take_any_kept_connection_takes_a_new_one():
    transport = HttpxPools(in_flight=10, context=None)
    async with scripted(always(OK)) as server:
        for reuse in (Reuse.ANY, Reuse.QUIET, Reuse.QUIET, Reuse.NONE, Reuse.ANY):
            assert await ask(transport, server.url, reuse=reuse) == (200, b"ok")
        assert server.connections == 4
    await transport.aclose()


async def test_a_call_over_httpx_counts_until_its_response_is_closed(monkeypatch):
    transport = HttpxPools(in_flight=10, context=None)
    async with scripted(always(OK)) as server:
        response = await transport.handle_async_request(httpx.Request("GET", server.url))
        assert transport.busy == 1
        await response.aclose()
        assert transport.busy == 0
    with pytest.raises(httpx.ConnectError):
        await ask(transport, server.url)
    assert transport.busy == 0

    async def mocked(self, request):
        return httpx.Response(200, json={})

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", mocked)
    assert await ask(transport, server.url) == (200, b"{}")
    assert transport.busy == 0
    await transport.aclose()


async def test_no_error_quotes_what_came_instead_of_an_answer():
    """A server may echo secrets in a status line, a header or a chunk's size."""
    for backend in (Backend.CORE, Backend.FAST, Backend.HTTPX):
        for said in (
            b"HTTP/9.1 TOKEN-MARK-A\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTOKEN-MARK-A : 1\r\n\r\n",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nTOKEN-MARK-A\r\n",
        ):
            async with (
                scripted(once(said)) as server,
                Koscom(settings_of(base_url=server.url[:-1], backend=backend)) as koscom,
            ):
                with pytest.raises(ConnectionFailedError, match="RemoteProtocolError") as caught:
                    await koscom.member.registration(investor_of())
            error = caught.value
            assert error.retriable
            while error is not None:
                assert "MARK" not in str(error), backend
                error = error.__cause__ or error.__context__


async def test_proxy_variables_are_not_read(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        for variable in (name, name.lower()):
            monkeypatch.setenv(variable, "http://127.0.0.1:1")
    async with SandboxGateway() as gateway:
        for backend in (Backend.CORE, Backend.FAST, Backend.HTTPX):
            async with Koscom(evolve(gateway.settings, backend=backend)) as koscom:
                assert (await koscom.member.registration(gateway.investor)).is_member
