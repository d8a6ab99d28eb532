"""The demonstration's web application: the page, the holdings as JSON, and the events that fill the page.

It is what a program of one's own looks like, with the integration for FastAPI; only the faults are the sandbox's.
"""

import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from typing import Annotated

from attrs import evolve
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from koscom_async._fanout.streams import HoldingsStream
from koscom_async.cli.demo.pages import LANGUAGES, asset, page, style
from koscom_async.errors import UsageError
from koscom_async.integrations.fastapi import (
    Events,
    KoscomDependency,
    end_reconnection,
    holdings_events,
    install_error_handlers,
    koscom_lifespan,
    open_until_gone,
    until_gone,
)
from koscom_async.models.holdings import Holdings
from koscom_async.sandbox import SandboxGateway
from koscom_async.settings import Breaker

DEADLINE_SECONDS = 8.0
COOL_DOWN_SECONDS = 3.0
"""A circuit breaker that opened is tried again soon: who has mended a broker on the page asks at once."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_SESSION = "koscom_demo"
_MOST_PAGES = 100

router = APIRouter()


def build_app(gateway: SandboxGateway) -> FastAPI:
    """Return the application over a sandbox gateway that runs."""
    settings = evolve(gateway.settings, breaker=Breaker(cool_down=COOL_DOWN_SECONDS))
    app = FastAPI(lifespan=koscom_lifespan(settings), openapi_url=None)
    install_error_handlers(app)
    app.state.gateway, app.state.answers = gateway, Answers()
    app.include_router(router)
    return app


class Answers:
    """The latest answer of each page, for `after=`; the pages that were quiet for longest are dropped.

    A page is known by its session, which nothing else can guess, and by what it calls itself there: each tab continues
    its own answer.
    """

    def __init__(self) -> None:
        self._latest: OrderedDict[tuple[str, str], Holdings] = OrderedDict()

    def of(self, request: Request) -> Holdings | None:
        """Return what the request's page was answered last."""
        return self._latest.get(self._page(request))

    def keep(self, request: Request, holdings: Holdings) -> None:
        """Keep an answer for the request's page, if it has a session."""
        if request.cookies.get(_SESSION):
            key = self._page(request)
            self._latest[key] = holdings
            self._latest.move_to_end(key)
            while len(self._latest) > _MOST_PAGES:
                self._latest.popitem(last=False)

    def _page(self, request: Request) -> tuple[str, str]:
        return request.cookies.get(_SESSION, ""), request.query_params.get("tab", "")


@router.get("/")
async def show_page(request: Request) -> Response:
    """Show the page, in the language that is asked for or that the browser prefers."""
    html = page(_language(request), [fault for fault in request.query_params.getlist("fault") if fault])
    response = HTMLResponse(html, headers={**_HEADERS, "Content-Security-Policy": POLICY})
    if _SESSION not in request.cookies:
        response.set_cookie(_SESSION, secrets.token_urlsafe(), httponly=True, samesite="strict")
    return response


@router.get("/page.css")
async def show_style() -> Response:
    return Response(style(), media_type="text/css", headers=_HEADERS)


@router.get("/page.js")
async def show_script() -> Response:
    return Response(asset("page.js"), media_type="text/javascript", headers=_HEADERS)


@router.get("/icon.svg")
async def show_icon() -> Response:
    return Response(asset("icon.svg"), media_type="image/svg+xml", headers=_HEADERS)


@router.get("/holdings")
async def show_holdings(request: Request, koscom: KoscomDependency) -> Holdings:
    """Answer with everything at once; the calls end if the client leaves."""
    gateway = _gateway_with_faults(request)
    return await until_gone(request, koscom.holdings(gateway.investor, deadline=DEADLINE_SECONDS))


@router.get("/report")
async def show_report(request: Request, koscom: KoscomDependency) -> Response:
    """Show the report, for browsers without JavaScript."""
    gateway = _gateway_with_faults(request)
    holdings = await until_gone(request, koscom.holdings(gateway.investor, deadline=DEADLINE_SECONDS))
    return HTMLResponse(holdings.to_html(), headers=_HEADERS)


async def open_stream(
    request: Request, koscom: KoscomDependency, *, again: bool = False
) -> AsyncIterator[HoldingsStream]:
    """Open the stream before the response begins, so that an early error is a problem document.

    With `again`, the page's latest answer is continued: only what failed in it is asked.
    """
    end_reconnection(request)
    gateway, after = _gateway_with_faults(request), request.app.state.answers.of(request) if again else None
    opening = koscom.stream_holdings(gateway.investor, deadline=DEADLINE_SECONDS, after=after)
    async with open_until_gone(request, opening) as stream:
        yield stream


@router.get("/holdings/events")
async def show_events(request: Request, stream: Annotated[HoldingsStream, Depends(open_stream)]) -> Response:
    """Send each account as it is ready, and the whole answer at the end."""
    return Events(_kept(request, stream))


async def _kept(request: Request, stream: HoldingsStream) -> AsyncIterator[str]:
    """Yield the events, and keep the answer before the page has it: it may ask again at once."""
    async for event in holdings_events(stream, growing=True):
        with suppress(UsageError):  # there is no answer before the last account
            request.app.state.answers.keep(request, stream.holdings)
        yield event


def _gateway_with_faults(request: Request) -> SandboxGateway:
    """Return the sandbox, with the faults that the address names, as in `?fault=star=down`, and no others."""
    gateway: SandboxGateway = request.app.state.gateway
    _set_faults(gateway, request.query_params.getlist("fault"))
    return gateway


def _set_faults(gateway: SandboxGateway, faults: Iterable[str]) -> None:
    gateway.clear_faults()
    for broker, _, kind in (fault.partition("=") for fault in faults if fault):
        try:
            gateway.set_fault(broker, kind)
        except ValueError as error:
            raise HTTPException(400, str(error)) from error


def _language(request: Request) -> str:
    preferred = request.headers.get("accept-language", "").split(",")
    asked = [request.query_params.get("lang", ""), *(each.strip()[:2].lower() for each in preferred)]
    return next((each for each in asked if each in LANGUAGES), next(iter(LANGUAGES)))
