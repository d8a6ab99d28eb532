"""Tokens as text, and their keys: nothing is lost on the way, and nothing of a person can be read from a key."""

import json
from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koscom_async import Device, Investor, MemoryTokenStore, Settings, SettingsError, Token
from koscom_async.tokens import FernetSeal, LockingTokenStore, token_key
from koscom_async.tokens.records import read_text, token_text

TEXTS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1)
ZONES = st.integers(-23, 23).map(lambda hours: timezone(timedelta(hours=hours)))
TIMES = st.datetimes(datetime(2000, 1, 2), datetime(2199, 12, 30), timezones=ZONES)  # noqa: DTZ001  # the zone is drawn
TOKENS = st.builds(
    Token,
    access=TEXTS,
    refresh=st.none() | TEXTS,
    expires_at=st.none() | TIMES,
    issued_at=st.none() | TIMES,
    scope=st.sampled_from([None, "account", "account profile"]),
)
SEAL = FernetSeal(FernetSeal.new_key())


@given(TOKENS, st.sampled_from([None, SEAL]))
def test_a_token_comes_back_as_it_went(token, seal):
    text = token_text(token, key="k", seal=seal)
    assert read_text(text, key="k", seal=seal) == token
    assert seal is None or (token.access not in text or len(token.access) < 20)


@given(st.text() | st.binary())
def test_any_other_text_is_no_token_and_no_error(text):
    assert read_text(text, key="k", seal=None) is None


def test_a_time_that_no_token_has_is_no_token_and_raises_nothing_foreign():
    """A year 1 overflowed where it was computed with, far from the store that it came from."""
    for year in ("0001", "1999", "2200", "9999"):
        for name in ("expires_at", "issued_at"):
            text = json.dumps({"access": "a", name: f"{year}-01-01T00:00:00+00:00"})
            assert read_text(text, key="k", seal=None) is None, text
            with pytest.raises(SettingsError, match=f"Token.{name} must be in the years 2000 to 2199"):
                Token(access="a", **{name: datetime(int(year), 1, 1, tzinfo=UTC)})
    # A record of version 0.1, which knew neither.
    assert read_text('{"access": "a", "refresh": null, "expires_at": null}', key="k", seal=None) == Token(
        access="a"
    )


def settings_of(**changes):
    given = {
        "base_url": "https://a.example",
        "api_key": "KEY-MARK",
        "api_secret": "s",
        "com_id": "F",
        "srv_id": "2",
    }
    return Settings(**given | changes)


def investor_of(mark="A"):
    device = Device(ip="192.0.2.1", mac="00:00:5E:00:53:01")
    return Investor(ci=mark * 88, name="홍길동", device=device)


def test_a_key_is_the_investor_s_at_one_gateway_and_shows_neither():
    key = token_key(settings_of(), investor_of())
    assert len(key) == 64
    assert set(key) <= set("0123456789abcdef")
    others = [
        token_key(settings_of(), investor_of("B")),
        token_key(settings_of(base_url="https://b.example"), investor_of()),
        token_key(settings_of(api_key="OTHER"), investor_of()),
    ]
    assert len({key, *others}) == 4
    # Whoever the token is, the key is the same; so are settings that say nothing of whose it is.
    assert (
        token_key(
            settings_of(api_secret="t", com_id="G"), attrs.evolve(investor_of(), token=Token(access="x"))
        )
        == key
    )


async def test_memory_keeps_the_last_token_of_each_key_and_shows_none():
    store = MemoryTokenStore()
    first, second = Token(access="FIRST-MARK"), Token(access="SECOND-MARK", expires_at=datetime.now(UTC))
    await store.save("a", first)
    await store.save("a", second)
    assert (await store.load("a"), await store.load("b"), repr(store)) == (
        second,
        None,
        "<MemoryTokenStore of 1>",
    )
    assert not isinstance(store, LockingTokenStore)
