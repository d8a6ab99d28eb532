"""The messages of the authorization-code flow, in every spelling that an answer may have."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from koscom_async import (
    AccessDeniedError,
    BrokerUnavailableError,
    MalformedResponseError,
    RequestRejectedError,
    ResponseMismatchError,
    Token,
)
from koscom_async._wire.oauth import (
    authorize_address,
    exchange_form,
    read_callback,
    read_revocation,
    read_token,
    refresh_form,
    revoke_form,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GATEWAY = "https://gateway.example"


@pytest.mark.parametrize("base", ["https://gateway.example", "http://127.0.0.1:8080", "http://[::1]:80"])
def test_the_authorize_address_is_the_gateway_s_with_every_parameter_escaped(base):
    address = authorize_address(
        base, "l7xx&k", redirect_uri="https://a.example/cb?x=1&y", scope="a b", state="s/+="
    )
    assert address.startswith(f"{base}/auth/oauth/v2/authorize?")
    assert parse_qs(urlsplit(address).query) == {
        "response_type": ["code"],
        "client_id": ["l7xx&k"],
        "redirect_uri": ["https://a.example/cb?x=1&y"],
        "scope": ["a b"],
        "state": ["s/+="],
    }


def test_the_challenge_is_the_one_of_the_rfc_s_example_and_the_verifier_is_in_the_form_alone():
    """RFC 7636, appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    address = authorize_address(
        GATEWAY, "k", redirect_uri="https://a/cb", scope="s", state="t", verifier=verifier
    )
    query = parse_qs(urlsplit(address).query)
    assert query["code_challenge"] == ["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"]
    assert query["code_challenge_method"] == ["S256"]
    assert verifier not in address
    form = exchange_form(code="c", redirect_uri="https://a/cb", verifier=verifier)
    assert form["code_verifier"] == verifier


def test_the_forms_say_what_the_manual_wants_and_leave_the_client_to_the_header():
    assert exchange_form(code="c&d", redirect_uri="https://a/cb") == {
        "grant_type": "authorization_code",
        "code": "c&d",
        "redirect_uri": "https://a/cb",
    }
    assert refresh_form("r+/=") == {"grant_type": "refresh_token", "refresh_token": "r+/="}
    assert revoke_form("t", kind="access_token") == {
        "token": "t",
        "token_type_hint": "access_token",
    }


def read(**answer):
    return read_token({"access_token": "a", **answer}, now=lambda: NOW, refresh="old")


def test_a_token_is_read_with_the_moment_at_which_it_dies():
    token = read(
        refresh_token="r", expires_in=Decimal(2592000), token_type="Bearer", scope="account", other=1
    )
    assert token == Token(
        access="a", refresh="r", expires_at=NOW + timedelta(days=30), issued_at=NOW, scope="account"
    )


@pytest.mark.parametrize(
    ("granted", "scope"),
    [
        ("profile", "profile"), ("account profile", "account profile"), (None, "account"), ("null", "account"),
        ("", "account"), (5, None), ([], None), ('a"b', None), ("비밀", None), ("a" * 201, None), ("a\tb", None),
    ],
)  # fmt: skip
def test_the_scope_is_the_granted_one_or_the_one_that_was_asked_for_and_costs_no_token(granted, scope):
    answer = {"access_token": "a", "scope": granted}
    assert read_token(answer, now=lambda: NOW, scope="account").scope == scope


@pytest.mark.parametrize(
    "absent", [{}, {"refresh_token": None}, {"refresh_token": "null"}, {"refresh_token": ""}]
)
def test_an_answer_without_refresh_token_leaves_the_old_one_in_force(absent):
    assert read(**absent).refresh == "old"


@pytest.mark.parametrize(
    ("lifetime", "seconds"),
    [
        (Decimal(600), 600), ("600", 600), (Decimal("6.0E2"), 600), (Decimal("0.5"), 0.5),
        (None, None), ("null", None), ("", None), (Decimal(0), None), (Decimal(-1), None), ("soon", None),
        ([], None), (True, None), (Decimal("1E15"), None), (Decimal("1E400"), None), (Decimal("1E10"), None),
    ],
)  # fmt: skip
def test_a_lifetime_that_cannot_be_read_is_not_known_and_costs_no_token(lifetime, seconds):
    expires_at = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert read(expires_in=lifetime) == Token(access="a", refresh="old", expires_at=expires_at, issued_at=NOW)


@pytest.mark.parametrize("kind", ["bearer", "BEARER", None, "null"])
def test_the_kind_of_token_may_be_spelled_in_any_way(kind):
    assert read(token_type=kind).access == "a"


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ([], "not an object"),
        ({}, "access_token: the token is missing"),
        ({"access_token": "null"}, "access_token: the token is missing"),
        ({"access_token": {}}, "access_token: expected"),
        ({"access_token": "two SECRET-MARK words"}, r"could travel in a header \(access\)"),
        ({"access_token": "a", "refresh_token": "비밀SECRET-MARK"}, r"could travel in a header \(refresh\)"),
        ({"access_token": "a", "token_type": "mac"}, "expected Bearer"),
    ],
)
def test_what_is_no_token_is_malformed_and_not_quoted(answer, complaint):
    with pytest.raises(MalformedResponseError, match=complaint) as caught:
        read_token(answer, now=lambda: NOW)
    assert "MARK" not in str(caught.value) + str(caught.value.__context__)


def test_a_revocation_says_so_itself():
    assert read_revocation({"result": "revoked"}) is None
    with pytest.raises(MalformedResponseError, match="expected revoked"):
        read_revocation({"result": "no"})


CALLBACK = "http://127.0.0.1:1/callback?"


@pytest.mark.parametrize("address", [f"{CALLBACK}code=c%2F1&state=s", "/callback?state=s&code=c%2F1&more=x"])
def test_the_code_is_read_from_the_whole_address_or_from_its_path(address):
    assert read_callback(address, state="s", issuer=GATEWAY) == "c/1"


@pytest.mark.parametrize(
    "query", ["code=c", "code=c&state=", "code=c&state=S", "code=c&state=s%20", "error=access_denied"]
)
def test_a_callback_without_the_state_is_not_believed_whatever_it_says(query):
    with pytest.raises(ResponseMismatchError, match="does not carry the state"):
        read_callback(CALLBACK + query, state="s", issuer=GATEWAY)
    with pytest.raises(ResponseMismatchError):
        read_callback(CALLBACK + "code=c&state=", state="", issuer=GATEWAY)


def test_an_issuer_in_the_callback_must_be_the_gateway():
    for own in (GATEWAY, f"{GATEWAY}/", f"{GATEWAY}:443/auth/oauth/v2", "HTTPS://Gateway.Example"):
        assert (
            read_callback(f"{CALLBACK}code=c&state=s&iss={quote(own, safe='')}", state="s", issuer=GATEWAY)
            == "c"
        )
    for foreign in (
        "https://auth.example",
        "http://gateway.example",
        f"{GATEWAY}:8443",
        f"{GATEWAY}.evil.example",
        "x",
        "https://[",
        "https://gateway.example:x",
    ):
        for answer in ("code=c", "error=access_denied"):
            with pytest.raises(ResponseMismatchError, match="another authorization server"):
                read_callback(
                    f"{CALLBACK}{answer}&state=s&iss={quote(foreign, safe='')}", state="s", issuer=GATEWAY
                )


@pytest.mark.parametrize(
    "query", ["state=s", "state=s&code=", "state=s&code=a&code=b", "state=s&state=s&code=a"]
)
def test_a_callback_without_one_code_is_malformed(query):
    with pytest.raises(MalformedResponseError):
        read_callback(CALLBACK + query, state="s", issuer=GATEWAY)


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        ("access_denied", AccessDeniedError, "access_denied"),
        ("unauthorized_client", AccessDeniedError, "unauthorized_client"),
        ("invalid_scope", RequestRejectedError, "invalid_scope"),
        ("unsupported_response_type", RequestRejectedError, "unsupported_response_type"),
        ("temporarily_unavailable", BrokerUnavailableError, "temporarily_unavailable"),
        ("4300", AccessDeniedError, "access_denied"),
        ("<script>", AccessDeniedError, "access_denied"),
    ],
)
def test_what_the_server_sent_back_is_an_error_of_ours(error, kind, code):
    with pytest.raises(kind) as caught:
        read_callback(
            f"{CALLBACK}error={error}&error_description=not+today&state=s", state="s", issuer=GATEWAY
        )
    assert (caught.value.code, "not today" in str(caught.value)) == (code, True)
