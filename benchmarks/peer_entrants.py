"""The peers and ours behind one face: a client that lives while its context is open, and is asked for an answer.

Owns nothing of how they work, but what of our own answer is held against the others.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

from attrs import evolve
from peer_answer import Held, PeerAnswer
from peer_gather import Gather
from peer_portal import Portal

from koscom_async import Holdings, Investor, Koscom, Settings
from koscom_async._transport.backend import is_fast
from koscom_async.settings import Backend

PORTAL, GATHER = "operator's algorithm", "gather + cattrs"

Ask = Callable[[], Awaitable[PeerAnswer]]
Entrant = Callable[[Settings, Investor], AbstractAsyncContextManager[Ask]]


@asynccontextmanager
async def portal(settings: Settings, investor: Investor) -> AsyncIterator[Ask]:
    """Ask as the operator does; its threads are its own, and the loop has nothing else to do."""
    peer = Portal.over(settings, investor)

    async def ask() -> PeerAnswer:
        return peer.holdings()

    with peer.client:
        yield ask


@asynccontextmanager
async def gather(settings: Settings, investor: Investor) -> AsyncIterator[Ask]:
    """Ask as the afternoon's work does."""
    peer = Gather.over(settings, investor)
    async with peer.client:
        yield peer.holdings


@asynccontextmanager
async def ours(settings: Settings, investor: Investor, *, backend: Backend) -> AsyncIterator[Ask]:
    """Ask as our users do."""
    async with Koscom(evolve(settings, backend=backend)) as koscom:

        async def ask() -> PeerAnswer:
            before = _calls(koscom)
            holdings = await koscom.holdings(investor)
            return _answer(holdings, _calls(koscom) - before)

        yield ask


def _calls(koscom: Koscom) -> int:
    return sum(broker.calls for broker in koscom.statistics().brokers)


def _answer(holdings: Holdings, calls: int) -> PeerAnswer:
    read = [outcome for outcome in holdings.outcomes if outcome.balance is not None]
    return PeerAnswer(
        rows={
            outcome.account.number: [
                Held(_instrument(row.asset_class, row.code, row.name), row.quantity, row.value)
                for row in (outcome.balance.rows if outcome.balance else ())
            ]
            for outcome in read
        },
        positions=[
            Held(
                _instrument(each.instrument.asset_class, each.instrument.code, each.instrument.name),
                each.quantity,
                each.value,
            )
            for each in holdings.positions
        ],
        named=frozenset(outcome.account.number for outcome in holdings.failures),
        calls=calls,
    )


def _instrument(asset_class: str, code: str | None, name: str | None) -> tuple[str, str | None, str | None]:
    return (str(asset_class), code, None if code else name)


def entrants() -> dict[str, Entrant]:
    """Return who can be asked here."""
    found: dict[str, Entrant] = {
        PORTAL: portal,
        GATHER: gather,
        "ours, core": partial(ours, backend=Backend.CORE),
    }
    if is_fast(Backend.AUTO):
        found["ours, fast"] = partial(ours, backend=Backend.FAST)
    return found
