"""Which connections carry a client's calls: httpx's own, or those of the extra `fast`."""

import ssl
import sys
from functools import cache
from importlib.util import find_spec
from types import FunctionType

import anyio.to_thread
import httpx

from koscom_async._http.event_loop import asyncio_loop
from koscom_async._http.pool import OwnTransport
from koscom_async.errors import UsageError
from koscom_async.settings import Backend, Settings

# Which libraries carry HTTP and read JSON here: what the settings say, and what is installed.

LIBRARIES = ("httptools", "msgspec")
"""What the extra `fast` installs."""


def is_fast(backend: Backend) -> bool:
    """Whether the fast libraries are to be used; raise an `ImportError` where they must be and are missing."""
    if backend is Backend.CORE:
        return False
    missing = _missing()
    if missing and backend is Backend.FAST:
        raise ImportError(
            f"backend='fast' needs {' and '.join(missing)}: pip install 'koscom_async[fast]'", name=missing[0]
        )
    return not missing


@cache
def _missing() -> tuple[str, ...]:
    return tuple(name for name in LIBRARIES if find_spec(name) is None)


def prepare(backend: Backend) -> bool:
    """Return whether the fast libraries are there and wanted, with all loaded: no call waits for an import."""
    if not is_fast(backend):
        return False
    import koscom_async._http.transport  # noqa: F401, PLC0415  # an extra

    return True


async def open_transport(settings: Settings, *, may_be_fast: bool) -> httpx.AsyncBaseTransport:
    """Return a transport for the settings; `may_be_fast` is what `prepare` said."""
    use_tls = settings.base_url.startswith("https:")
    if may_be_fast and _suits(settings.backend):
        from koscom_async._http.transport import FastTransport  # noqa: PLC0415  # an extra

        return FastTransport(
            keep=settings.limits.in_flight,
            context=await tls_context() if use_tls else None,
            attempt=settings.timeouts.attempt,
        )
    # In a thread, since reading the certificates would hold the loop for 70 ms.
    return await anyio.to_thread.run_sync(lambda: OwnTransport(use_tls=use_tls))


def keeps_time(transport: httpx.AsyncBaseTransport) -> bool:
    """Whether a transport bounds each try by itself, so that no scope has to be put around it."""
    return not isinstance(transport, OwnTransport)


async def tls_context() -> ssl.SSLContext:
    """Return one with httpx's choice of authorities, which speaks HTTP/1.1 only."""
    context = await anyio.to_thread.run_sync(httpx.create_ssl_context)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _suits(backend: Backend) -> bool:
    if asyncio_loop() is None:
        if backend is Backend.FAST:
            raise UsageError(
                "backend='fast' works in asyncio's event loops only",
                advice="use backend='auto' or 'core' under trio",
            )
        return False
    return backend is Backend.FAST or not _is_httpx_patched()


def _is_httpx_patched() -> bool:
    """Whether somebody put something in the place of httpx's connections, as tracing and mocks do.

    Whoever does that means every request of the process, and ours among them, so they go that way.
    """
    if not _is_own(httpx.AsyncHTTPTransport.handle_async_request, "httpx."):
        return True
    # Not imported for this: who has not imported it has not patched it.
    httpcore = sys.modules.get("httpcore")
    return httpcore is not None and not _is_own(
        httpcore.AsyncConnectionPool.handle_async_request, "httpcore."
    )


def _is_own(function: object, package: str) -> bool:
    # Not `isinstance`: wrapt's proxies, which tracing uses, claim to be what they wrap.
    return type(function) is FunctionType and function.__module__.startswith(package)
