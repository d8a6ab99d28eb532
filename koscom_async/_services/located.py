"""Names the place on an error that arose away from any single call, such as a missing row or a deadline."""

from collections.abc import Iterator
from contextlib import contextmanager

from koscom_async._wire.endpoints import Endpoint
from koscom_async.brokers import Broker
from koscom_async.errors import KoscomError
from koscom_async.models.member import VirtualAccount


@contextmanager
def located(
    endpoint: Endpoint, account: VirtualAccount | None = None, *, broker: Broker | None = None
) -> Iterator[None]:
    """Complete the errors that pass with endpoint and, where one is concerned, broker and masked account."""
    try:
        yield
    except KoscomError as error:
        error.endpoint = error.endpoint or endpoint.name
        if broker is not None:
            error.broker = error.broker or broker.short_name
        if account is not None:
            error.broker = error.broker or account.broker.short_name
            error.account = error.account or account.masked_number
        raise
