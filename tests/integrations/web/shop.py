"""An application for the tests: a route of each kind. In a process of its own, it is made from the environment.

`SHOP_REDIS` is the Redis through which several workers share their limits, `SHOP_DEADLINE` the seconds of a request.
"""

import os
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from starlette.middleware.base import BaseHTTPMiddleware

from koscom_async import Holdings, Investor, Koscom, Position, Settings
from koscom_async.integrations.fastapi import (
    Events,
    HoldingsResponse,
    KoscomDependency,
    RequestDeadline,
    authorized,
    end_reconnection,
    holdings_events,
    install_error_handlers,
    koscom_lifespan,
    open_until_gone,
    until_gone,
)
from koscom_async.integrations.redis import RedisLimiter


def make_shop(make_client, investors, *, deadline=None, behind_middleware=False):
    """Return an application that asks for the investor whose number is in the query."""
    app = FastAPI(lifespan=koscom_lifespan(make_client))
    install_error_handlers(app)
    if behind_middleware:
        app.add_middleware(BaseHTTPMiddleware, dispatch=hand_on)

    def of_session(person: int = 0) -> Investor:
        return investors[person]

    Customer = Annotated[Investor, Depends(of_session)]  # noqa: N806  # a type
    Seconds = Annotated[float, Depends(deadline or RequestDeadline())]  # noqa: N806

    async def opened(request: Request, koscom: KoscomDependency, investor: Customer, deadline: Seconds):
        end_reconnection(request)
        async with open_until_gone(request, koscom.stream_holdings(investor, deadline=deadline)) as stream:
            yield stream

    @app.get("/holdings")
    async def holdings(request: Request, koscom: KoscomDependency, investor: Customer, deadline: Seconds):
        return await until_gone(request, koscom.holdings(investor, deadline=deadline))

    @app.get("/events")
    async def events(stream: Annotated[object, Depends(opened)], *, growing: bool = False):
        return Events(holdings_events(stream, growing=growing))

    @app.get("/named")
    async def named(koscom: KoscomDependency, investor: Customer) -> Holdings:
        return await koscom.holdings(investor)

    @app.get("/positions")
    async def positions(koscom: KoscomDependency, investor: Customer) -> list[Position]:
        return list((await koscom.holdings(investor)).positions)

    @app.get("/inside")
    async def inside(koscom: KoscomDependency, investor: Customer):
        return {"positions": authorized(await koscom.holdings(investor)).positions}

    @app.get("/response")
    async def response(koscom: KoscomDependency, investor: Customer):
        return HoldingsResponse(await koscom.holdings(investor))

    return app


async def hand_on(request, call_next):
    return await call_next(request)


def from_environment():
    """Return the application that a server runs in its own processes: `tests.integrations.web.shop:from_environment()`."""
    settings = Settings.from_env()

    def make_client():
        url = os.environ.get("SHOP_REDIS")
        return Koscom(settings, limiter=RedisLimiter(url, settings.limits) if url else None)

    seconds = float(os.environ["SHOP_DEADLINE"])
    return make_shop(make_client, [Investor.from_env()], deadline=RequestDeadline(seconds, longest=seconds))
