"""Any endpoint without a typed method, behind the same limits, retries, breaker, quota and deadline.

It reads nothing but JSON: what the fields mean is the caller's.
"""

from collections.abc import Mapping
from typing import Any

from koscom_async._services.operation import deadline_at, operation
from koscom_async._services.resolve import BrokerLike, expect_investor, resolve_broker
from koscom_async._transport.gateway import Gateway
from koscom_async._wire import raw
from koscom_async._wire.endpoints import AuthScheme, Call, Endpoint
from koscom_async.errors import UsageError
from koscom_async.models.investor import Investor
from koscom_async.settings import Settings


async def call_raw(
    gateway: Gateway,
    settings: Settings,
    method: str,
    path: str,
    *,
    scheme: str,
    json: Any,
    params: Mapping[str, object] | None,
    investor: Investor | None,
    broker: BrokerLike | None,
    repeatable: bool | None,
    deadline: float | None,
) -> Any:
    """Check the arguments of `Koscom.call`, make the call, and return the answer's JSON."""
    asked = _checked(
        settings,
        method,
        path,
        scheme=scheme,
        json=json,
        params=params,
        investor=investor,
        broker=broker,
        repeatable=repeatable,
    )
    del json, params  # an error reporter may send this frame's variables
    with operation(gateway, asked.endpoint, broker=asked.broker, deadline=deadline_at(deadline)) as trace:
        return await gateway.ask(asked, trace)


def _checked(
    settings: Settings,
    method: str,
    path: str,
    *,
    scheme: str,
    json: Any,
    params: Mapping[str, object] | None,
    investor: Investor | None,
    broker: BrokerLike | None,
    repeatable: bool | None,
) -> Call[Any]:
    verb, where, how = raw.checked_method(method), raw.checked_path(path), raw.checked_scheme(scheme)
    if how is AuthScheme.BEARER and investor is None:
        raise UsageError("the scheme bearer asks on behalf of an investor: give investor=")
    if investor is not None:
        expect_investor(investor)
    raw.checked_json(json)
    secrets = (settings.api_key, settings.api_secret, *(investor.secrets if investor else ()))
    query = raw.checked_params(params, secrets)
    is_safe = verb in raw.SAFE_METHODS
    endpoint = Endpoint(
        f"{where.service}.call",
        where.path,
        how,
        repeatable=is_safe if repeatable is None else repeatable,
        site=where.site,
    )
    return Call(
        endpoint=endpoint,
        path=where.path,
        method=verb,
        params=query,
        broker=resolve_broker(broker).short_name if broker is not None else where.broker,
        body=json,
        read=raw.RawReader(raw.request_id_in(json)),
        investor=investor if how is AuthScheme.BEARER else None,
        secrets=(*secrets, *raw.texts_in(json), *raw.texts_in(list(query.values()))),
    )
