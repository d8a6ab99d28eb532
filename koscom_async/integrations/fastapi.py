"""FastAPI: one client for an application, errors as problem documents, holdings as JSON and as events.

A route may return holdings, or any other record or error, as they are: decimals become text, account numbers are
masked, secrets hidden.
"""

from typing import Annotated

from koscom_async._hints import missing

try:
    from fastapi import Depends
    from fastapi.encoders import encoders_by_class_tuples
except ImportError as error:
    raise missing("this needs FastAPI", extra="web", name=error.name) from error

from koscom_async._record import Record
from koscom_async.client import Koscom
from koscom_async.errors import KoscomError
from koscom_async.export.rows import dicts_of
from koscom_async.integrations.web import (
    ClientGoneError,
    Events,
    HoldingsResponse,
    ProblemResponse,
    RequestDeadline,
    authorized,
    end_reconnection,
    holdings_events,
    install_error_handlers,
    koscom_lifespan,
    koscom_of,
    open_until_gone,
    until_gone,
)

__all__ = [
    "ClientGoneError",
    "DeadlineDependency",
    "Events",
    "HoldingsResponse",
    "KoscomDependency",
    "ProblemResponse",
    "RequestDeadline",
    "authorized",
    "end_reconnection",
    "holdings_events",
    "install_error_handlers",
    "koscom_lifespan",
    "koscom_of",
    "open_until_gone",
    "until_gone",
]

KoscomDependency = Annotated[Koscom, Depends(koscom_of)]
"""The application's client, as the type of a route's argument: `async def route(koscom: KoscomDependency)`."""

DeadlineDependency = Annotated[float, Depends(RequestDeadline())]
"""The seconds for a request: 8, or what the header `Prefer: wait=…` says, and at most 30."""


# Where FastAPI looks up how to write a type that it does not know: of an error it would write every attribute. A route
# that names a record as what it returns is served by pydantic, which asks the record itself.
encoders_by_class_tuples[dicts_of] = (Record, KoscomError)
