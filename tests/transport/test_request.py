"""The request, to the letter: every header, the address and the body of each kind of call."""

import json

import pytest

from koscom_async import Settings, Timeouts, Token, UsageError
from koscom_async._http.transport import Reuse
from koscom_async._transport import sender as module
from koscom_async._transport.sender import RequestWriter
from koscom_async._wire import endpoints
from koscom_async._wire.endpoints import AuthScheme, Call, Content, Endpoint

JSON = (b"Content-Type", b"application/json; charset=utf-8")
ACCEPT = (b"Accept", b"application/json")
HOST = (b"Host", b"gateway.example:8443")
BASIC = (b"Authorization", b"Basic S0VZOlNFQ1JFVA==")


@pytest.fixture
def writer():
    settings = Settings(
        base_url="https://gateway.example:8443",
        api_key="KEY",
        api_secret="SECRET",
        com_id="F0995",
        srv_id="297",
        timeouts=Timeouts(connect=1, read=2, write=3),
    )
    return RequestWriter(settings)


def call_of(scheme=AuthScheme.API_KEY, content=Content.JSON, **changes):
    given = {
        "endpoint": Endpoint("account.balance", "/unused", scheme, content=content),
        "path": "/v1/star/x",
        "broker": "star",
        "body": {"name": "홍길동"},
        "read": str,
    }
    return Call(**given | changes)


def test_a_request_says_which_connection_it_may_take(writer):
    """None where it must not come twice; a quiet one where its answer does not say whose it is."""
    order = Endpoint("orders.send", "/unused", AuthScheme.API_KEY, repeatable=False, is_echoed=True)
    found = {
        endpoint.name: writer.write(call_of(endpoint=endpoint), Token(access="T")).extensions["reuse"]
        for endpoint in (order, *(each for each in vars(endpoints).values() if isinstance(each, Endpoint)))
    }
    assert {name for name, reuse in found.items() if reuse is Reuse.NONE} == {"orders.send", "auth.token"}
    quiet = {"member.register", "member.consent", "auth.refresh", "auth.revoke"}
    assert {name for name, reuse in found.items() if reuse is Reuse.QUIET} == quiet
    assert found["account.balance"] is found["discretionary.trades"] is Reuse.ANY


@pytest.mark.parametrize(
    ("scheme", "token", "signature"),
    [
        (AuthScheme.API_KEY, None, [(b"apikey", b"KEY")]),
        (AuthScheme.BASIC, None, [(b"comId", b"F0995"), BASIC]),
        (AuthScheme.CLIENT, None, [BASIC]),
        (AuthScheme.BEARER, Token(access="T"), [(b"apikey", b"KEY"), (b"Authorization", b"Bearer T")]),
    ],
)
def test_each_scheme_has_its_headers_and_no_others(writer, scheme, token, signature):
    request = writer.write(call_of(scheme), token)
    body = '{"name":"홍길동"}'.encode()
    length = (b"Content-Length", b"%d" % len(body))
    assert request.headers.raw == [HOST, JSON, ACCEPT, *signature, length]
    assert (request.method, str(request.url)) == ("POST", "https://gateway.example:8443/v1/star/x")
    assert request.content == body
    timeout = {"connect": 1, "read": 2, "write": 3, "pool": 1}
    assert request.extensions == {"timeout": timeout, "reuse": Reuse.QUIET}


def test_an_investor_s_call_without_a_token_is_not_written(writer):
    with pytest.raises(UsageError, match="on behalf of an investor"):
        writer.write(call_of(AuthScheme.BEARER), None)


def test_a_form_is_written_as_one(writer):
    request = writer.write(call_of(content=Content.FORM, body={"a": "1 2", "b": "한"}), None)
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.content == b"a=1+2&b=%ED%95%9C"


@pytest.mark.parametrize(
    ("method", "body", "length"),
    [("GET", None, None), ("DELETE", None, None), ("POST", None, "0"), ("PUT", None, "0"), ("GET", [1], "3")],
)
def test_the_length_is_said_where_there_is_a_body_or_one_is_expected(writer, method, body, length):
    request = writer.write(call_of(method=method, body=body), None)
    assert request.headers.get("content-length") == length
    assert request.content == (b"" if body is None else json.dumps(body).encode())


def test_the_query_is_encoded_and_stays_with_its_call(writer):
    asked = writer.write(call_of(params={"q": "a b&한"}), None)
    assert asked.url.raw_path == b"/v1/star/x?q=a+b%26%ED%95%9C"
    assert writer.write(call_of(), None).url.raw_path == b"/v1/star/x"


def test_paths_without_end_fill_no_memory(writer, monkeypatch):
    monkeypatch.setattr(module, "_MOST_URLS", 2)
    for number in range(5):
        assert writer.write(call_of(path=f"/v1/{number}"), None).url.path == f"/v1/{number}"
    assert len(writer._gateway._urls) == 2
