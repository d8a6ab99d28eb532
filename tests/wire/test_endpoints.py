"""Where an account is asked: only ever at the configured gateway, whatever address the platform gives."""

import pytest

from koscom_async._wire.endpoints import (
    BALANCE,
    CONSENT,
    REGISTRATION,
    AuthScheme,
    account_path,
    broker_in,
)
from koscom_async.brokers import Broker, find_broker
from koscom_async.errors import ResponseMismatchError, UntrustedEndpointError
from koscom_async.models.member import VirtualAccount
from tests.loops import each

GATEWAY = "https://sandbox-apigw.koscom.co.kr"
LOOPBACK = "http://127.0.0.1:8080"


def path_of(endpoint, account, base_url):
    broker = account.broker
    return account_path(endpoint, broker.short_name, broker.code, account.endpoint, base_url)


def account_at(address: str | None, *, code: str = "00992") -> VirtualAccount:
    broker = find_broker(code=code) or Broker(code, broker_in(address or "") or code, "New", "새 증권")
    return VirtualAccount(broker=broker, number="160635473367600099", endpoint=address)


@pytest.mark.parametrize(
    ("endpoint", "path", "scheme", "service"),
    [
        (REGISTRATION, "/v1/common/member/register/search", AuthScheme.API_KEY, "member"),
        (CONSENT, "/v1/common/member/consent/search", AuthScheme.API_KEY, "member"),
        (BALANCE, "/{version}/{broker}/account/balance/search", AuthScheme.BEARER, "account"),
    ],
)
def test_an_endpoint_is_the_manuals_and_may_be_read_twice(
    endpoint: object, path: str, scheme: AuthScheme, service: str
) -> None:
    facts = tuple(getattr(endpoint, name) for name in ("path", "scheme", "service", "repeatable"))
    assert facts == (path, scheme, service, True)


ACCEPTED = [
    (f"{GATEWAY}/v1/diamond/account/", GATEWAY),
    (f"{GATEWAY}/v1/diamond/account", GATEWAY),
    ("HTTPS://Sandbox-APIGW.Koscom.Co.KR/v1/diamond/account/", GATEWAY),
    ("https://sandbox-apigw.koscom.co.kr:443/v1/diamond/account/", GATEWAY),
    (f"{GATEWAY}/v1/diamond/account/", f"{GATEWAY}:443"),
    (f"{GATEWAY}/v1/Diamond/account/", GATEWAY),
    (f"{LOOPBACK}/v1/diamond/account/", LOOPBACK),
    ("http://localhost/v1/diamond/account/", "http://localhost:80"),
    ("http://[::1]:8080/v1/diamond/account/", "http://[::1]:8080"),
]


@pytest.mark.parametrize(("address", "base_url"), ACCEPTED)
def test_an_address_on_the_gateway_gives_the_path(address: str, base_url: str) -> None:
    assert path_of(BALANCE, account_at(address), base_url) == "/v1/diamond/account/balance/search"


def test_the_addresss_version_is_kept() -> None:
    path = path_of(BALANCE, account_at(f"{GATEWAY}/v12/diamond/account/"), GATEWAY)
    assert path == "/v12/diamond/account/balance/search"


HOST = "sandbox-apigw.koscom.co.kr"
REST = "/v1/diamond/account/"
TRICKS = {
    "another host": f"https://evil.example{REST}",
    "the other environment": f"https://apigw.koscom.co.kr{REST}",
    "a subdomain of it": f"https://x.{HOST}{REST}",
    "it as a subdomain": f"https://{HOST}.evil.example{REST}",
    "it as a prefix": f"https://{HOST}evil.example{REST}",
    "a trailing dot": f"https://{HOST}.{REST}",
    "a digit for a letter": f"https://{HOST.replace('o', '0')}{REST}",
    "a look-alike letter": f"https://{HOST.replace('o', 'о')}{REST}",
    "a wide letter": f"https://{HOST.replace('k', 'ｋ')}{REST}",
    "a long s": f"https://{HOST.replace('s', 'ſ')}{REST}",
    "an ideographic full stop": f"https://{HOST.replace('.', '。')}{REST}",
    "punycode": f"https://xn--{HOST}{REST}",
    "a Korean host": f"https://코스콤.kr{REST}",
    "it as user": f"https://{HOST}@evil.example{REST}",
    "it as user with a password": f"https://{HOST}:443@evil.example{REST}",
    "a user before it": f"https://user:pw@{HOST}{REST}",
    "an empty user": f"https://@{HOST}{REST}",
    "another port": f"https://{HOST}:8443{REST}",
    "http's port": f"https://{HOST}:80{REST}",
    "port 0": f"https://{HOST}:0{REST}",
    "an impossible port": f"https://{HOST}:99999{REST}",
    "a port that is no number": f"https://{HOST}:https{REST}",
    "plain http": f"http://{HOST}{REST}",
    "http on https's port": f"http://{HOST}:443{REST}",
    "another scheme": f"ftp://{HOST}{REST}",
    "javascript": f"javascript://{HOST}{REST}",
    "no scheme": f"{HOST}{REST}",
    "no scheme but slashes": f"//{HOST}{REST}",
    "only a path": REST,
    "three slashes": f"https:///{HOST}{REST}",
    "one slash": f"https:/{HOST}{REST}",
    "a backslash before the path": f"https://evil.example\\@{HOST}{REST}",
    "backslashes": f"https:\\\\{HOST}\\v1\\diamond\\account\\",
    "a backslash in the path": f"https://{HOST}/v1\\diamond/account/",
    "an encoded slash": f"https://{HOST}/v1/diamond%2Faccount/",
    "an encoded dot": f"https://{HOST}/v1/%2e%2e/diamond/account/",
    "an encoded host": f"https://{HOST.replace('.', '%2e')}{REST}",
    "dots": f"https://{HOST}/v1/../diamond/account/",
    "a dot for a broker": f"https://{HOST}/v1/./account/",
    "two dots for a broker": f"https://{HOST}/v1/../account/",
    "an empty broker": f"https://{HOST}/v1//account/",
    "a query": f"https://{HOST}{REST}?to=evil",
    "an empty query": f"https://{HOST}{REST}?",
    "a fragment": f"https://{HOST}{REST}#evil",
    "trailing junk": f"https://{HOST}{REST}balance",
    "two slashes at the end": f"https://{HOST}{REST}/",
    "another service": f"https://{HOST}/v1/diamond/b2baccount/",
    "the common service": f"https://{HOST}/v1/common/member/",
    "a broker named as the common service": f"https://{HOST}/v1/common/account/",
    "a broker named as the authorization server": f"https://{HOST}/v1/Auth/account/",
    "a broker named as the market": f"https://{HOST}/v1/market/account/",
    "no version": f"https://{HOST}/diamond/account/",
    "a version that is none": f"https://{HOST}/vX/diamond/account/",
    "a version in wide digits": f"https://{HOST}/v１/diamond/account/",
    "a space": f"https://{HOST}/v1/dia mond/account/",
    "a tab": f"https://{HOST}/v1/dia\tmond/account/",
    "a newline": f"https://{HOST}/v1/diamond\n/account/",
    "a newline at the end": f"https://{HOST}{REST}\n",
    "a header": f"https://{HOST}{REST}\r\nX-Evil: 1",
    "a null": f"https://{HOST}{REST}\0",
    "a broker too long": f"https://{HOST}/v1/{'a' * 41}/account/",
    "a template": f"https://{HOST}/v1/{{broker}}/account/",
    "a broken IPv6 host": f"https://[{HOST}{REST}",
    "no host": f"https://{REST}",
    "a word": "diamond",
    "blank": " ",
    "empty": "",
}


@each("address", TRICKS.values())
def test_any_other_address_is_refused_before_anything_is_sent(address: str) -> None:
    with pytest.raises(UntrustedEndpointError) as caught:
        path_of(BALANCE, account_at(address), GATEWAY)
    error = caught.value
    assert (error.broker, error.endpoint, error.code) == ("diamond", "account.balance", "untrusted-endpoint")
    assert error.retriable is False
    assert "evil" not in str(error)
    assert GATEWAY in str(error)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8081/v1/diamond/account/", "http://127.0.0.2:8080/v1/diamond/account/",
                "http://localhost:8080/v1/diamond/account/", "https://127.0.0.1:8080/v1/diamond/account/"]
)  # fmt: skip
def test_another_address_of_the_same_machine_is_another_gateway(address: str) -> None:
    with pytest.raises(UntrustedEndpointError):
        path_of(BALANCE, account_at(address), LOOPBACK)


@pytest.mark.parametrize(
    ("code", "name"), [("00992", "diamond"), ("00002", "shinhan"), ("00012", "nhinvest")]
)
def test_an_account_without_address_is_asked_under_its_brokers_short_name(code: str, name: str) -> None:
    assert path_of(BALANCE, account_at(None, code=code), GATEWAY) == f"/v1/{name}/account/balance/search"


def test_an_unregistered_broker_without_address_cannot_be_asked() -> None:
    with pytest.raises(UntrustedEndpointError, match="broker 00777 is not in the registry") as caught:
        path_of(BALANCE, account_at(None, code="00777"), GATEWAY)
    assert caught.value.advice == "update koscom_async, or report the account to the platform"


def test_an_unregistered_broker_is_asked_at_its_address() -> None:
    account = account_at(f"{GATEWAY}/v1/newbroker/account/", code="00777")
    assert path_of(BALANCE, account, GATEWAY) == "/v1/newbroker/account/balance/search"


def test_an_address_of_another_registered_broker_is_refused() -> None:
    with pytest.raises(ResponseMismatchError, match="is broker 00992's, but its address is cyber's"):
        path_of(BALANCE, account_at(f"{GATEWAY}/v1/cyber/account/"), GATEWAY)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (f"{GATEWAY}/v1/star/account/", "star"),
        (f"{GATEWAY}/v2/STAR/account", "star"),
        (f"{GATEWAY}/v1/star/b2baccount/", None),
        (f"{GATEWAY}/v1/common/account/", None),
        (f"{GATEWAY}/v1/commons/account/", "commons"),
        ("/v1/star/account/", "star"),
        ("https://[broken/v1/star/account/", None),
        ("star", None),
        ("", None),
    ],
)
def test_a_broker_is_named_in_the_address_or_nowhere(address: str, name: str | None) -> None:
    assert broker_in(address) == name
