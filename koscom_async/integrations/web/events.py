"""Holdings as server-sent events: each account as it is ready, and the whole answer at the end."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from koscom_async._cooperative import run_cooperatively
from koscom_async._fanout.streams import HoldingsStream
from koscom_async._merge import merging
from koscom_async._services.tasks import background
from koscom_async.errors import KoscomError
from koscom_async.export.rows import plain
from koscom_async.integrations.web.problems import authorized, encoded, problem, written
from koscom_async.integrations.web.requests import cancel_when_gone
from koscom_async.models.holdings import Holdings
from koscom_async.models.outcome import AccountFailure, AccountSuccess

END = "end"
"""The id of the last event."""

COMMENT_SECONDS = 15.0
"""After so long without an event a comment is sent, for proxies that close what is silent."""

COMMENT = ":\n\n"
_SO_FAR = ("totals", "foreign_totals", "positions", "cash", "reconciliation", "doubts")
_HEADERS = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}


def end_reconnection(request: Request) -> None:
    """Answer 204, and nothing else, to a browser that connects again after the last event.

    An `EventSource` connects again after every end, until it is answered like this. Call it before the stream is
    opened: then no broker is asked a second time.
    """
    if request.headers.get("last-event-id") == END:
        raise HTTPException(204)


class Events(StreamingResponse):
    """A response of server-sent events, such as `holdings_events(stream)`, that ends when its client hangs up.

    Starlette's own stops listening for that under ASGI 2.4 and notices it with the next event only, which is too late
    for the brokers that are still asked.
    """

    media_type = "text/event-stream"

    def __init__(self, events: AsyncIterator[str], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(events, headers={**_HEADERS, **(headers or {})})
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events, until they end or the client does."""
        try:
            async with background() as group:
                group.start_soon(partial(cancel_when_gone, receive, group.cancel_scope, of=scope))
                with suppress(OSError):  # raised by servers of ASGI 2.4 when the client is gone
                    await self.stream_response(send)
        finally:
            if isinstance(self._events, AsyncGenerator):
                await self._events.aclose()


async def holdings_events(stream: HoldingsStream, *, growing: bool = False) -> AsyncGenerator[str, None]:
    """Yield what an open stream of holdings brings as events, account numbers masked.

    - `accounts`, at once: `accounts` is the list of those that are asked;
    - `account`, for each as it is ready: its outcome, its `index` on that list, and how many are still `waiting`.
      With `growing`, `so_far` has totals, positions and cash of the accounts that were read until then, those of an
      earlier answer that is continued among them;
    - `holdings`: what `to_dicts()` returns; or `problem`: the members of a problem document. Its id is `end`.
    """
    outcomes: list[AccountSuccess | AccountFailure] = []
    listed: Sequence[object] | None = None
    try:
        while True:
            if stream.accounts != listed:  # a firm's list grows as its brokers answer
                listed = stream.accounts
                yield _event("accounts", encoded({"accounts": plain(listed)}))
            try:
                outcome = await _next_outcome(stream)
            except StopAsyncIteration:
                break
            if outcome is None:
                yield COMMENT
                continue
            outcomes.append(outcome)
            so_far = await _merged((*stream.kept, *outcomes)) if growing else None
            yield _event("account", await written(partial(_facts, stream, outcomes, so_far)))
        holdings = authorized(await stream.merged())
        yield _event("holdings", await written(holdings.to_dicts), number=END)
    except KoscomError as error:
        yield _event("problem", encoded(problem(error)), number=END)


async def _next_outcome(stream: HoldingsStream) -> AccountSuccess | AccountFailure | None:
    """Return the next outcome, or `None` where it is long in coming; raise `StopAsyncIteration` after the last."""
    with anyio.move_on_after(COMMENT_SECONDS):
        return await anext(aiter(stream))
    return None


async def _merged(outcomes: Sequence[AccountSuccess | AccountFailure]) -> Holdings:
    return await run_cooperatively(merging(outcomes, as_of=outcomes[-1].as_of))


def _facts(
    stream: HoldingsStream, outcomes: Sequence[AccountSuccess | AccountFailure], so_far: Holdings | None
) -> dict[str, Any]:
    """Return what an event says of the last outcome, and of all so far nothing that could be taken for the whole."""
    keys, key = [account.key for account in stream.accounts], outcomes[-1].account.key
    facts: dict[str, Any] = {
        "index": keys.index(key) if key in keys else None,
        "waiting": max(len(keys) - len(outcomes), 0),
    }
    facts |= plain(outcomes[-1])
    if so_far is not None:
        facts["so_far"] = {name: plain(getattr(so_far, name)) for name in _SO_FAR}
    return facts


def _event(name: str, data: str, *, number: str | None = None) -> str:
    lines = [f"event: {name}", *([f"id: {number}"] if number else []), f"data: {data}"]
    return "\n".join(lines) + "\n\n"
