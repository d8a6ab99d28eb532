"""Which token is used, who renews it, and what other callers get meanwhile."""

from datetime import UTC, datetime, timedelta

import anyio
import anyio.lowlevel
import pytest

from koscom_async import (
    BrokerUnavailableError,
    ConnectionFailedError,
    Device,
    Investor,
    MemoryTokenStore,
    ReauthorizationRequiredError,
    Settings,
    Token,
)
from koscom_async._transport.auth import REPEATED_FOR, TokenManager
from koscom_async._transport.statistics import TraceBuilder
from koscom_async.tokens import token_key
from tests.fake_time import settled

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = Settings(base_url="https://g.example", api_key="k", api_secret="s", com_id="F", srv_id="2")


def investor_of(token, mark="A"):
    device = Device(ip="192.0.2.1", mac="00:00:5E:00:53:01")
    return Investor(ci=mark * 88, name="홍길동", token=token, device=device)


def token_of(name, *, refresh=True, seconds=None):
    expires_at = None if seconds is None else NOW + timedelta(seconds=seconds)
    return Token(access=name, refresh=f"{name}-refresh" if refresh else None, expires_at=expires_at)


class Server:
    """Hands out `new-1`, `new-2`, …, or fails; waits for `go` where there is one."""

    def __init__(self, *, error=None, go=None):
        self.asked, self.error, self.go = [], error, go

    async def __call__(self, token, keep, log):
        self.asked.append(token.refresh)
        if self.go is not None:
            await self.go.wait()
        await anyio.lowlevel.checkpoint()
        if self.error is not None:
            raise self.error
        new = token_of(f"new-{len(self.asked)}")
        await keep(new)
        return new


def manager_of(server, store=None):
    return TokenManager(SETTINGS, store or MemoryTokenStore(), renew=server, now=lambda: NOW)


KEY = token_key(SETTINGS, investor_of(None))
STORED, GIVEN = token_of("stored"), token_of("given")


@pytest.mark.parametrize(
    ("stored", "given", "used"),
    [
        (None, GIVEN, "given"),
        (STORED, None, "stored"),
        (STORED, GIVEN, "stored"),
        (token_of("stored", seconds=900), token_of("given", seconds=800), "stored"),
        (token_of("stored", seconds=900), token_of("given", seconds=1000), "given"),
        (STORED, token_of("given", seconds=1000), "stored"),
        (token_of("stored", seconds=900), GIVEN, "stored"),
    ],
)
async def test_the_store_s_token_wins_unless_the_other_is_known_to_be_newer(stored, given, used):
    store, server = MemoryTokenStore(), Server()
    if stored is not None:
        await store.save(KEY, stored)
    token = await manager_of(server, store).current(investor_of(given), TraceBuilder())
    assert (token.access, server.asked) == (used, [])


async def test_without_any_token_the_investor_has_to_authorise():
    with pytest.raises(ReauthorizationRequiredError, match="there is no access token"):
        await manager_of(Server()).current(investor_of(None), TraceBuilder())


@pytest.mark.parametrize(("seconds", "asked"), [(61, 0), (60, 1), (1, 1), (0, 1), (-9999, 1)])
async def test_a_token_is_renewed_shortly_before_it_dies(seconds, asked):
    server, store = Server(), MemoryTokenStore()
    token = await manager_of(server, store).current(
        investor_of(token_of("t", seconds=seconds)), TraceBuilder()
    )
    assert len(server.asked) == asked
    assert token.access == ("new-1" if asked else "t")
    assert await store.load(KEY) == (token if asked else None)


async def test_a_dying_token_that_cannot_be_renewed_is_used_until_the_gateway_calls_it_dead():
    token = token_of("t", refresh=False, seconds=-5)
    assert await manager_of(Server()).current(investor_of(token), TraceBuilder()) is token


@pytest.mark.parametrize(
    "error", [BrokerUnavailableError("503"), ReauthorizationRequiredError("invalid_grant")]
)
async def test_a_renewal_ahead_of_time_may_fail_while_the_token_lives_and_not_after(error):
    living, dead = token_of("t", seconds=5), token_of("t", seconds=0)
    assert await manager_of(Server(error=error)).current(investor_of(living), TraceBuilder()) is living
    with pytest.raises(type(error)):
        await manager_of(Server(error=error)).current(investor_of(dead), TraceBuilder())


async def renewals(manager, investor, dead, count):
    """Have many ask at once; return what each got, a token's name or an error."""
    got = []

    async def ask():
        try:
            got.append((await manager.renewed(investor, dead, TraceBuilder())).access)
        except (BrokerUnavailableError, ReauthorizationRequiredError) as error:
            got.append(error)

    async with anyio.create_task_group() as group:
        for _ in range(count):
            group.start_soon(ask)
    return got


async def test_two_hundred_who_meet_a_dead_token_ask_once_and_get_the_same():
    server = Server()
    assert await renewals(manager_of(server), investor_of(GIVEN), GIVEN, 200) == ["new-1"] * 200
    assert server.asked == ["given-refresh"]


async def test_whoever_comes_later_with_the_old_token_asks_nobody():
    server = Server()
    manager = manager_of(server)
    await renewals(manager, investor_of(GIVEN), GIVEN, 1)
    assert await renewals(manager, investor_of(GIVEN), GIVEN, 3) == ["new-1"] * 3
    assert len(server.asked) == 1


async def test_two_investors_do_not_wait_for_each_other():
    server = Server()
    manager = manager_of(server)
    async with anyio.create_task_group() as group:
        for mark in "AB":
            group.start_soon(renewals, manager, investor_of(token_of(mark), mark), token_of(mark), 5)
    assert sorted(server.asked) == ["A-refresh", "B-refresh"]


async def test_a_renewal_that_failed_is_everybody_s_each_with_an_error_of_their_own():
    refusal = BrokerUnavailableError("503", retriable=True)
    refusal.__cause__ = OSError("reset")
    server = Server(error=refusal)
    errors = await renewals(manager_of(server), investor_of(GIVEN), GIVEN, 50)
    assert len(server.asked) == 1
    assert {str(error) for error in errors} == {"503"}
    assert len({id(error) for error in errors}) == 50
    assert {error.__cause__ for error in errors} == {refusal.__cause__}


async def test_a_refresh_token_that_was_refused_is_not_offered_again():
    server = Server(error=ReauthorizationRequiredError("invalid_grant"))
    manager = manager_of(server)
    for _ in range(3):
        errors = await renewals(manager, investor_of(GIVEN), GIVEN, 2)
        assert {type(error) for error in errors} == {ReauthorizationRequiredError}
    assert server.asked == ["given-refresh"]


class Repeating(Server):
    """Returns the access token that it is to replace, perhaps with a longer life."""

    def __init__(self, *, token):
        super().__init__()
        self.token = token

    async def __call__(self, token, keep, log):
        self.asked.append(token.refresh)
        await anyio.lowlevel.checkpoint()
        await keep(self.token)
        return self.token


class Clock:
    """A time of day that a test sets."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


async def test_a_renewal_that_returns_the_dead_token_is_one_failure_for_all_also_for_who_comes_later():
    server, clock = Repeating(token=GIVEN), Clock()
    manager = TokenManager(SETTINGS, MemoryTokenStore(), renew=server, now=clock)
    for _ in range(4):  # the accounts of one answer come in waves
        errors = await renewals(manager, investor_of(GIVEN), GIVEN, 8)
        assert {str(error).partition(". ")[0] for error in errors} == {
            "reauthorization: the access token is dead, and its renewal returned the same one"
        }
        assert len({id(error) for error in errors}) == 8
    assert server.asked == ["given-refresh"]
    clock.now += REPEATED_FOR
    await renewals(manager, investor_of(GIVEN), GIVEN, 8)
    assert len(server.asked) == 2
    # Who has authorised again is not held up.
    fresh = token_of("fresh")
    await manager.keep(investor_of(GIVEN), fresh)
    assert await renewals(manager, investor_of(GIVEN), GIVEN, 3) == ["fresh"] * 3


async def test_who_authorised_anew_goes_on_where_the_store_s_token_is_only_repeated():
    store = MemoryTokenStore()
    await store.save(KEY, STORED)
    manager = manager_of(Repeating(token=STORED), store)
    assert await renewals(manager, investor_of(GIVEN), STORED, 2) == ["given", "given"]


async def test_a_token_whose_life_a_renewal_prolongs_is_renewed_once():
    dying, longer = token_of("t", seconds=30), token_of("t", seconds=3600)
    server = Repeating(token=longer)
    manager = manager_of(server)
    got = []

    async def ask():
        got.append(await manager.current(investor_of(dying), TraceBuilder()))

    for _ in range(2):
        async with anyio.create_task_group() as group:
            for _ in range(30):
                group.start_soon(ask)
    assert (set(got), len(server.asked)) == ({longer}, 1)
    # And if a broker calls it dead in the end, that is one failure, without asking again.
    errors = await renewals(manager, investor_of(dying), longer, 30)
    assert {type(error) for error in errors} == {ReauthorizationRequiredError}
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("lives", "left", "asked"),
    [(30, 8, 0), (30, 7.5, 1), (3600, 61, 0), (3600, 60, 1), (4, 1.1, 0), (4, 1, 1), (None, 60, 1)],
)
async def test_a_token_that_lives_for_less_than_minutes_is_renewed_in_its_last_quarter(lives, left, asked):
    """Tokens of 30 s were renewed at each call, 31 times for one answer."""
    server, expires_at = Server(), NOW + timedelta(seconds=left)
    issued_at = None if lives is None else expires_at - timedelta(seconds=lives)
    token = Token(access="t", refresh="t-refresh", expires_at=expires_at, issued_at=issued_at)
    manager = manager_of(server)
    for _ in range(2):
        await manager.current(investor_of(token), TraceBuilder())
    assert len(server.asked) == asked


async def test_no_year_of_a_token_raises_anything_foreign():
    for year in (2000, 2199):
        token = Token(access="t", refresh="r", expires_at=datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC))
        await manager_of(Server()).current(investor_of(token), TraceBuilder())


async def test_another_scope_after_a_renewal_is_noted_and_logged(caplog):
    old, new = (
        Token(access="a", refresh="r", scope="account"),
        Token(access="b", refresh="r", scope="profile"),
    )
    trace = TraceBuilder()
    manager = manager_of(Repeating(token=new))
    assert await manager.renewed(investor_of(old), old, trace) == new
    words = "the authorization server granted the scope 'profile' where 'account' was asked for"
    assert (list(trace.notes), caplog.messages) == ([words], [words])


async def test_without_a_refresh_token_nobody_is_asked():
    server, token = Server(), token_of("t", refresh=False)
    with pytest.raises(ReauthorizationRequiredError, match="there is no refresh token"):
        await manager_of(server).renewed(investor_of(token), token, TraceBuilder())
    assert server.asked == []


async def test_whoever_authorised_anew_is_not_held_back_by_a_dead_token_in_the_store():
    store, server = MemoryTokenStore(), Server(error=ReauthorizationRequiredError("invalid_grant"))
    await store.save(KEY, STORED)
    manager = manager_of(server, store)
    assert await renewals(manager, investor_of(GIVEN), STORED, 2) == ["given", "given"]
    assert await store.load(KEY) == GIVEN
    assert await manager.current(investor_of(GIVEN), TraceBuilder()) == GIVEN


async def test_the_token_from_which_the_dead_one_came_is_no_new_authorisation():
    store, server = MemoryTokenStore(), Server()
    manager = manager_of(server, store)
    new = await manager.renewed(investor_of(GIVEN), GIVEN, TraceBuilder())
    server.error = ReauthorizationRequiredError("invalid_grant")
    with pytest.raises(ReauthorizationRequiredError, match="invalid_grant"):
        await manager.renewed(investor_of(GIVEN), new, TraceBuilder())
    assert await store.load(KEY) == new


async def test_a_token_that_was_renewed_is_not_used_again_though_it_was_to_live_longer():
    """The gateway ended it before its time, and what replaced it is short-lived."""
    store, given = MemoryTokenStore(), token_of("given", seconds=3600)
    investor = investor_of(given)

    async def renew(token, keep, log):
        new = token_of("short", seconds=600)
        await keep(new)
        return new

    manager = manager_of(renew, store)
    new = await manager.renewed(investor, given, TraceBuilder())
    assert await manager.current(investor, TraceBuilder()) == new
    manager = manager_of(Server(error=ReauthorizationRequiredError("asked")), store)
    manager._superseded[KEY] = given.access
    assert await manager.renewed(investor, given, TraceBuilder()) == new


async def test_if_the_leader_is_cancelled_another_takes_over():
    go = anyio.Event()
    server, got = Server(go=go), []
    manager = manager_of(server)

    async def ask():
        got.append((await manager.renewed(investor_of(GIVEN), GIVEN, TraceBuilder())).access)

    async with anyio.create_task_group() as others:
        async with anyio.create_task_group() as leader:
            leader.start_soon(ask)
            await settled()
            for _ in range(10):
                others.start_soon(ask)
            await settled()
            leader.cancel_scope.cancel()
        go.set()
    assert got == ["new-2"] * 10
    assert manager._renewals == {}


class Broken(MemoryTokenStore):
    """A store that fails at one thing, and says a secret about it."""

    def __init__(self, what):
        super().__init__()
        self.what = what

    async def load(self, key):
        if self.what == "load":
            raise OSError("SECRET-MARK")
        return await super().load(key)

    async def save(self, key, token):
        if self.what == "save":
            raise OSError("SECRET-MARK")
        await super().save(key, token)


@pytest.mark.parametrize("what", ["load", "save"])
async def test_a_store_that_fails_is_said_so_in_our_words(what):
    with pytest.raises(
        ConnectionFailedError, match=rf"the token store could not {what} \(OSError\)"
    ) as caught:
        await manager_of(Server(), Broken(what)).renewed(investor_of(GIVEN), GIVEN, TraceBuilder())
    assert (caught.value.code, "MARK" in str(caught.value)) == ("token-store", False)


async def test_a_token_that_is_not_kept_is_not_handed_out():
    store = Broken("save")
    manager = manager_of(Server(), store)
    for _ in range(2):
        with pytest.raises(ConnectionFailedError):
            await manager.renewed(investor_of(GIVEN), GIVEN, TraceBuilder())
    assert await store.load(KEY) is None
