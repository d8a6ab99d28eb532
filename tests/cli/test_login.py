"""`koscom login`, with a browser that does what an investor does, against the sandbox on a socket."""

import errno
import html
import json
import re
import socket
import stat
import sys
import threading
from contextlib import AsyncExitStack, suppress
from queue import Queue
from urllib.parse import parse_qs, urlencode, urlsplit

import anyio
import attrs
import httpx
import pytest

from koscom_async import Koscom, SettingsError
from koscom_async.cli.callback import MOST_CONNECTIONS, Page, listening
from koscom_async.cli.commands.login import Login, Place
from koscom_async.sandbox import SandboxGateway


@pytest.fixture
def gateway():
    """A sandbox gateway in a thread, as another process would be."""
    ready, stop = Queue(), threading.Event()

    async def serve():
        async with SandboxGateway() as sandbox:
            ready.put(sandbox)
            await anyio.to_thread.run_sync(stop.wait)

    thread = threading.Thread(target=anyio.run, args=(serve,))
    thread.start()
    yield ready.get(timeout=20)
    stop.set()
    thread.join()


def choose(url, decision="allow"):
    """Open the page, choose, and follow the redirection, as a browser would; return what is shown at the end."""
    with httpx.Client(follow_redirects=True, timeout=20) as browser:
        page = browser.get(url)
        fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text)
        form = {name: html.unescape(value) for name, value in fields} | {"decision": decision, "person": "0"}
        return browser.post(url, data=form)


def come_back(url, **said):
    """Call the callback without having been at the authorization server."""
    callback = parse_qs(urlsplit(url).query)["redirect_uri"][0]
    with httpx.Client(timeout=20) as browser:
        return browser.get(f"{callback}?{urlencode(said)}")


@pytest.fixture
def with_browser(monkeypatch):
    """Let this be what the browser does with the address; return what it came to."""

    def use(act):
        pages = Queue()

        def come(url):
            # A login that has given up answers no browser any more.
            with suppress(httpx.HTTPError):
                pages.put(act(url))

        def open_url(url):
            # In a thread of its own, as a browser is a process of its own.
            threading.Thread(target=come, args=(url,)).start()
            return True

        monkeypatch.setattr("webbrowser.open", open_url)
        return pages

    return use


def environment(gateway, **changes):
    return {**gateway.environment, "KOSCOM_ACCESS_TOKEN": "", **changes}


def test_after_a_login_the_other_commands_find_the_token(koscom, gateway, with_browser, tmp_path):
    assert koscom("holdings", env=environment(gateway)).exit_code == 1
    pages = with_browser(choose)
    result = koscom("login", "--browser", env=environment(gateway))
    assert (result.exit_code, result.stderr) == (0, "")
    file = tmp_path / "tokens.json"
    assert f"The token is saved in {file}. It is valid until " in result.stdout
    assert "is renewed automatically" in result.stdout
    page = pages.get(timeout=20)
    assert (page.status_code, "The token is saved" in page.text) == (200, True)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (record,) = json.loads(file.read_text()).values()
    assert record["access"] not in result.output
    assert record["refresh"] not in result.output

    holdings = koscom("holdings", "--json", env=environment(gateway))
    assert (holdings.exit_code, json.loads(holdings.stdout)["complete"]) == (0, True)
    accounts = koscom("accounts", "--json", env=environment(gateway))
    assert (accounts.exit_code, len(json.loads(accounts.stdout)["accounts"])) == (0, 3)
    since = ("--since", "2016-01-01", "--until", "2016-12-31")
    for command in (("portfolio",), ("watchlist",), ("transactions", *since)):
        told = koscom(*command, env=environment(gateway))
        assert (told.exit_code, "reauthorization" in told.output) == (0, False)


def test_a_token_that_died_is_renewed_by_the_next_command_and_saved(koscom, gateway, with_browser, tmp_path):
    with_browser(choose)
    assert koscom("login", "--browser", env=environment(gateway)).exit_code == 0
    before = json.loads((tmp_path / "tokens.json").read_text())
    gateway.revoke_token()
    for _ in range(2):
        assert koscom("holdings", env=environment(gateway)).exit_code == 0
    after = json.loads((tmp_path / "tokens.json").read_text())
    assert (before.keys() == after.keys(), before == after, gateway.refreshes) == (True, False, 1)


def test_with_a_keyring_the_file_is_sealed_and_the_other_commands_open_it(
    koscom, gateway, with_browser, ring, tmp_path
):
    with_browser(choose)
    result = koscom("login", "--browser", "--keyring", env=environment(gateway))
    assert (result.exit_code, result.stderr) == (0, "")
    file = tmp_path / "tokens.json"
    (record,) = json.loads(file.read_text()).values()
    assert (set(record), list(ring.kept)) == ({"sealed"}, [("koscom", "token-key")])
    assert koscom("holdings", env=environment(gateway)).exit_code == 0
    assert koscom("login", "--browser", env=environment(gateway)).exit_code == 0
    assert set(*map(set, json.loads(file.read_text()).values())) == {"sealed"}, "and it stays sealed"
    ring.kept.clear()
    lost = koscom("holdings", env=environment(gateway))
    assert lost.exit_code == 1
    assert "the system's keyring has no key token-key of koscom: unlock it, or log in again" in lost.stderr
    assert koscom("brokers").exit_code == 0


def test_a_keyring_that_does_not_work_is_named_before_the_browser_is_sent_anywhere(
    koscom, gateway, ring, monkeypatch
):
    ring.keeps = False
    result = koscom("login", "--keyring", env=environment(gateway))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "koscom: the system's keyring has no key token-key of koscom" in result.stderr
    monkeypatch.setitem(sys.modules, "keyring", None)
    result = koscom("login", "--keyring", env=environment(gateway))
    assert (result.exit_code, result.stdout) == (1, "")
    assert 'pip install ".[keyring]"' in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
def test_a_token_file_that_others_may_write_to_is_refused_and_its_folder_warned_of(koscom, gateway, tmp_path):
    file = tmp_path / "tokens.json"
    file.write_text("{}")
    file.chmod(0o666)
    result = koscom("holdings", env=environment(gateway))
    assert result.exit_code == 1
    assert f"chmod 600 {file}" in result.stderr
    file.chmod(0o600)
    tmp_path.chmod(0o777)
    result = koscom("holdings", env=environment(gateway))
    assert (
        result.stderr.count(f"koscom: the folder {tmp_path} of the token file may be written to by others")
        == 1
    )
    file.chmod(0o666)
    assert koscom("discretionary", "accounts", env=environment(gateway)).exit_code == 0


def test_a_rehearsal_needs_nothing_but_the_embedded_gateway(koscom, with_browser):
    pages = with_browser(choose)
    result = koscom("login", "--sandbox", "--browser")
    assert (result.exit_code, "The token is saved" in result.stdout) == (0, True)
    assert pages.get(timeout=20).status_code == 200


def test_whoever_says_no_is_told_so_on_both_sides(koscom, gateway, with_browser, tmp_path):
    pages = with_browser(lambda url: choose(url, "deny"))
    result = koscom("login", "--browser", env=environment(gateway))
    assert result.exit_code == 1
    assert "access_denied: the authorization server refused" in result.stderr
    assert "The login failed" in pages.get(timeout=20).text
    assert not (tmp_path / "tokens.json").exists()


def test_a_callback_with_another_state_is_ignored_and_the_login_goes_on(koscom, gateway, with_browser):
    def act(url):
        stranger = come_back(url, code="stolen", state="guessed")
        missing = come_back(url, code="stolen")
        return stranger, missing, choose(url)

    pages = with_browser(act)
    result = koscom("login", "--browser", env=environment(gateway))
    assert result.exit_code == 0
    stranger, missing, right = pages.get(timeout=20)
    assert [page.status_code for page in (stranger, missing, right)] == [400, 400, 200]
    assert "Not this login" in stranger.text
    assert [call.endpoint for call in gateway.calls].count("auth.token") == 1


def test_a_code_that_is_wrong_ends_the_login(koscom, gateway, with_browser):
    pages = with_browser(
        lambda url: come_back(url, code="no-such-code", state=parse_qs(urlsplit(url).query)["state"][0])
    )
    result = koscom("login", "--browser", env=environment(gateway))
    assert result.exit_code == 1
    assert (
        "The grant does not exist, has expired or was used). What to do: authorise again: with `koscom login`"
        in result.stderr
    )
    assert "The login failed" in pages.get(timeout=20).text


def test_nobody_is_waited_for_longer_than_was_said(koscom, gateway, with_browser):
    with_browser(lambda url: come_back(url, code="x", state="guessed"))
    result = koscom("login", "--browser", "--timeout", "0.5", env=environment(gateway))
    assert result.exit_code == 1
    assert "koscom: no authorisation within 0.5 seconds, no token was saved" in result.stderr


def test_a_port_that_is_taken_is_named(koscom, gateway):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = koscom("login", "--port", str(port), env=environment(gateway))
    assert result.exit_code == 1
    assert result.stderr.startswith(f"koscom: cannot listen on port {port}: ")


def test_the_port_that_was_given_is_the_one_in_the_address(koscom, gateway, with_browser):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with_browser(choose)
    result = koscom("login", "--browser", "--port", str(port), env=environment(gateway))
    assert result.exit_code == 0
    assert f"redirect_uri=http%3A%2F%2F127.0.0.1%3A{port}%2Fcallback" in result.stdout


@pytest.mark.parametrize(
    "uri",
    ["https://you.example/callback", "com.example.app:/callback", "http://localhost:80/callback?x=1"],
)
def test_a_registered_callback_elsewhere_cannot_be_waited_for(koscom, gateway, uri):
    result = koscom("login", env=environment(gateway, KOSCOM_REDIRECT_URI=uri))
    assert result.exit_code == 1
    assert "redirect_uri is not a callback on this computer" in result.stderr


def test_the_registered_callback_on_this_computer_is_used():
    assert Place.of("http://localhost:8765/back") == Place(host="localhost", port=8765, path="/back")
    assert Place.of("http://127.0.0.1:8765").address(8765) == "http://127.0.0.1:8765/"
    with pytest.raises(SettingsError):
        Place.of("https://localhost:1/callback")


async def test_a_browser_that_comes_twice_does_not_exchange_the_code_twice():
    # Slow enough for the second request to arrive while the first is judged.
    async with SandboxGateway(latency=0.5) as gateway, Koscom(gateway.settings) as koscom:
        login = Login(koscom, attrs.evolve(gateway.investor, token=None), Place())
        pages = []

        async def show(url):
            query = parse_qs(urlsplit(url).query)
            issued = gateway._state.grants.code(
                gateway.ledger.people[0],
                redirect_uri=query["redirect_uri"][0],
                scope="account",
                challenge=query["code_challenge"][0],
            )
            callback = f"{query['redirect_uri'][0]}?code={issued}&state={query['state'][0]}"
            for _ in range(2):
                group.start_soon(visit, callback)

        async def visit(callback):
            async with httpx.AsyncClient(timeout=20) as browser:
                pages.append(await browser.get(callback))

        async with anyio.create_task_group() as group:
            token = await login.run(show)
        titles = [re.search("<title>(.*)</title>", page.text)[1] for page in pages]
        assert sorted(titles) == ["Already done", "Done · 완료"]
        assert sorted(page.status_code for page in pages) == [200, 409]
        assert token.refresh is not None
        assert [call.endpoint for call in gateway.calls] == ["auth.token"]


async def answers(*requests, path="/callback"):
    """Send raw requests to a server; return the status line of each answer, and what was asked."""
    asked, lines = [], []

    async def answer(server):
        while True:
            callback = await server.next_callback()
            asked.append(callback.target)
            await callback.answer(Page(title="<b>", text="&"))

    async with listening(host="127.0.0.1", port=0, path=path) as server, anyio.create_task_group() as group:
        group.start_soon(answer, server)
        for request in requests:
            async with await anyio.connect_tcp("127.0.0.1", server.port) as stream:
                await stream.send(request)
                await stream.send_eof()
                received = b""
                try:
                    while True:
                        received += await stream.receive()
                except anyio.EndOfStream:
                    lines.append(received.partition(b"\r\n")[0].decode())
        group.cancel_scope.cancel()
    return lines, asked, received.decode()


async def test_the_server_answers_its_own_path_and_nothing_else():
    lines, asked, page = await answers(
        b"GET /favicon.ico HTTP/1.1\r\n\r\n",
        b"GET /callback/../x HTTP/1.1\r\n\r\n",
        b"POST /callback?a=1 HTTP/1.1\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET /callback?a=\xff HTTP/1.1\r\n\r\n",
        b"GET /callback?a=1\r\n\r\n",
        b"GET /" + b"x" * 20000,
        b"GET /" + b"x" * 70000 + b" HTTP/1.1\r\n\r\n",
        b"GET /callback?a=0 HTTP/1.1\r\n" + b"x" * 70000 + b"\r\n\r\n",
        b"GET /callback?a=1&b=2 HTTP/1.1\r\nHost: x\r\n\r\n",
    )
    missing, bad, ok = "HTTP/1.1 404 Not Found", "HTTP/1.1 400 Bad Request", "HTTP/1.1 200 OK"
    assert lines == [missing, missing, missing, bad, bad, bad, bad, bad, bad, ok]
    assert asked == ["/callback?a=1&b=2"]
    assert "&lt;b&gt;" in page
    assert "Content-Security-Policy: default-src 'none'" in page
    assert "Server:" not in page


async def test_a_silent_connection_delays_no_other_and_the_port_is_free_again():
    async with listening(host="127.0.0.1", port=0, path="/") as server:
        silent = await anyio.connect_tcp("127.0.0.1", server.port)
        async with httpx.AsyncClient() as browser:
            assert (await browser.get(f"http://127.0.0.1:{server.port}/else")).status_code == 404
    with anyio.fail_after(5):
        async with silent:
            with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
                await silent.receive()
    async with listening(host="127.0.0.1", port=server.port, path="/") as again:
        assert again.port == server.port


async def test_idle_connections_are_bounded_and_hold_no_browser_up():
    """Four hundred of them used up the descriptors of the process, and the login ended."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(listening(host="127.0.0.1", port=0, path="/"))
        idle = []
        for _ in range(3 * MOST_CONNECTIONS):
            idle.append(await stack.enter_async_context(await anyio.connect_tcp("127.0.0.1", server.port)))
            assert len(server._connections) <= MOST_CONNECTIONS
        async with httpx.AsyncClient(timeout=20) as browser:
            answer = await browser.get(f"http://127.0.0.1:{server.port}/else")
        assert answer.status_code == 404
        with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
            await idle[0].receive()


async def test_without_a_descriptor_for_a_connection_it_goes_on_when_there_is_one(monkeypatch):
    async with listening(host="127.0.0.1", port=0, path="/") as server:
        silent = await anyio.connect_tcp("127.0.0.1", server.port)
        async with httpx.AsyncClient(
            timeout=20
        ) as browser:  # once it is answered, the silent one has been accepted
            await browser.get(f"http://127.0.0.1:{server.port}/else")
        failures, accept = [OSError(errno.EMFILE, "Too many open files")] * 3, server.socket.accept

        class Short:
            """A listener that has no descriptor at first."""

            def __getattr__(self, name):
                return getattr(listener, name)

            def accept(self):
                if failures:
                    raise failures.pop()
                return accept()

        listener = server.socket
        monkeypatch.setattr(server, "socket", Short())
        async with httpx.AsyncClient(timeout=20) as browser:
            answer = await browser.get(f"http://127.0.0.1:{server.port}/else")
        assert (answer.status_code, failures) == (404, [])
        async with silent:  # whose descriptor the browser got
            with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
                await silent.receive()


def test_the_code_is_bound_to_the_login_unless_that_is_switched_off(koscom, gateway, with_browser):
    for option, is_bound in ((), True), (("--no-pkce",), False):
        gateway.clear_calls()
        with_browser(choose)
        result = koscom("login", "--browser", *option, env=environment(gateway))
        assert (result.exit_code, "code_challenge_method=S256" in result.stdout) == (0, is_bound)
        assert [call.endpoint for call in gateway.calls].count("auth.token") == 1


def test_another_scope_than_was_asked_for_is_shown(koscom, gateway, with_browser):
    with_browser(choose)
    gateway.set_fault("auth", "other-scope")
    result = koscom("login", "--browser", env=environment(gateway))
    assert result.exit_code == 0
    assert result.stderr == "koscom: the scope profile was granted, where account was asked for\n"


async def test_what_goes_wrong_while_it_listens_is_raised_as_it_is():
    with pytest.raises(ZeroDivisionError):
        async with listening(host="127.0.0.1", port=0, path="/"):
            raise ZeroDivisionError


async def test_waiting_for_a_callback_can_be_cancelled():
    async with listening(host="127.0.0.1", port=0, path="/") as server:
        with anyio.move_on_after(0.1) as scope:
            await server.next_callback()
    assert scope.cancelled_caught


async def test_the_server_listens_on_loopback_only():
    async with listening(host="127.0.0.1", port=0, path="/") as server:
        assert server.server_address[0] == "127.0.0.1"


def test_tokens_of_one_gateway_are_not_used_at_another(koscom, gateway, with_browser):
    with_browser(choose)
    assert koscom("login", "--browser", env=environment(gateway)).exit_code == 0
    elsewhere = koscom("holdings", env=environment(gateway, KOSCOM_BASE_URL="http://127.0.0.1:1"))
    assert "there is no access token for this investor" in elsewhere.stderr
