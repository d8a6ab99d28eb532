"""The sandbox's authorization server: who gets a code, who gets a token, and how everybody else is refused."""

import html
import re
from html.parser import HTMLParser
from random import Random
from urllib.parse import parse_qs, urlsplit

import pytest

from koscom_async.sandbox import SandboxGateway
from koscom_async.sandbox.credentials import CODE_SECONDS, Grants, Tokens
from tests.sandbox.asking import BALANCE, asking

AUTHORIZE, TOKEN, REVOKE = "/auth/oauth/v2/authorize", "/auth/oauth/v2/token", "/auth/oauth/v2/token/revoke"
CALLBACK = "http://127.0.0.1:9/callback"


def question(ask, **changes):
    given = {
        "response_type": "code",
        "client_id": ask.gateway.settings.api_key,
        "redirect_uri": CALLBACK,
        "scope": "account",
        "state": "s&1",
    }
    return {name: value for name, value in (given | changes).items() if value is not ...}


async def decide(ask, decision="allow", **changes):
    form = question(ask, **changes) | {"decision": decision, "person": changes.get("person", "0")}
    return await ask.client.post(AUTHORIZE, data=form)


def sent_back(answer):
    assert answer.status_code == 302
    address = urlsplit(answer.headers["location"])
    return {name: values[0] for name, values in parse_qs(address.query).items()}


def client(ask):
    settings = ask.gateway.settings
    return (settings.api_key, settings.api_secret)


async def token(ask, *, auth=None, **form):
    return await ask.client.post(TOKEN, data=form, auth=auth or client(ask))


async def redeem(ask, code, **changes):
    return await token(
        ask, **{"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK} | changes
    )


class Forms(HTMLParser):
    """Collects what a browser would send, and what it would run."""

    def __init__(self):
        super().__init__()
        self.fields, self.buttons, self.people, self.tags = {}, [], [], set()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        values = dict(attributes)
        if tag == "input" and values["type"] == "hidden":
            self.fields[values["name"]] = values["value"]
        if tag == "input" and values["type"] == "radio":
            self.people.append(values["value"])
        if tag == "button":
            self.buttons.append((values["name"], values["value"]))


async def test_the_page_asks_in_a_form_that_carries_the_question_on(ask):
    answer = await ask.client.get(AUTHORIZE, params=question(ask))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    page = Forms()
    page.feed(answer.text)
    assert page.fields == question(ask)
    assert page.buttons == [("decision", "deny"), ("decision", "allow")]
    assert page.people == [str(number) for number in range(len(ask.gateway.ledger.people))]
    assert "script" not in page.tags
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["cache-control"] == "no-store"


async def test_everything_foreign_on_the_page_is_escaped(ask_quickly):
    trick = "\"><script>alert(1)</script><b x='"
    answer = await ask_quickly.client.get(AUTHORIZE, params=question(ask_quickly, state=trick))
    page = Forms()
    page.feed(answer.text)
    assert page.fields["state"] == trick
    assert {"script", "b"} & page.tags == set()
    assert html.escape(trick) in answer.text
    tricky = f"{CALLBACK}/<script>"
    answer = await ask_quickly.client.get(AUTHORIZE, params=question(ask_quickly, redirect_uri=tricky))
    assert "<script>" not in answer.text


async def test_whoever_allows_is_sent_back_with_a_code_and_the_state(ask):
    answer = await decide(ask)
    said = sent_back(answer)
    assert answer.headers["location"].startswith(f"{CALLBACK}?")
    assert (said.keys(), said["state"]) == ({"code", "state"}, "s&1")
    kept = await decide(ask, redirect_uri=f"{CALLBACK}?shop=1")
    assert kept.headers["location"].startswith(f"{CALLBACK}?shop=1&code=")


@pytest.mark.parametrize("decision", ["deny", "", "ALLOW"])
async def test_whoever_does_not_allow_is_sent_back_with_an_error(ask_quickly, decision):
    assert sent_back(await decide(ask_quickly, decision)) == {"error": "access_denied", "state": "s&1"}


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "another"}, {"client_id": ...}, {"client_id": "비밀"}, {"redirect_uri": ...}, {"redirect_uri": "/callback"},
        {"redirect_uri": "http://evil.example/"}, {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "https://user@evil.example/"}, {"redirect_uri": f"{CALLBACK}#x"},
        {"redirect_uri": "https://[broken/"}, {"redirect_uri": "http://127.0.0.1.evil.example/"},
        {"redirect_uri": f"{CALLBACK}\r\nX: 1"},
    ],
)  # fmt: skip
async def test_who_cannot_be_trusted_is_not_sent_on(ask_quickly, changes):
    for answer in (
        await ask_quickly.client.get(AUTHORIZE, params=question(ask_quickly, **changes)),
        await decide(ask_quickly, **changes),
    ):
        assert (answer.status_code, "location" in answer.headers) == (400, False)
        assert "This link does not work" in answer.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"scope": ...}, "invalid_scope"),
        ({"state": ...}, "invalid_request"),
    ],
)
async def test_a_question_that_is_wrong_is_sent_back_as_an_error(ask_quickly, changes, error):
    answer = await ask_quickly.client.get(AUTHORIZE, params=question(ask_quickly, **changes))
    assert sent_back(answer)["error"] == error


VERIFIER, CHALLENGE = (
    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
)
"""RFC 7636, appendix B."""
S256 = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


async def test_a_code_with_a_challenge_is_redeemed_by_its_verifier_alone(ask_quickly):
    ask = ask_quickly
    page = Forms()
    page.feed((await ask.client.get(AUTHORIZE, params=question(ask, **S256))).text)
    assert page.fields == question(ask, **S256)
    for asked, given, status in (
        (S256, {"code_verifier": VERIFIER}, 200),
        (S256, {}, 400),
        (S256, {"code_verifier": "x" * 43}, 400),
        (S256, {"code_verifier": CHALLENGE}, 400),
        ({}, {"code_verifier": VERIFIER}, 400),
        ({}, {}, 200),
    ):
        code = sent_back(await decide(ask, **asked))["code"]
        answer = await redeem(ask, code, **given)
        assert (answer.status_code, answer.json().get("error")) == (
            status,
            None if status == 200 else "invalid_grant",
        ), given


async def test_a_challenge_that_would_prove_nothing_is_refused(ask_quickly):
    for changes in (
        {"code_challenge": CHALLENGE},
        S256 | {"code_challenge_method": "plain"},
        {"code_challenge_method": "S256"},
        S256 | {"code_challenge": CHALLENGE[1:]},
        S256 | {"code_challenge": f"{CHALLENGE[1:]}="},
    ):
        answer = await ask_quickly.client.get(AUTHORIZE, params=question(ask_quickly, **changes))
        assert sent_back(answer)["error"] == "invalid_request", changes


async def test_grants_are_odd_on_demand(ask_quickly):
    """What the server says is odd; what it keeps, as it should be."""
    ask, gateway = ask_quickly, ask_quickly.gateway
    issued = gateway.issue_token()
    form = {"grant_type": "refresh_token", "refresh_token": issued.refresh}
    gateway.set_fault("auth", "same-token")
    for _ in range(2):
        answer = (await token(ask, **form)).json()
        assert (answer["access_token"], answer["refresh_token"]) == (issued.access, issued.refresh)
    gateway.set_fault("auth", "short-lived:7")
    answer = (await token(ask, **form)).json()
    assert (answer["expires_in"], answer["access_token"] != issued.access) == (7, True)
    gateway.set_fault("auth", "other-scope")
    assert (await redeem(ask, sent_back(await decide(ask))["code"])).json()["scope"] == "profile"
    assert (await token(ask, grant_type="refresh_token", refresh_token="x")).json()[
        "error"
    ] == "invalid_grant"
    gateway.set_fault("auth", "foreign-issuer")
    assert sent_back(await decide(ask))["iss"] == "https://auth.example"
    for broker in ("star", "common"):
        with pytest.raises(ValueError, match="is one of the authorization server, which is 'auth' here"):
            gateway.set_fault(broker, "same-token")
    for wrong in ("short-lived:0", "short-lived:x", "same-token:1"):
        with pytest.raises(ValueError, match="cannot have the argument"):
            gateway.set_fault("auth", wrong)


async def test_a_person_who_does_not_exist_gets_no_code(ask_quickly):
    for person in ("99", "-1", "x", "½"):
        assert (await decide(ask_quickly, person=person)).status_code == 400


async def test_a_code_becomes_tokens_that_open_the_account_of_whoever_allowed(ask):
    code = sent_back(await decide(ask))["code"]
    answer = (await redeem(ask, code)).json()
    assert {name: answer[name] for name in ("token_type", "expires_in", "scope")} == {
        "token_type": "Bearer",
        "expires_in": 2592000,
        "scope": "account",
    }
    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    assert (
        await ask.client.post(BALANCE.format("star"), json=ask.message(), headers=bearer)
    ).status_code == 200
    other = (await redeem(ask, sent_back(await decide(ask, person="1"))["code"])).json()["access_token"]
    stranger = {"Authorization": f"Bearer {other}"}
    refused = await ask.client.post(BALANCE.format("star"), json=ask.message(), headers=stranger)
    assert refused.json()["code"] == 2100


async def test_a_code_is_good_once_and_only_for_its_callback(ask_quickly):
    ask = ask_quickly
    code = sent_back(await decide(ask))["code"]
    statuses = [(await redeem(ask, code)).status_code for _ in range(2)]
    other = sent_back(await decide(ask))["code"]
    wrong = await redeem(ask, other, redirect_uri="https://other.example/")
    again = await redeem(ask, other)
    assert statuses == [200, 400]
    assert [(each.status_code, each.json()["error"]) for each in (wrong, again)] == [
        (400, "invalid_grant")
    ] * 2


async def test_a_refresh_token_is_replaced_at_each_use_and_the_old_tokens_die(ask_quickly):
    ask = ask_quickly
    first = (await redeem(ask, sent_back(await decide(ask))["code"])).json()
    second = (await token(ask, grant_type="refresh_token", refresh_token=first["refresh_token"])).json()
    assert {first["access_token"], first["refresh_token"]} & {
        second["access_token"],
        second["refresh_token"],
    } == set()
    dead = await ask.client.post(
        BALANCE.format("diamond"),
        json=ask.message("diamond", "ALL"),
        headers={"Authorization": f"Bearer {first['access_token']}"},
    )
    assert (dead.status_code, dead.json()["error"]) == (401, "invalid_token")
    used = await token(ask, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (used.status_code, used.json()["error"]) == (400, "invalid_grant")
    assert ask.gateway.refreshes == 2


@pytest.mark.parametrize(
    "auth", [("another", "sandbox-api-secret"), ("sandbox-api-key", "another"), ("", "")]
)
@pytest.mark.parametrize("path", [TOKEN, REVOKE])
async def test_a_wrong_client_is_refused(ask_quickly, path, auth):
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic ???"}):
        answer = await ask_quickly.client.post(path, data={}, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    answer = await ask_quickly.client.post(path, data={"token": "x"}, auth=auth)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"scope": "account"}, "unsupported_grant_type"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code", "redirect_uri": CALLBACK}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "x"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
        ({"grant_type": ["refresh_token", "refresh_token"], "refresh_token": "x"}, "invalid_request"),
    ],
)
async def test_a_form_that_is_wrong_is_refused(ask_quickly, form, error):
    answer = await token(ask_quickly, **form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


async def test_json_is_no_form(ask_quickly):
    answer = await ask_quickly.client.post(
        TOKEN, json={"grant_type": "refresh_token"}, auth=client(ask_quickly)
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize("kind", ["access", "refresh"])
async def test_a_revoked_token_is_dead_and_a_refresh_token_takes_the_other_along(ask_quickly, method, kind):
    ask, issued = ask_quickly, ask_quickly.gateway.issue_token()
    form = {"token": getattr(issued, kind), "token_type_hint": f"{kind}_token"}
    for _ in range(2):  # RFC 7009: what is dead already counts as revoked
        answer = await ask.client.request(method, REVOKE, data=form, auth=client(ask))
        assert (answer.status_code, answer.json()) == (200, {"result": "revoked"})
    bearer = {"Authorization": f"Bearer {issued.access}"}
    assert (
        await ask.client.post(BALANCE.format("cyber"), json=ask.message("cyber"), headers=bearer)
    ).status_code == 401
    renewed = await token(ask, grant_type="refresh_token", refresh_token=issued.refresh)
    assert renewed.status_code == (200 if kind == "access" else 400)


@pytest.mark.parametrize(
    "form", [{"token": "x"}, {"token_type_hint": "access_token"}, {"token": "x", "token_type_hint": "y"}]
)
async def test_a_revocation_names_the_token_and_its_kind(ask_quickly, form):
    answer = await ask_quickly.client.post(REVOKE, data=form, auth=client(ask_quickly))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_a_firm_may_be_given_no_refresh_tokens_and_short_lives():
    async with asking(refresh_tokens=False, token_lifetime=5.0) as ask:
        answer = (await redeem(ask, sent_back(await decide(ask))["code"])).json()
        assert ("refresh_token" in answer, answer["expires_in"]) == (False, 5)
        assert ask.gateway.issue_token().refresh is None


async def test_every_call_is_in_the_record_under_its_own_name(ask_quickly):
    ask = ask_quickly
    await ask.client.get(AUTHORIZE, params=question(ask))
    code = sent_back(await decide(ask))["code"]
    answer = (await redeem(ask, code)).json()
    await token(ask, grant_type="refresh_token", refresh_token=answer["refresh_token"])
    await ask.client.post(REVOKE, data={}, auth=client(ask))
    assert [(call.endpoint, call.broker, call.status) for call in ask.gateway.calls] == [
        ("auth.authorize", "auth", 200),
        ("auth.authorize", "auth", 302),
        ("auth.token", "auth", 200),
        ("auth.refresh", "auth", 200),
        ("auth.revoke", "auth", 400),
    ]
    assert not re.search(r"sandbox-(code|access|refresh)-", repr(ask.gateway.calls))


async def test_the_authorization_server_goes_wrong_on_demand(ask_quickly):
    ask_quickly.gateway.set_fault("auth", "down")
    assert (await token(ask_quickly, grant_type="refresh_token")).json()["code"] == 3600
    with pytest.raises(ValueError, match="auth is the authorization server"):
        ask_quickly.gateway.set_fault("auth", "foreign")


def test_codes_and_access_tokens_die_in_time():
    now = 0.0
    people = SandboxGateway(in_process=True).ledger.people
    tokens = Tokens(people, clock=lambda: now)
    grants = Grants(tokens, Random(0), clock=lambda: now)  # chosen to repeat
    code = grants.code(people[0], redirect_uri=CALLBACK, scope="account profile")
    late = grants.code(people[0], redirect_uri=CALLBACK, scope="account")
    issued = grants.redeem(code, redirect_uri=CALLBACK)
    assert (issued.seconds, tokens.owner(issued.access)) == (600, people[0])
    now = CODE_SECONDS
    assert grants.redeem(late, redirect_uri=CALLBACK) is None
    now = 600.0
    assert tokens.owner(issued.access) is None
    assert grants.renew(issued.refresh) is not None
    assert repr(issued) == "Issued(scope='account profile', seconds=600)"
