"""Certificates that are not trusted, and authorities that cannot be read: said in words, asked once, held against none."""

import ssl
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import trustme

from koscom_async import Breaker, ConnectionFailedError, Koscom, Retry
from koscom_async._transport.certificates import distrust
from koscom_async.settings import Backend
from tests.client.fake_gateway import investor_of, settings_of
from tests.http.scripted import always, scripted
from tests.http.test_reuse import OK

EAGER = {"retry": Retry(attempts=3, base=0.001, cap=0.002), "breaker": Breaker(failures=2, investors=1)}
BACKENDS = (Backend.CORE, Backend.FAST, Backend.HTTPX)


def context_of(authority, *names, **options):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*names, **options).configure_cert(context)
    return context


async def refused(koscom):
    with pytest.raises(ConnectionFailedError) as caught:
        await koscom.member.registration(investor_of())
    error = caught.value
    assert (error.code, error.retriable, error.attempts) == ("certificate", False, 1)
    return error


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


async def test_a_certificate_that_is_not_trusted_is_asked_once_and_opens_no_circuit(
    authority, monkeypatch, tmp_path
):
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    ended = datetime.now(UTC) - timedelta(days=1)
    cases = (
        *((each, "issuer", context_of(authority, "127.0.0.1"), None) for each in BACKENDS),
        (Backend.AUTO, "IP address mismatch", context_of(authority, "gateway.example"), "authority.pem"),
        (Backend.AUTO, "expired", context_of(authority, "127.0.0.1", not_after=ended), "authority.pem"),
    )
    for backend, reason, context, file in cases:
        if file is not None:
            monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / file))
        async with scripted(always(OK), context=context) as server:
            settings = settings_of(backend=backend, base_url=server.url[:-1], **EAGER)
            async with Koscom(settings) as koscom:
                for _ in range(4):
                    error = await refused(koscom)
                assert "certificate is not trusted" in error.message
                assert reason in error.message
                assert "SSL_CERT_FILE" in error.advice
                common = koscom.statistics().of("common")
                assert (common.breaker, common.calls, common.retries) == ("closed", 4, 0)
            assert server.requests == []


async def test_authorities_that_cannot_be_read_are_named_and_read_again_by_the_next_call(
    monkeypatch, tmp_path
):
    (tmp_path / "empty.pem").touch()
    (tmp_path / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n")
    settings = settings_of(base_url="https://127.0.0.1:1", **EAGER)
    async with Koscom(settings) as koscom:
        for name in ("missing.pem", "empty.pem", "broken.pem"):
            monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / name))
            error = await refused(koscom)
            assert "file of trusted authorities cannot be read" in error.message
            assert "SSL_CERT_FILE" in error.advice
        assert koscom.statistics().of("common").breaker == "closed"
        monkeypatch.delenv("SSL_CERT_FILE")
        with pytest.raises(ConnectionFailedError, match="ConnectError") as caught:
            await koscom.member.registration(investor_of())
        assert caught.value.retriable


def test_the_reason_is_found_behind_what_wraps_it():
    lowest = ssl.SSLCertVerificationError()
    lowest.verify_message = "certificate has expired"
    wrapped = httpx.ConnectError("no connection")
    wrapped.__cause__ = OSError()
    wrapped.__cause__.__context__ = lowest
    assert distrust(wrapped) == "certificate has expired"
    assert distrust(httpx.ConnectError("refused")) is None
    circle = OSError()
    other = OSError()
    circle.__cause__, other.__cause__ = other, circle
    assert distrust(circle) is None
