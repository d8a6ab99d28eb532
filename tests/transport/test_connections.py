"""The choice of connections: by the settings, by what is installed, by the event loop, and by who else takes part."""

import asyncio

import httpx
import pytest
import respx
import trio

from koscom_async import Koscom, UsageError
from koscom_async._http.pool import OwnTransport
from koscom_async._http.transport import FastTransport
from koscom_async._transport import connections as backend
from koscom_async._transport.connections import open_transport
from koscom_async.sandbox import SandboxGateway
from koscom_async.settings import Backend
from tests.client.fake_gateway import settings_of
from tests.end_to_end.test_main_job import impatient


async def chosen(backend=Backend.AUTO, *, is_fast=True, base_url="http://127.0.0.1:1"):
    transport = await open_transport(settings_of(backend=backend, base_url=base_url), may_be_fast=is_fast)
    await transport.aclose()
    return transport


async def test_the_fast_ones_are_taken_where_they_can_be():
    assert isinstance(await chosen(), FastTransport)
    assert isinstance(await chosen(Backend.FAST), FastTransport)
    assert isinstance(await chosen(is_fast=False), OwnTransport)


async def test_tls_has_its_one_context():
    transport = await chosen(base_url="https://gateway.example")
    context = transport._dialler._context
    assert (context.check_hostname, context.verify_mode.name) == (True, "CERT_REQUIRED")
    assert (await chosen())._dialler._context is None


async def test_a_client_opens_what_its_settings_say():
    for name, kind in {"auto": FastTransport, "fast": FastTransport, "core": OwnTransport}.items():
        async with SandboxGateway() as gateway, Koscom(impatient(gateway.settings, backend=name)) as koscom:
            assert (await koscom.member.registration(gateway.investor)).is_member
            assert type(koscom._gateway.sender.transport) is kind


async def test_who_takes_httpx_s_place_takes_ours_unless_the_settings_insist(monkeypatch):
    async def traced(self, request):
        raise NotImplementedError

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", traced)
    assert isinstance(await chosen(), OwnTransport)
    assert isinstance(await chosen(Backend.FAST), FastTransport)


async def test_a_mock_of_httpcore_is_asked():
    with respx.mock:
        assert isinstance(await chosen(), OwnTransport)
    assert isinstance(await chosen(), FastTransport)


def test_under_trio_the_core_does_the_work_and_fast_is_refused():
    assert isinstance(trio.run(chosen), OwnTransport)
    with pytest.raises(UsageError, match="asyncio's event loops only") as caught:
        trio.run(chosen, Backend.FAST)
    assert caught.value.advice == "use backend='auto' or 'core' under trio"
    assert isinstance(asyncio.run(chosen(Backend.FAST)), FastTransport)


def test_a_missing_extra_is_told_where_the_client_is_made(monkeypatch):
    monkeypatch.setattr(backend, "_missing", lambda: ("httptools",))
    with pytest.raises(ImportError, match=r"koscom_async\[fast\]"):
        Koscom(settings_of(backend=Backend.FAST))
