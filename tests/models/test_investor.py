"""Investor, token and device: each impossible datum is named when the record is made, and none is ever shown."""

import json
import pickle
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from attrs.exceptions import FrozenInstanceError

from koscom_async.errors import KoscomError, SettingsError
from koscom_async.models.investor import VARIABLES, Device, Investor, Token
from tests.client.frames import texts_of
from tests.loops import each

CI = "kQXzSHH8M1FIR+5m19q+U95c22sz1liOENIBGdFUKPptAAapYld1eOF7Pv9+qgywHOZBynq6mG2gEajiy5AwJA=="
DEVICE = {"ip": "192.168.1.77", "mac": "70:54:D2:7E:E2:99"}
WHOLE = {"ci": CI, "name": "김가람", "token": Token(access="ACCESS-MARK"), "device": Device(**DEVICE)}
MISSING = object()


def without(given: dict[str, Any], **changes: object) -> dict[str, Any]:
    return {key: value for key, value in (given | changes).items() if value is not MISSING}


def names(caught: pytest.ExceptionInfo[SettingsError], kind: str, setting: str) -> bool:
    """Whether the error names the datum, in its own attribute and in its message."""
    assert isinstance(caught.value, KoscomError)
    assert isinstance(caught.value, ValueError)
    return caught.value.setting == setting and f"{kind}.{setting}" in str(caught.value)


@each(
    ("setting", "wrong"),
    [
        *[("ci", wrong) for wrong in (MISSING, None, "", " ", CI[:-1], CI + "=", CI * 2, 88, CI.encode())],
        *[
            ("ci", CI.replace(old, new))
            for old, new in (("k", "-"), ("k", "김"), ("k", " "), ("==", "=k"), ("=", "\n"))
        ],
        *[("name", wrong) for wrong in (MISSING, None, "", "   ", 5, "김\n가람", "김\0가람", "\ud800")],
        *[("token", wrong) for wrong in ("", "ACCESS-MARK", {"access": "ACCESS-MARK"})],
        *[("device", wrong) for wrong in (MISSING, None, "192.168.1.10", DEVICE)],
    ],
)
def test_an_impossible_datum_of_the_investor_is_named(setting: str, wrong: object) -> None:
    with pytest.raises(SettingsError) as caught:
        Investor(**without(WHOLE, **{setting: wrong}))
    assert names(caught, "Investor", setting)


def test_a_ci_of_the_wrong_length_says_how_long_it_is_and_not_what() -> None:
    with pytest.raises(SettingsError) as caught:
        Investor(**without(WHOLE, ci=CI[:-4]))
    assert str(caught.value) == "Investor.ci must have 88 characters (64 bytes in base64), got 84"


def test_a_ci_is_trimmed_as_the_documents_carry_a_space_in_it() -> None:
    assert Investor(**without(WHOLE, ci=f" {CI}\n")).ci == CI


@each("ip", ["192.168.1.10", "10.0.0.1", "255.255.255.255", "01012345678", "0111234567", "192168001010"])
@each(
    "mac", ["70:54:D2:7E:E2:47", "70-54-d2-7e-e2-47", "7054D27EE247", "9f1c2d3e-0000-4abc-8def-0123456789ab"]
)
def test_a_possible_device_is_kept_as_given(ip: str, mac: str) -> None:
    device = Device(ip=ip, mac=mac)
    assert (device.ip, device.mac) == (ip, mac)


@each(
    ("setting", "wrong"),
    [
        *[
            ("ip", wrong)
            for wrong in (
                MISSING, None, "", " ", "256.1.1.1", "1.2.3", "1.2.3.4.5", "1.2.3.999", "a.b.c.d", "::1", "1.2.3.4 ",
                "1.2.3.4\n", "１.2.3.4", "-1.2.3.4", "12345678", "1234567890123", "010-1234-5678", "+821012345678", 5,
            )
        ],
        *[
            ("mac", wrong)
            for wrong in (
                MISSING, None, "", " ", "70:54:D2:7E:E2", "70:54:D2:7E:E2:4", "70:54:D2:7E:E2:47:00", "G0:54:D2:7E:E2:47",
                "70:54-D2:7E:E2:47", "7054D27EE24", "7054D27EE2477", "70:54:D2:7E:E2:47 ", "70:54:D2:7E:E2:47\n", "uuid",
                "{9f1c2d3e-0000-4abc-8def-0123456789ab}", "9f1c2d3e00004abc8def0123456789ab", 5,
            )
        ],
    ],
)  # fmt: skip
def test_an_impossible_device_is_named(setting: str, wrong: object) -> None:
    with pytest.raises(SettingsError) as caught:
        Device(**without(DEVICE, **{setting: wrong}))
    assert names(caught, "Device", setting)


@each(
    ("setting", "wrong"),
    [
        *[
            ("access", wrong)
            for wrong in (MISSING, None, "", "  ", 5, "two words", "토큰", "a\r\nX-Evil: 1", "a\0")
        ],
        *[("refresh", wrong) for wrong in ("", "  ", 5, "two words", "토큰", "a\nb")],
        *[("expires_at", wrong) for wrong in (datetime(2018, 11, 5), "2018-11-05", 1541376000, 0, True)],  # noqa: DTZ001
    ],
)
def test_an_impossible_token_is_named(setting: str, wrong: object) -> None:
    with pytest.raises(SettingsError) as caught:
        Token(**without({"access": "ACCESS-MARK"}, **{setting: wrong}))
    assert names(caught, "Token", setting)
    assert "X-Evil" not in str(caught.value)


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=9))])
def test_a_token_may_say_when_it_expires(zone: timezone) -> None:
    moment = datetime(2018, 11, 5, tzinfo=zone)
    assert Token(access="A", expires_at=moment).expires_at == moment


def test_an_investor_may_have_no_token_where_a_store_has_one() -> None:
    assert Investor(**without(WHOLE, token=None)).token is None
    assert Investor(**without(WHOLE, token=MISSING)).token is None
    nobody = Investor.from_env(
        without(ENVIRON, KOSCOM_ACCESS_TOKEN=MISSING, KOSCOM_REFRESH_TOKEN="REFRESH-MARK")
    )
    assert nobody.token is None
    assert nobody.secrets == (nobody.ci, nobody.name, nobody.device.ip, nobody.device.mac)


def test_a_token_without_more_has_no_refresh_and_no_expiry() -> None:
    token = Token(access="ACCESS-MARK")
    assert (token.access, token.refresh, token.expires_at) == ("ACCESS-MARK", None, None)


def test_nothing_personal_is_shown() -> None:
    investor = Investor(**without(WHOLE, token=Token(access="ACCESS-MARK", refresh="REFRESH-MARK")))
    for shown in (repr(investor), str(investor), f"{investor}", repr([investor]), repr(investor.token)):
        for secret in (CI, "김가람", "ACCESS-MARK", "REFRESH-MARK", DEVICE["ip"], DEVICE["mac"]):
            assert secret not in shown
    assert (
        repr(Token(access="ACCESS-MARK"))
        == "Token(access='***', refresh=None, expires_at=None, issued_at=None, scope=None)"
    )
    assert repr(Device(**DEVICE)) == "Device(ip='***', mac='***')"


def test_the_secrets_are_every_text_that_no_message_may_repeat() -> None:
    investor = Investor(**without(WHOLE, token=Token(access="ACCESS-MARK", refresh="REFRESH-MARK")))
    assert set(investor.secrets) == {CI, "김가람", "ACCESS-MARK", "REFRESH-MARK", DEVICE["ip"], DEVICE["mac"]}
    assert set(Investor(**WHOLE).secrets) == {CI, "김가람", "ACCESS-MARK", DEVICE["ip"], DEVICE["mac"]}  # type: ignore[arg-type]


@pytest.mark.parametrize(("record", "name"), [(WHOLE["token"], "access"), (WHOLE["device"], "ip")])
def test_the_records_are_frozen_and_equal_by_value(record: object, name: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(record, name, "other")
    assert pickle.loads(pickle.dumps(record)) == record  # noqa: S301  # our own bytes


def test_an_investor_is_frozen_and_travels_between_processes() -> None:
    investor = Investor(**WHOLE)  # type: ignore[arg-type]
    with pytest.raises(FrozenInstanceError):
        investor.name = "other"  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(investor)) == investor  # noqa: S301  # our own bytes


ENVIRON = {
    "KOSCOM_CI": CI,
    "KOSCOM_NAME": "김가람",
    "KOSCOM_ACCESS_TOKEN": "ACCESS-MARK",
    "KOSCOM_DEVICE_IP": DEVICE["ip"],
    "KOSCOM_DEVICE_MAC": DEVICE["mac"],
}


def test_the_environment_makes_the_same_investor() -> None:
    assert Investor.from_env(ENVIRON) == Investor(**WHOLE)  # type: ignore[arg-type]
    refreshed = Investor.from_env(ENVIRON | {"KOSCOM_REFRESH_TOKEN": "REFRESH-MARK"})
    assert refreshed.token == Token(access="ACCESS-MARK", refresh="REFRESH-MARK")
    assert Investor.from_env(ENVIRON | {"KOSCOM_REFRESH_TOKEN": ""}).token.refresh is None


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("KOSCOM_REFRESH_TOKEN", raising=False)
    assert Investor.from_env() == Investor(**WHOLE)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("variable", "setting"),
    [
        ("KOSCOM_CI", "ci"),
        ("KOSCOM_NAME", "name"),
        ("KOSCOM_DEVICE_IP", "ip"),
        ("KOSCOM_DEVICE_MAC", "mac"),
    ],
)
def test_a_variable_that_is_missing_is_the_datum_that_is_missing(variable: str, setting: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Investor.from_env(without(ENVIRON, **{variable: MISSING}))
    assert caught.value.setting == setting
    assert str(caught.value) == f"{variable} is not set"


def test_all_variables_that_are_missing_are_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        Investor.from_env({"KOSCOM_NAME": "김가람"})
    assert str(caught.value) == "KOSCOM_CI, KOSCOM_DEVICE_IP, KOSCOM_DEVICE_MAC are not set"
    assert caught.value.setting == "ci"


MOMENT = datetime(2018, 11, 5, 9, 30, tzinfo=timezone(timedelta(hours=9)))
EVERYTHING = Investor(
    ci=CI,
    name="김 \"가람's $HOME",
    token=Token(
        access="ACCESS-MARK", refresh="REFRESH-MARK", expires_at=MOMENT, issued_at=MOMENT, scope="account"
    ),
    device=Device(**DEVICE),
)


def test_an_investor_is_written_as_text_and_read_again() -> None:
    for investor in (EVERYTHING, Investor(**WHOLE), Investor(**without(WHOLE, token=None))):  # type: ignore[arg-type]
        assert Investor.from_json(investor.to_json()) == investor
        again = Investor.from_env(investor.to_env())
        assert (again.ci, again.name, again.device) == (investor.ci, investor.name, investor.device)
        assert again.secrets == investor.secrets
    assert Investor(**WHOLE).to_env() == ENVIRON  # type: ignore[arg-type]


def test_an_investors_json_that_is_wrong_is_refused_without_its_values() -> None:
    document = json.loads(EVERYTHING.to_json())
    wrong = {
        "this is no koscom_async.investor document": ("", "[]", "{}", None, json.dumps(document | {"kind": "x"})),
        "this koscom_async.investor document has a version that this library does not read: update it": (
            json.dumps(document | {"version": 2}), json.dumps(document | {"version": True}),
        ),
        "this koscom_async.investor document has fields that are not known; known are ci, name, ip, mac, access_token, "
        "refresh_token, expires_at, issued_at, scope": (json.dumps(document | {"phone": "SECRET-MARK"}),),
        "ci is missing": (json.dumps(document | {"ci": None}),),
        "ci, name are missing": (json.dumps(document | {"ci": "", "name": ""}),),
        "ip: Device.ip must be an IPv4 address such as 192.168.1.10, or a phone's number in digits only": (
            json.dumps(document | {"ip": "SECRET-MARK"}), json.dumps(document | {"ip": ["SECRET-MARK"]}),
        ),
        "expires_at: Token.expires_at must be a datetime with a time zone, or None": (
            json.dumps(document | {"expires_at": "SECRET-MARK"}), json.dumps(document | {"expires_at": 1541376000}),
        ),
    }  # fmt: skip
    for message, texts in wrong.items():
        for text in texts:
            with pytest.raises(SettingsError) as caught:
                Investor.from_json(text)
            assert str(caught.value) == message
            shown = "\n".join(texts_of(caught.value))
            assert not [each for each in (*EVERYTHING.secrets, "SECRET-MARK") if each in shown]


def test_no_frame_of_a_wrong_variable_holds_the_others() -> None:
    with pytest.raises(SettingsError) as caught:
        Investor.from_env(ENVIRON | {"KOSCOM_DEVICE_IP": "SECRET-MARK"})
    shown = "\n".join(texts_of(caught.value))
    assert not [
        each for each in (CI, "김가람", "ACCESS-MARK", "SECRET-MARK", *DEVICE.values()) if each in shown
    ]


@pytest.mark.parametrize(
    ("variable", "wrong", "said"),
    [
        ("KOSCOM_CI", "short", "KOSCOM_CI: Investor.ci must have 88 characters (64 bytes in base64), got 5"),
        ("KOSCOM_NAME", "김\n가람", "KOSCOM_NAME: Investor.name has unprintable characters"),
        ("KOSCOM_ACCESS_TOKEN", "토큰", "KOSCOM_ACCESS_TOKEN: Token.access must be ASCII without spaces"),
        ("KOSCOM_REFRESH_TOKEN", "two words", "KOSCOM_REFRESH_TOKEN: Token.refresh must be ASCII"),
        ("KOSCOM_DEVICE_IP", "1.2.3", "KOSCOM_DEVICE_IP: Device.ip must be an IPv4 address"),
        ("KOSCOM_DEVICE_MAC", "70:54", "KOSCOM_DEVICE_MAC: Device.mac must be a MAC address"),
    ],
)
def test_a_variable_that_is_wrong_is_named_with_its_rule_and_without_its_value(
    variable: str, wrong: str, said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        Investor.from_env(ENVIRON | {variable: wrong})
    assert str(caught.value).startswith(said)
    assert caught.value.__context__ is None
    assert caught.value.setting == dict(map(reversed, VARIABLES.items()))[variable].rpartition(".")[2]
