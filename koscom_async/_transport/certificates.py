"""TLS: the authorities that are trusted, and what is raised where they are missing or do not know the server.

Neither passes by itself, so that nothing of it is retried, and neither says how the gateway or a broker is, so that no
circuit opens for it.
"""

import ssl

import anyio.to_thread
import httpx

from koscom_async.errors import ConnectionFailedError

_MOST_CAUSES = 10
"""Each layer below wraps an error once or twice."""


async def load_context() -> ssl.SSLContext:
    """Return the TLS context of a client; raise a `ConnectionFailedError` where the authorities cannot be read."""
    # Plain loopback needs none. In a thread, since reading the certificates would hold the loop for 70 ms.
    try:
        return await anyio.to_thread.run_sync(tls_context)
    except OSError as error:  # no such file, or none of certificates
        raise untrusted(
            f"the file of trusted authorities cannot be read: {error}",
            advice="check the file that the environment variable SSL_CERT_FILE names, or unset it",
        ) from error


def tls_context() -> ssl.SSLContext:
    """Return one with httpx's choice of authorities, which speaks HTTP/1.1 only."""
    context = httpx.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def untrusted(
    message: str,
    *,
    advice: str = "check the gateway's address and this computer's clock; where a company inspects its TLS traffic, "
    "name the file of its authority in the environment variable SSL_CERT_FILE",
) -> ConnectionFailedError:
    return ConnectionFailedError(message, code="certificate", retriable=False, advice=advice)


def distrust(error: BaseException) -> str | None:
    """Return why the server's certificate was not trusted, if that is what an error came of."""
    cause: BaseException | None = error
    for _ in range(_MOST_CAUSES):
        if cause is None:
            return None
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message
        cause = cause.__cause__ or cause.__context__
    return None
