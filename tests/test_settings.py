"""Settings: defaults, the environment, and for each wrong value an error that names it."""

import copy
import math
import pickle
from typing import Any

import pytest
from attrs import evolve
from attrs.exceptions import FrozenInstanceError

from koscom_async.errors import KoscomError, SettingsError
from koscom_async.settings import (
    Backend,
    Breaker,
    BrokerLimits,
    BrokerOverrides,
    Environment,
    Limits,
    Retry,
    Settings,
    Timeouts,
)
from tests.loops import each

MISSING = object()
WHOLE: dict[str, Any] = {
    "environment": "sandbox",
    "api_key": "KEY-MARK",
    "api_secret": "SECRET-MARK",
    "com_id": "F0995",
    "srv_id": "297",
}
ENVIRON = {f"KOSCOM_{name.upper()}": value for name, value in WHOLE.items()}


def made(**changes: object) -> Settings:
    return Settings(**{name: value for name, value in (WHOLE | changes).items() if value is not MISSING})


def refuse(setting: str, make: Any) -> str:
    """Make what must be refused by the setting's name, and return the message."""
    with pytest.raises(SettingsError) as caught:
        make()
    assert isinstance(caught.value, KoscomError)
    assert isinstance(caught.value, ValueError)
    assert caught.value.setting == setting
    assert setting in str(caught.value)
    return str(caught.value)


def test_the_defaults_are_cautious() -> None:
    settings = made()
    assert settings.environment is Environment.SANDBOX
    assert settings.retry == Retry(attempts=4, base=0.2, cap=5.0, max_retry_after=30.0)
    assert settings.limits.of("star") == BrokerLimits(rate=10.0, burst=10, in_flight=8)
    assert (settings.limits.in_flight, settings.page_limit, settings.call_limit) == (40, 1000, 500)
    assert settings.breaker == Breaker(failures=10, cool_down=30.0)
    assert settings.timeouts == Timeouts(connect=5.0, read=15.0, write=5.0, attempt=30.0)
    assert settings.brokers == {}
    assert BrokerOverrides() == BrokerOverrides(supports_all=None, trust_totals=True, check_request_id=True)


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ("production", "https://apigw.koscom.co.kr"),
        ("sandbox", "https://sandbox-apigw.koscom.co.kr"),
        (Environment.PRODUCTION, "https://apigw.koscom.co.kr"),
    ],
)
def test_the_environment_says_where_the_gateway_is(environment: str, url: str) -> None:
    assert made(environment=environment).base_url == url


def test_a_base_url_counts_more_than_the_environment() -> None:
    settings = made(environment="production", base_url="https://oap.k-mydata.org")
    assert (settings.base_url, settings.environment) == ("https://oap.k-mydata.org", Environment.PRODUCTION)


@pytest.mark.parametrize("environment", [MISSING, None, ""])
def test_without_environment_and_url_the_environment_is_missing(environment: object) -> None:
    message = refuse("environment", lambda: made(environment=environment))
    assert "KOSCOM_ENVIRONMENT" in message


@pytest.mark.parametrize("environment", ["Production", "prod", "test", " sandbox", 5, True, ["sandbox"]])
def test_an_unknown_environment_is_refused_with_the_known_ones(environment: object) -> None:
    message = refuse("environment", lambda: made(environment=environment, base_url="https://gateway.example"))
    assert "production or sandbox" in message


@each("setting", ["api_key", "api_secret", "com_id", "srv_id"])
@each("wrong", [MISSING, None, "", "   ", 5, b"key", "two words", "키", "a\nb", "a\r\nX: 1", "a\0"])
def test_a_credential_that_is_missing_or_cannot_travel_is_named(setting: str, wrong: object) -> None:
    message = refuse(setting, lambda: made(**{setting: wrong}))
    assert "MARK" not in message
    if wrong in {MISSING, None, "", "   "}:
        assert f"KOSCOM_{setting.upper()}" in message


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://gateway.example", "https://gateway.example"),
        ("https://gateway.example/", "https://gateway.example"),
        ("https://gateway.example:8443/", "https://gateway.example:8443"),
        ("HTTPS://Gateway.Example", "https://gateway.example"),
        (" https://gateway.example ", "https://gateway.example"),
        ("https://10.0.0.1", "https://10.0.0.1"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.1.2.3", "http://127.1.2.3"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("http://LOCALHOST", "http://localhost"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_a_base_url_is_kept_as_scheme_host_and_port(given: str, kept: str) -> None:
    assert made(base_url=given, environment=None).base_url == kept


WRONG_URLS = [
    "gateway.example", "//gateway.example", "https://", "https:///v1", "ftp://gateway.example", "file:///etc/passwd",
    "http://gateway.example", "http://0.0.0.0", "http://10.0.0.1", "http://localhost.evil.example",
    "http://127.0.0.1.evil.example", "http://[2001:db8::1]", "https://user:pw@gateway.example",
    "https://user@gateway.example", "https://@gateway.example", "https://gateway.example/v1", "https://gateway.example//",
    "https://gateway.example?x=1", "https://gateway.example#x", "https://gateway.example:99999",
    "https://gateway.example:port", "https://gateway.example:0", "https://[broken", "https://게이트웨이.kr",
    "https://gate way.example", "https://gateway.example\\@evil.example", "https://gateway.example\n",
    "https://gate\tway.example", "https://gateway.example;x", "https://gateway%2eexample", "https://..", " ",
    5, True, b"https://gateway.example", ["https://gateway.example"],
]  # fmt: skip


@each("url", WRONG_URLS)
def test_an_impossible_base_url_is_refused(url: object) -> None:
    message = refuse("base_url", lambda: made(base_url=url))
    assert "pw" not in message


NUMBERS: dict[tuple[type, str], bool] = {
    # what is a number, and whether 0 is one of them
    (Retry, "base"): False,
    (Retry, "cap"): False,
    (Retry, "max_retry_after"): True,
    (Retry, "budget_share"): True,
    (Retry, "budget_reserve"): True,
    (Breaker, "cool_down"): False,
    (Breaker, "window"): False,
    (BrokerLimits, "rate"): False,
    (Timeouts, "connect"): False,
    (Timeouts, "read"): False,
    (Timeouts, "write"): False,
    (Timeouts, "attempt"): False,
}
COUNTS = [
    (Retry, "attempts"),
    (Breaker, "failures"),
    (Breaker, "investors"),
    (BrokerLimits, "burst"),
    (BrokerLimits, "in_flight"),
    (Limits, "in_flight"),
]
FLAGS = [
    (BrokerOverrides, "supports_all"),
    (BrokerOverrides, "trust_totals"),
    (BrokerOverrides, "check_request_id"),
]


@each(("kind", "name"), NUMBERS)
@each(
    "wrong",
    [-1, -0.001, -math.inf, math.inf, math.nan, 10**400, True, False, None, "1", "", [1]],
)
def test_a_number_that_is_negative_or_none_is_refused(kind: type, name: str, wrong: object) -> None:
    assert f"{kind.__name__}.{name} must" in refuse(name, lambda: kind(**{name: wrong}))


@pytest.mark.parametrize(("kind", "name"), NUMBERS)
def test_a_number_above_zero_is_kept(kind: type, name: str) -> None:
    for number in (0.001, 1, 2.5, 3600):
        assert getattr(kind(**{name: number}), name) == number


@pytest.mark.parametrize(("kind", "name"), NUMBERS)
def test_zero_is_a_number_only_where_nothing_can_be_meant_by_it(kind: type, name: str) -> None:
    if NUMBERS[kind, name]:
        assert getattr(kind(**{name: 0}), name) == 0
    else:
        refuse(name, lambda: kind(**{name: 0}))


@each(("kind", "name"), COUNTS)
@each("wrong", [0, -1, 1.0, 1.5, math.nan, True, None, "1"])
def test_a_count_below_one_or_broken_is_refused(kind: type, name: str, wrong: object) -> None:
    assert f"{kind.__name__}.{name} must" in refuse(name, lambda: kind(**{name: wrong}))


@pytest.mark.parametrize(
    "name",
    [
        "page_limit",
        "call_limit",
        "max_accounts",
        "max_response_bytes",
        "max_answer_bytes",
        "max_answer_rows",
        "max_reading_bytes",
    ],
)
@pytest.mark.parametrize("wrong", [0, -1, 1.0, True, None, "1000"])
def test_a_limit_below_one_or_broken_is_refused(name: str, wrong: object) -> None:
    refuse(name, lambda: made(**{name: wrong}))


@pytest.mark.parametrize("wrong", [-0.1, 1.5, 100, math.nan, math.inf, True, None, "0.5"])
def test_a_share_of_the_quota_outside_0_to_1_is_refused(wrong: object) -> None:
    assert "Limits.quota_reserve must" in refuse("quota_reserve", lambda: Limits(quota_reserve=wrong))  # type: ignore[arg-type]


@pytest.mark.parametrize("share", [0, 0.25])
def test_a_share_of_the_quota_is_kept(share: float) -> None:
    assert Limits(quota_reserve=share).quota_reserve == share


@each(("kind", "name"), FLAGS)
@each("wrong", [0, 1, "no", "false", "", [], 1.0])
def test_a_flag_that_is_neither_true_nor_false_is_refused(kind: type, name: str, wrong: object) -> None:
    assert f"{kind.__name__}.{name} must be True or False" in refuse(name, lambda: kind(**{name: wrong}))


def test_only_whether_all_works_may_be_left_to_the_registry() -> None:
    assert BrokerOverrides(supports_all=None).supports_all is None
    refuse("trust_totals", lambda: BrokerOverrides(trust_totals=None))  # type: ignore[arg-type]
    refuse("check_request_id", lambda: BrokerOverrides(check_request_id=None))  # type: ignore[arg-type]


@each("name", ["retry", "limits", "timeouts", "breaker"])
@each("wrong", [None, {}, 5, "fast", BrokerLimits()])
def test_a_nested_record_of_another_kind_is_refused(name: str, wrong: object) -> None:
    refuse(name, lambda: made(**{name: wrong}))


@pytest.mark.parametrize("wrong", [None, 5, [("star", BrokerLimits())], {"star": 5}, {"Star": BrokerLimits()},
                                   {"": BrokerLimits()}, {5: BrokerLimits()}, {"a b": BrokerLimits()},
                                   {"star": BrokerOverrides()}], ids=repr)  # fmt: skip
def test_limits_that_are_not_by_brokers_short_names_are_refused(wrong: object) -> None:
    refuse("brokers", lambda: Limits(brokers=wrong))


@pytest.mark.parametrize(
    "wrong", [None, 5, {"star": True}, {"STAR": BrokerOverrides()}, {"star": BrokerLimits()}]
)
def test_overrides_that_are_not_by_brokers_short_names_are_refused(wrong: object) -> None:
    refuse("brokers", lambda: made(brokers=wrong))


def test_a_broker_has_its_own_limits_and_overrides_or_the_defaults() -> None:
    slow, relaxed = BrokerLimits(rate=0.5), BrokerOverrides(check_request_id=False)
    settings = made(limits=Limits(brokers={"star": slow}), brokers={"star": relaxed})
    assert (settings.limits.of("star"), settings.limits.of("cyber")) == (slow, BrokerLimits())
    assert settings.brokers == {"star": relaxed}


def test_the_callers_own_mapping_cannot_change_the_settings() -> None:
    given = {"star": BrokerOverrides(trust_totals=False)}
    settings = made(brokers=given)
    given.clear()
    assert settings.brokers["star"].trust_totals is False
    with pytest.raises(TypeError):
        settings.brokers["star"] = BrokerOverrides()  # type: ignore[index]


@pytest.mark.parametrize(
    ("record", "name"),
    [(made(), "api_key"), (Retry(), "base"), (Limits(), "in_flight"), (BrokerLimits(), "rate"),
     (Timeouts(), "read"), (BrokerOverrides(), "trust_totals")],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_every_record_is_frozen(record: object, name: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(record, name, 1)


def test_no_secret_is_shown() -> None:
    for shown in (repr(made()), str(made()), f"{made()}", repr({"settings": made()})):
        assert "MARK" not in shown
        assert "api_key='***'" in shown
        assert "api_secret='***'" in shown


def test_the_environments_variables_make_the_same_settings() -> None:
    assert Settings.from_env(ENVIRON) == made()
    with_url = Settings.from_env(ENVIRON | {"KOSCOM_BASE_URL": "http://127.0.0.1:8080"})
    assert with_url.base_url == "http://127.0.0.1:8080"


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KOSCOM_BASE_URL", raising=False)
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    assert Settings.from_env() == made()


def test_arguments_win_over_the_environment() -> None:
    settings = Settings.from_env(ENVIRON, environment="production", com_id="F0001", retry=Retry(attempts=1))
    assert settings == made(environment="production", com_id="F0001", retry=Retry(attempts=1))


@pytest.mark.parametrize("variable", ENVIRON)
@pytest.mark.parametrize("value", [MISSING, ""])
def test_a_variable_that_is_missing_or_empty_is_the_setting_that_is_missing(
    variable: str, value: object
) -> None:
    environ = {name: each for name, each in (ENVIRON | {variable: value}).items() if each is not MISSING}
    setting = variable.removeprefix("KOSCOM_").lower()
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(environ)
    assert (caught.value.setting, str(caught.value)) == (setting, f"{variable} is not set")


def test_every_variable_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(
        SettingsError, match=r"KOSCOM_ENVIRONMENT, KOSCOM_API_KEY, .*, KOSCOM_SRV_ID are not set"
    ):
        Settings.from_env({})
    given = {"environment": "sandbox", "api_key": "k", "api_secret": "s"}
    with pytest.raises(SettingsError, match=r"^KOSCOM_COM_ID, KOSCOM_SRV_ID are not set$"):
        Settings.from_env({"KOSCOM_SRV_ID": ""}, **given)


OAUTH_BASE = {
    "base_url": "https://g.example",
    "api_key": "k",
    "api_secret": "s",
    "com_id": "F0995",
    "srv_id": "297",
}


@pytest.mark.parametrize(
    "uri",
    [
        "https://you.example/callback",
        "http://127.0.0.1:8765/",
        "https://you.example/cb?shop=1",
        "you.app:/callback",
    ],
)
def test_a_callback_is_any_absolute_address(uri):
    assert Settings(**OAUTH_BASE, redirect_uri=uri).redirect_uri == uri


@pytest.mark.parametrize(
    "uri",
    ["/callback", "you.example/cb", "https://", "https://you.example/#x", "https://you.example/a b", "https://[x/",
     "https://유.example/", "https://you.example/\r\n", "//you.example/", 7],
)  # fmt: skip
def test_an_impossible_callback_is_named(uri):
    with pytest.raises(SettingsError, match="redirect_uri must be an absolute URI") as caught:
        Settings(**OAUTH_BASE, redirect_uri=uri)
    assert caught.value.setting == "redirect_uri"


def test_a_code_travels_by_https_to_this_computer_or_to_an_app_of_its_own():
    safe = (
        "https://you.example/cb?x=1",
        "http://localhost:1/",
        "http://127.0.0.1/",
        "http://127.9.9.9:8/",
        "http://[::1]:80/",
        "com.example.app:/cb",
        "com.example.app://done",
    )
    for uri in safe:
        assert Settings(**OAUTH_BASE, redirect_uri=uri).redirect_uri == uri
    unsafe = (
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "http://evil.example/",
        "http://127.0.0.1.evil.example/",
        "app:/cb",
        "ftp://you.example/",
        "https:/you.example",
        "https://user@you.example/",
        "http://user@localhost/",
        "urn:x",
    )
    for uri in unsafe:
        with pytest.raises(SettingsError, match="redirect_uri must begin with https://") as caught:
            Settings(**OAUTH_BASE, redirect_uri=uri)
        assert caught.value.setting == "redirect_uri"


@pytest.mark.parametrize("scope", ["", " ", "a  b", " a", 'a"b', "a\\b", "계좌", None])
def test_an_impossible_scope_is_named(scope):
    with pytest.raises(SettingsError, match="scope must be words") as caught:
        Settings(**OAUTH_BASE, scope=scope)
    assert caught.value.setting == "scope"


def test_callback_and_scope_are_read_from_the_environment_and_have_defaults():
    names = {f"KOSCOM_{name.upper()}": value for name, value in OAUTH_BASE.items()}
    assert (Settings.from_env(names).redirect_uri, Settings.from_env(names).scope) == (None, "account")
    more = names | {"KOSCOM_REDIRECT_URI": "https://you.example/cb", "KOSCOM_SCOPE": "account profile"}
    settings = Settings.from_env(more)
    assert (settings.redirect_uri, settings.scope) == ("https://you.example/cb", "account profile")
    assert Settings.from_env(names | {"KOSCOM_REDIRECT_URI": ""}).redirect_uri is None


def test_the_backend_comes_from_arguments_or_the_environment():
    assert made().backend is Backend.AUTO
    assert made(backend="core").backend is Backend.CORE
    assert Settings.from_env(ENVIRON | {"KOSCOM_BACKEND": "fast"}).backend is Backend.FAST
    assert Settings.from_env(ENVIRON | {"KOSCOM_BACKEND": ""}).backend is Backend.AUTO


def test_an_unknown_backend_is_refused_by_name():
    message = refuse("backend", lambda: made(backend="uvloop"))
    assert message.startswith("backend must be one of auto, core, fast, httpx, got 'uvloop'")


def test_an_environment_and_the_other_ones_gateway_contradict_each_other():
    settings = made(environment="sandbox")
    message = refuse("base_url", lambda: evolve(settings, environment="production"))
    assert message.startswith(
        "base_url is the gateway of sandbox, and environment is production: change both"
    )
    moved = evolve(settings, environment="production", base_url="")
    assert moved.base_url == "https://apigw.koscom.co.kr"


def test_settings_can_be_hashed_copied_and_handed_to_another_process():
    settings = made(
        limits=Limits(brokers={"star": BrokerLimits(rate=3)}),
        brokers={"star": BrokerOverrides(supports_all=False)},
    )
    pickled = pickle.loads(pickle.dumps(settings))  # noqa: S301  # our own bytes
    for twin in (copy.deepcopy(settings), pickled, evolve(settings)):
        assert twin == settings
        assert hash(twin) == hash(settings)
        assert twin.limits.of("star").rate == 3


def test_a_mapping_in_the_settings_is_nobodys_to_change():
    given = {"star": BrokerLimits(rate=3)}
    limits = Limits(brokers=given)
    given["star"] = BrokerLimits(rate=300)
    assert limits.of("star").rate == 3
    with pytest.raises(TypeError):
        limits.brokers["star"] = BrokerLimits(rate=300)  # type: ignore[index]
    assert repr(limits.brokers) == repr({"star": BrokerLimits(rate=3)})
