"""The gateway as an ASGI application: finds the endpoint, and takes each request through the same checks.

Guard, quota, rate, latency, fault, answer: in this order, as a gateway in front of brokers does. What each of them
decides is elsewhere.
"""

from functools import cache

import anyio
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from koscom_async.sandbox.calls import Call, peek
from koscom_async.sandbox.delivery import WAS_USED, End, WireFault
from koscom_async.sandbox.endpoints import ENDPOINTS, Endpoint, Request
from koscom_async.sandbox.fault_kinds import FaultKind
from koscom_async.sandbox.reply import Refused, Reply, code_reply, json_reply
from koscom_async.sandbox.state import State

NO_ROUTE = "no Route matched with those values"
_STATE = "koscom_async.sandbox.state"


def build_application(state: State) -> ASGIApp:
    """Return the application for one gateway's state."""
    router = _router()

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await router({**scope, _STATE: state}, receive, send)

    return application


@cache
def _router() -> Router:
    """Return the routes, which all gateways share: to compile a hundred takes longer than all else of a start."""
    routes = [Route(endpoint.path, endpoint=_EndpointApp(endpoint)) for endpoint in ENDPOINTS]
    return Router(routes, redirect_slashes=False, default=_no_route)


async def _no_route(scope: Scope, receive: Receive, send: Send) -> None:
    await _send(json_reply({"message": NO_ROUTE}, status=404), scope, receive, send)


async def _send(reply: Reply, scope: Scope, receive: Receive, send: Send) -> None:
    if reply.needs_new_connection and WAS_USED in scope and scope[WAS_USED]():
        raise WireFault(iter([End.RESET]))
    if reply.steps is not None:
        raise WireFault(reply.steps(reply))
    response = Response(
        reply.body, status_code=reply.status, media_type=reply.media_type, headers=dict(reply.headers)
    )
    await response(scope, receive, send)


class _EndpointApp:
    """One endpoint, behind the checks that all endpoints share."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        received = HttpRequest(scope, receive)
        request = Request(
            # What belongs to no broker goes by its service's name.
            broker=received.path_params.get("broker", self._endpoint.service),
            headers=received.headers,
            body=await received.body(),
            base_url=str(received.base_url).rstrip("/"),
            method=received.method,
            path=received.path_params,
            query=received.url.query,
        )
        if request.method not in self._endpoint.methods:
            reply = code_reply("405")
        else:
            reply = await self._logged(request, scope[_STATE])
        await _send(reply, scope, receive, send)

    async def _logged(self, request: Request, state: State) -> Reply:
        calls = state.calls
        place = calls.begin(_record(self._endpoint, request))
        status = None
        try:
            reply = await self._checked(request, state, place)
            status = reply.status
            return reply
        finally:
            calls.end(place, status=status)

    async def _checked(self, request: Request, state: State, place: int) -> Reply:
        headers: dict[str, str] = {}
        try:
            request = self._endpoint.guard(request, state)
            headers = state.quota.spend(self._endpoint.service)
            if (meter := state.meters.get(request.broker)) is not None:
                meter.admit()
            fault = state.faults.strike(request.broker)
            state.calls.mark(place, fault=fault.name)
            await anyio.sleep(state.seconds_before_answer(request.broker) + fault.seconds(state.random))
            return self._answer(request, state, fault).with_headers(headers)
        except Refused as refusal:
            return refusal.reply.with_headers(headers)

    def _answer(self, request: Request, state: State, fault: FaultKind) -> Reply:
        reply = fault.instead(request.broker)
        if reply is None:
            reply = self._endpoint.answer(request, state, fault)
        return fault.corrupt(reply)


def _record(endpoint: Endpoint, request: Request) -> Call:
    seen = peek(request.body)
    return Call(
        broker=request.broker,
        endpoint=endpoint.name_of(request),
        asset_type=seen.asset_type,
        page=seen.page,
        account=seen.account,
        request_id=seen.request_id,
    )
