"""A holdings call whose token dies: renewed once, the calls repeated once, and no other call disturbed."""

import asyncio
import html
import json
import logging
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import anyio
import anyio.lowlevel
import attrs
import httpx
import pytest

from koscom_async import (
    AccessDeniedError,
    AuthenticationError,
    BrokerLimits,
    BrokerUnavailableError,
    Koscom,
    KoscomError,
    Limits,
    MemoryTokenStore,
    ReauthorizationRequiredError,
    ResponseMismatchError,
    Retry,
    SettingsError,
    Token,
)
from koscom_async.sandbox import Fault, SandboxGateway
from koscom_async.tokens import token_key
from tests.client.fake_gateway import FakeGateway, investor_of
from tests.client.test_secrets import texts_of

CALLBACK = "https://you.example/callback"


@pytest.fixture
async def sandbox():
    async with SandboxGateway(in_process=True) as gateway:
        yield gateway


def client_of(gateway, *, tokens=None, **changes):
    given = {"retry": Retry(base=1e-9, cap=1e-9)}
    return Koscom(
        attrs.evolve(gateway.settings, **given | changes), transport=gateway.transport, tokens=tokens
    )


def signed_in(gateway, **changes):
    """The investor, with a token that has a refresh token."""
    return attrs.evolve(gateway.investor, token=attrs.evolve(gateway.issue_token(), **changes))


@pytest.mark.parametrize("broker", ["diamond", "star"])
async def test_a_dead_token_is_renewed_and_the_call_repeated_whether_it_came_as_401_or_400(sandbox, broker):
    investor = signed_in(sandbox)
    async with client_of(sandbox) as koscom:
        linked = await koscom.member.accounts(investor)
        account = next(each for each in linked.accounts if each.broker.short_name == broker)
        await koscom.account.balance(investor, account)
        sandbox.revoke_token()
        sandbox.clear_calls()
        balance = await koscom.account.balance(investor, account)
    assert balance.account == account
    endpoints = [call.endpoint for call in sandbox.calls]
    assert endpoints.count("auth.refresh") == 1
    assert sum(call.status in {400, 401} for call in sandbox.calls) == (1 if broker == "diamond" else 4)


async def test_holdings_are_whole_although_the_token_died_and_say_so(sandbox):
    investor = signed_in(sandbox)
    sandbox.revoke_token()
    async with client_of(sandbox) as koscom:
        holdings = await koscom.holdings(investor)
    assert (holdings.complete, sandbox.refreshes) == (True, 1)
    assert all("the access token was dead; it was renewed" in each.trace.notes for each in holdings.outcomes)


async def test_two_hundred_calls_at_once_renew_a_token_once():
    async with SandboxGateway(in_process=True) as gateway:
        investor = signed_in(gateway)
        gateway.revoke_token()
        limits = Limits(default=BrokerLimits(rate=1e6, burst=1000, in_flight=200), in_flight=200)
        async with client_of(gateway, limits=limits) as koscom:
            account = (await koscom.member.accounts(investor)).accounts[0]
            async with anyio.create_task_group() as group:
                for _ in range(200):
                    group.start_soon(koscom.account.balance, investor, account)
        statuses = [call.status for call in gateway.calls if call.endpoint == "account.balance"]
    assert gateway.refreshes == 1
    assert statuses.count(200) == 200
    assert set(statuses) <= {200, 400, 401}


@pytest.mark.parametrize("seconds", [30, -30])
async def test_a_token_near_its_end_is_renewed_before_anything_fails(sandbox, seconds):
    investor = signed_in(sandbox, expires_at=datetime.now(UTC) + timedelta(seconds=seconds))
    async with client_of(sandbox) as koscom:
        holdings = await koscom.holdings(investor)
    assert (holdings.complete, sandbox.refreshes) == (True, 1)
    assert {call.status for call in sandbox.calls} <= {200, 500}  # 500 is how a broker refuses `ALL`


async def test_the_new_token_is_kept_before_it_is_used(sandbox):
    investor, order = signed_in(sandbox), []

    class Watched(MemoryTokenStore):
        async def save(self, key, token):
            await anyio.lowlevel.checkpoint()
            order.append(("saved", token.access))
            await super().save(key, token)

    class Transport(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            order.append(("sent", request.headers.get("authorization", "").removeprefix("Bearer ")))
            return await sandbox.transport.handle_async_request(request)

    sandbox.revoke_token()
    settings = sandbox.settings
    async with Koscom(settings, transport=Transport(), tokens=Watched()) as koscom:
        assert (await koscom.holdings(investor)).complete is True
    (new,) = [access for what, access in order if what == "saved"]
    assert new != investor.token.access
    assert order.index(("saved", new)) < order.index(("sent", new))


async def test_without_any_token_it_raises_at_once_and_spends_no_call(sandbox):
    investor = attrs.evolve(sandbox.investor, token=None)
    async with client_of(sandbox, redirect_uri=CALLBACK) as koscom:
        with pytest.raises(ReauthorizationRequiredError, match="there is no access token") as caught:
            await koscom.holdings(investor)
    assert sandbox.calls == ()
    query = parse_qs(urlsplit(caught.value.url).query)
    assert query["redirect_uri"] == [CALLBACK]
    assert query["state"] == [caught.value.state]
    assert caught.value.url.startswith(f"{sandbox.url}/auth/oauth/v2/authorize?")


@pytest.mark.parametrize("redirect_uri", [None, CALLBACK])
async def test_a_firm_without_refresh_tokens_sends_the_investor_to_authorise_again(redirect_uri):
    async with SandboxGateway(in_process=True, refresh_tokens=False) as gateway:
        investor = signed_in(gateway)
        gateway.revoke_token()
        async with client_of(gateway, redirect_uri=redirect_uri) as koscom:
            holdings = await koscom.holdings(investor)
        errors = [failure.error for failure in holdings.failures]
    assert [type(error) for error in errors] == [ReauthorizationRequiredError] * 3
    assert [error.url is None for error in errors] == [redirect_uri is None] * 3
    assert {error.broker for error in errors} == {"diamond", "cyber", "star"}
    assert gateway.refreshes == 0
    shown = "".join(text for error in errors for text in texts_of(error))
    assert gateway.settings.api_key not in shown
    assert all(error.state not in shown for error in errors if error.state)


async def test_a_refresh_that_is_refused_is_asked_once_and_names_every_account(sandbox):
    investor = signed_in(sandbox)
    sandbox.revoke_token(investor.token.refresh)
    async with client_of(sandbox) as koscom:
        for _ in range(2):
            holdings = await koscom.holdings(investor)
            assert [type(each.error) for each in holdings.failures] == [ReauthorizationRequiredError] * 3
    assert sandbox.refreshes == 1


async def test_a_refresh_that_fails_in_passing_is_tried_again(sandbox):
    investor = signed_in(sandbox)
    sandbox.revoke_token()
    sandbox.set_fault("auth", Fault("3600", times=1))
    async with client_of(sandbox) as koscom:
        account = (await koscom.member.accounts(investor)).accounts[0]
        balance = await koscom.account.balance(investor, account)
    assert balance.account == account
    assert sandbox.refreshes == 2
    dead = [
        call for call in sandbox.calls if call.endpoint == "account.balance" and call.status in {400, 401}
    ]
    assert len(dead) == 1, "and the dead token is not tried again"


async def test_one_that_goes_on_failing_surfaces_as_itself(sandbox):
    investor = signed_in(sandbox)
    sandbox.revoke_token()
    sandbox.set_fault("auth", "down")
    async with client_of(sandbox, retry=Retry(attempts=3, base=1e-9, cap=1e-9)) as koscom:
        account = (await koscom.member.accounts(investor)).accounts[0]
        with pytest.raises(BrokerUnavailableError) as caught:
            await koscom.account.balance(investor, account)
    error = caught.value
    assert (error.code, error.broker, error.endpoint, error.attempts) == ("3600", "auth", "auth.refresh", 3)
    assert sandbox.refreshes == 3


async def test_a_401_that_says_little_is_renewed_once_and_the_call_repeated_once(sandbox):
    investor = signed_in(sandbox)
    async with client_of(sandbox) as koscom:
        account = (await koscom.member.accounts(investor)).accounts[0]
        sandbox.set_fault("diamond", Fault("short-401", times=1))
        balance = await koscom.account.balance(investor, account)
        assert (len(balance.rows) > 0, sandbox.refreshes) == (True, 1)
        sandbox.set_fault("diamond", "short-401")
        with pytest.raises(AuthenticationError, match="HTTP 401: Unauthorized") as caught:
            await koscom.account.balance(investor, account)
    statuses = [call.status for call in sandbox.calls if call.endpoint == "account.balance"]
    assert statuses == [401, 200, 401, 401]
    assert (caught.value.token_is_dead, sandbox.refreshes) == (True, 2)


async def test_a_401_that_says_little_renews_nothing_where_no_token_was_sent(sandbox):
    sandbox.set_fault("common", "short-401")
    async with client_of(sandbox) as koscom:
        with pytest.raises(AuthenticationError) as caught:
            await koscom.member.accounts(signed_in(sandbox))
    assert (caught.value.token_is_dead, sandbox.refreshes) == (False, 0)


async def test_an_api_key_that_is_not_accepted_renews_nothing(sandbox):
    investor = signed_in(sandbox)
    async with client_of(sandbox) as honest:
        account = (await honest.member.accounts(investor)).accounts[0]
    async with client_of(sandbox, api_key="another") as koscom:
        with pytest.raises(AuthenticationError) as caught:
            await koscom.account.balance(investor, account)
    assert (caught.value.token_is_dead, sandbox.refreshes) == (False, 0)


async def test_a_token_that_is_dead_again_at_once_is_not_renewed_for_ever():
    gateway = FakeGateway({"diamond": lambda _: httpx.Response(401, json={"error": "invalid_token"})})
    gateway.authorization = lambda _: httpx.Response(200, json={"access_token": f"NEW-{len(gateway.grants)}"})
    async with gateway.client() as koscom:
        holdings = await koscom.holdings(investor_of())
    assert [type(failure.error) for failure in holdings.failures] == [AuthenticationError]
    assert (len(gateway.grants), len(gateway.questions)) == (1, 2)


class Gate(httpx.AsyncBaseTransport):
    """Holds the answer to a renewal back until it is let go, as a slow network would."""

    def __init__(self, inner):
        self.inner, self.asked, self.go = inner, anyio.Event(), anyio.Event()

    async def handle_async_request(self, request):
        response = await self.inner.handle_async_request(request)
        if request.url.path.endswith("/token"):
            self.asked.set()
            await self.go.wait()
        return response


@pytest.mark.parametrize("way", ["anyio", "asyncio"])
async def test_cancelling_whoever_renews_breaks_nobody_and_loses_no_token(sandbox, way):
    investor, store = signed_in(sandbox), MemoryTokenStore()
    gate = Gate(sandbox.transport)
    settings = sandbox.settings
    async with Koscom(settings, transport=gate, tokens=store) as koscom:
        account = (await koscom.member.accounts(investor)).accounts[0]
        sandbox.revoke_token()
        balances = []

        async def ask():
            balances.append(await koscom.account.balance(investor, account))

        async with anyio.create_task_group() as others:
            scope = anyio.CancelScope()

            async def lead():
                with scope:
                    await ask()

            leader = asyncio.ensure_future(lead())
            await gate.asked.wait()
            for _ in range(5):
                others.start_soon(ask)
            for _ in range(30):
                await anyio.lowlevel.checkpoint()
            scope.cancel() if way == "anyio" else leader.cancel()
            await anyio.lowlevel.checkpoint()
            gate.go.set()
            await asyncio.wait([leader])
        assert leader.cancelled() is (way == "asyncio")
        statistics = koscom.statistics()
    assert (len(balances), sandbox.refreshes) == (5, 1)
    kept = await store.load(token_key(settings, investor))
    assert kept not in {None, investor.token}
    assert {each.in_flight for each in statistics.brokers} == {0}


async def turns_pass():
    for _ in range(3):
        await anyio.lowlevel.checkpoint()


class Leisurely(httpx.AsyncBaseTransport):
    """Takes a few turns of the event loop to send, and a few to receive."""

    def __init__(self, inner):
        self.inner = inner

    async def handle_async_request(self, request):
        await turns_pass()
        response = await self.inner.handle_async_request(request)
        await turns_pass()
        return response


class LeisurelyStore(MemoryTokenStore):
    """The same for a store."""

    async def load(self, key):
        await turns_pass()
        return await super().load(key)

    async def save(self, key, token):
        await turns_pass()
        await super().save(key, token)
        await turns_pass()


async def test_cancelling_anywhere_loses_no_token_and_no_place_in_the_limits(sandbox):
    """At every turn of the event loop: whatever was renewed is kept, and the next call is whole."""
    investor, store, ends = signed_in(sandbox), LeisurelyStore(), []
    # With two places in all, one that is lost is felt at the next turn and two of them stop everything.
    limits = Limits(default=BrokerLimits(rate=1e6, burst=1000, in_flight=2), in_flight=2)
    settings = attrs.evolve(sandbox.settings, limits=limits)
    async with Koscom(settings, transport=Leisurely(sandbox.transport), tokens=store) as koscom:
        account = (await koscom.member.accounts(investor)).accounts[0]

        async def ask():
            await koscom.account.balance(investor, account)
            ends.append("answered")

        while "answered" not in ends:
            sandbox.revoke_token()
            async with anyio.create_task_group() as group:
                group.start_soon(ask)
                for _ in range(len(ends)):
                    await anyio.lowlevel.checkpoint()
                group.cancel_scope.cancel()
            ends += [] if "answered" in ends else ["cancelled"]
            assert {each.in_flight for each in koscom.statistics().brokers} == {0}
            balance = await koscom.account.balance(investor, account, deadline=20)
            assert balance.account == account
        assert koscom._gateway.tokens._renewals == {}
    assert ends.count("cancelled") > 20


async def press(url, decision, *, gateway, **changes):
    """Do what an investor does: open the page, choose, and be sent on; return where to."""
    async with httpx.AsyncClient(transport=gateway.transport) as browser:
        page = await browser.get(url)
        fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text)
        form = {name: html.unescape(value) for name, value in fields} | {"decision": decision, "person": "0"}
        answer = await browser.post(url, data=form | changes)
    assert answer.status_code == 302
    return answer.headers["location"]


async def test_the_whole_flow_from_the_url_to_the_revocation(sandbox):
    investor = attrs.evolve(sandbox.investor, token=None)
    async with client_of(sandbox, redirect_uri=CALLBACK) as koscom:
        state = koscom.oauth.new_state()
        came_back = await press(koscom.oauth.authorize_url(state=state), "allow", gateway=sandbox)
        code = koscom.oauth.read_callback(came_back, state=state)
        token = await koscom.oauth.exchange(code, investor=investor)
        lifetime = token.expires_at - datetime.now(UTC)
        assert timedelta(days=29, hours=23) < lifetime <= timedelta(days=30)
        assert (await koscom.holdings(investor)).complete is True
        newer = await koscom.oauth.refresh(token, investor=investor)
        assert newer.access != token.access
        assert newer.refresh != token.refresh
        assert (await koscom.holdings(investor)).complete is True
        await koscom.oauth.revoke(newer)
        assert (await koscom.holdings(investor)).failures != ()
    names = [call.endpoint for call in sandbox.calls if call.endpoint.startswith("auth")]
    assert names[:6] == ["auth.authorize"] * 2 + ["auth.token", "auth.refresh"] + ["auth.revoke"] * 2


async def test_with_a_verifier_a_code_is_worth_nothing_to_who_stole_it(sandbox):
    async with client_of(sandbox, redirect_uri=CALLBACK) as koscom:
        verifier = koscom.oauth.new_verifier()

        async def code(**asked):
            url = koscom.oauth.authorize_url(state="s", **asked)
            assert verifier not in url
            return koscom.oauth.read_callback(await press(url, "allow", gateway=sandbox), state="s")

        token = await koscom.oauth.exchange(await code(verifier=verifier), verifier=verifier)
        assert (token.scope, token.refresh is not None) == ("account", True)
        # The RFC's shortest and longest.
        for edge in ("a" * 43, "-._~" * 32):
            await koscom.oauth.exchange(await code(verifier=edge), verifier=edge)
        for asked, given in ((verifier, None), (verifier, koscom.oauth.new_verifier()), (None, verifier)):
            with pytest.raises(ReauthorizationRequiredError) as caught:
                await koscom.oauth.exchange(await code(verifier=asked), verifier=given)
            assert caught.value.code == "invalid_grant"
        for wrong in ("", "VERIFIER-MARK", "a" * 42, "a" * 129, "a" * 43 + "=", 5):
            with pytest.raises(SettingsError, match="see new_verifier") as caught:
                koscom.oauth.authorize_url(state="s", verifier=wrong)
            assert (caught.value.setting, "MARK" in str(caught.value)) == ("verifier", False)
            with pytest.raises(SettingsError):
                await koscom.oauth.exchange("c", verifier=wrong)


def warnings_in(caplog):
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


async def test_another_scope_than_was_asked_for_is_on_the_token_and_is_warned_of(sandbox, caplog):
    sandbox.set_fault("auth", "other-scope")
    async with client_of(sandbox, redirect_uri=CALLBACK) as koscom:
        url = koscom.oauth.authorize_url(state="s")
        code = koscom.oauth.read_callback(await press(url, "allow", gateway=sandbox), state="s")
        assert (await koscom.oauth.exchange(code)).scope == "profile"
        words = "the authorization server granted the scope 'profile' where 'account' was asked for"
        assert warnings_in(caplog) == [words]
        assert (await koscom.oauth.refresh(sandbox.issue_token())).scope == "profile"
        assert warnings_in(caplog) == [words, words]


async def test_a_callback_of_another_server_is_refused(sandbox):
    sandbox.set_fault("auth", "foreign-issuer")
    async with client_of(sandbox, redirect_uri=CALLBACK) as koscom:
        came_back = await press(koscom.oauth.authorize_url(state="s"), "allow", gateway=sandbox)
        with pytest.raises(ResponseMismatchError, match="another authorization server"):
            koscom.oauth.read_callback(came_back, state="s")


async def test_a_renewal_that_returns_the_same_dead_token_is_asked_for_once(sandbox):
    investor = signed_in(sandbox)
    sandbox.revoke_token()
    sandbox.set_fault("auth", "same-token")
    async with client_of(sandbox) as koscom:
        for _ in range(2):
            holdings = await koscom.holdings(investor)
            assert [type(each.error) for each in holdings.failures] == [ReauthorizationRequiredError] * 3
    assert sandbox.refreshes == 1


async def test_short_lived_tokens_are_not_renewed_at_every_call(sandbox):
    investor = signed_in(sandbox)
    sandbox.set_fault("auth", "short-lived")
    sandbox.revoke_token()
    async with client_of(sandbox) as koscom:
        for _ in range(3):
            assert (await koscom.holdings(investor)).complete
    assert sandbox.refreshes == 1


BOTH = ("refresh_token", "access_token")


@pytest.mark.parametrize(("status", "error"), [(400, "invalid_token"), (500, "server_error")])
async def test_a_refused_revocation_leaves_no_token_alive_that_could_be_ended(status, error):
    for failing in (BOTH[:1], BOTH[1:], BOTH, ()):

        def revoked(form, failing=failing):
            if form["token_type_hint"] in failing:
                return httpx.Response(
                    status, json={"error": error, "error_description": form["token_type_hint"]}
                )
            return httpx.Response(200, json={"result": "revoked"})

        gateway = FakeGateway({}, authorization=revoked)
        async with gateway.client() as koscom:
            revoke = koscom.oauth.revoke(Token(access="ACCESS-MARK", refresh="REFRESH-MARK"))
            if failing:
                # The first failure is the one that is raised.
                with pytest.raises(KoscomError, match=failing[0]) as caught:
                    await revoke
                assert "MARK" not in "".join(texts_of(caught.value))
            else:
                await revoke
        sent = [(form["token"], form["token_type_hint"]) for form in gateway.grants]
        assert sent == [("REFRESH-MARK", "refresh_token"), ("ACCESS-MARK", "access_token")], failing


async def test_a_code_is_asked_for_once_and_is_good_once(sandbox):
    async with client_of(sandbox, redirect_uri=CALLBACK) as koscom:
        url = koscom.oauth.authorize_url(state="s", scope="profile")
        code = koscom.oauth.read_callback(await press(url, "allow", gateway=sandbox), state="s")
        sandbox.set_fault("auth", Fault("3600", times=1))
        with pytest.raises(BrokerUnavailableError):
            await koscom.oauth.exchange(code)
        with pytest.raises(ReauthorizationRequiredError) as caught:
            await koscom.oauth.exchange(code, redirect_uri="https://other.example/")
        assert (caught.value.code, caught.value.endpoint) == ("invalid_grant", "auth.token")
        assert caught.value.url is not None
    assert [call.status for call in sandbox.calls if call.endpoint == "auth.token"] == [503, 400]


async def test_an_investor_who_says_no_is_an_error_and_a_foreign_callback_too(sandbox):
    async with client_of(sandbox, redirect_uri=CALLBACK) as koscom:
        came_back = await press(koscom.oauth.authorize_url(state="s"), "deny", gateway=sandbox)
        with pytest.raises(AccessDeniedError):
            koscom.oauth.read_callback(came_back, state="s")
        with pytest.raises(ResponseMismatchError):
            koscom.oauth.read_callback(came_back, state="another")


async def test_what_is_missing_for_the_flow_is_named(sandbox):
    async with client_of(sandbox) as koscom:
        for ask in (
            lambda: koscom.oauth.authorize_url(state="s"),
            lambda: koscom.oauth.authorize_url(state=""),
        ):
            with pytest.raises(SettingsError) as caught:
                ask()
            assert caught.value.setting in {"redirect_uri", "state"}
        with pytest.raises(SettingsError, match="redirect_uri is missing"):
            await koscom.oauth.exchange("code")
        with pytest.raises(SettingsError, match="no refresh token"):
            await koscom.oauth.refresh(Token(access="a"))
    assert sandbox.calls == ()


async def test_no_secret_of_the_flow_is_ever_shown(caplog):
    """A server that repeats whatever it was sent, in every answer of the flow."""
    caplog.set_level(logging.DEBUG)
    secrets = ["CODE-MARK", "ACCESS-MARK", "REFRESH-MARK", "KEY-MARK-0000", "SECRET-MARK-0000"]
    gateway, errors = FakeGateway({}), []
    gateway.authorization = lambda form: httpx.Response(
        400, json={"error": "x", "error_description": json.dumps(form)}
    )
    token = Token(access="ACCESS-MARK", refresh="REFRESH-MARK")
    async with gateway.client(redirect_uri=CALLBACK) as koscom:
        for ask in (
            lambda: koscom.oauth.exchange("CODE-MARK"),
            lambda: koscom.oauth.refresh(token),
            lambda: koscom.oauth.revoke(token),
        ):
            with pytest.raises(Exception, match="HTTP 400") as caught:
                await ask()
            errors.append(caught.value)
        gateway.authorization = lambda form: httpx.Response(200, json={"access_token": "ACCESS-MARK"})
        errors.append(repr(await koscom.oauth.exchange("CODE-MARK")))
    shown = caplog.text + "".join(
        text for error in errors for text in ([error] if isinstance(error, str) else texts_of(error))
    )
    assert [secret for secret in secrets if secret in shown] == []
    assert all(secret not in str(request.url) for secret in secrets for request in gateway.requests)
    basic = httpx.BasicAuth("KEY-MARK-0000", "SECRET-MARK-0000")._auth_header
    assert {request.headers["authorization"] for request in gateway.requests} == {basic}
    assert {request.headers["content-type"] for request in gateway.requests} == {
        "application/x-www-form-urlencoded"
    }
    assert "comid" not in gateway.requests[0].headers
