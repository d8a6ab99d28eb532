"""Sealed tokens: only their key opens them, only in their own place, and a wrong key is an error and not "no token"."""

import base64
import json
import sys
import traceback

import pytest
from keyring.errors import KeyringLocked

from koscom_async import FileTokenStore, Koscom, KoscomError, SettingsError, Token
from koscom_async.sandbox import SandboxGateway
from koscom_async.tokens import FernetSeal, KeyringSeal
from koscom_async.tokens.records import read_record, token_record

TOKEN = Token(access="ACCESS-MARK-0123456789", refresh="REFRESH-MARK-0123456789", scope="account")
OTHER = Token(access="OTHER-MARK-0123456789")
MARK = b"MARK"
KEYS = [FernetSeal.new_key() for _ in range(3)]


class Broken:
    """A seal that fails, with the token in its frames."""

    def __init__(self, error):
        self.error = error

    def seal(self, data):
        raise self.error

    def open(self, sealed):
        raise self.error


def printed(error):
    """What an error reporter that keeps locals prints of an error, but for the tests' own frames."""
    texts = traceback.format_exception_only(error)
    for link in (error, error.__cause__, error.__context__):
        frames = traceback.walk_tb(link.__traceback__ if link is not None else None)
        texts += [repr(frame.f_locals) for frame, _ in frames if frame.f_code.co_filename != __file__]
    return "".join(texts)


def test_a_sealed_record_has_nothing_that_can_be_read_and_opens_in_its_own_place_only():
    seal = FernetSeal(KEYS[0])
    record = token_record(TOKEN, key="a", seal=seal)
    (sealed,) = record.values()
    assert MARK not in base64.b64decode(sealed)
    assert read_record(record, key="a", seal=seal) == TOKEN
    for key, other in (("b", seal), ("a", FernetSeal(KEYS[1]))):
        with pytest.raises(SettingsError, match="is not opened by this store's seal") as caught:
            read_record(record, key=key, seal=other)
        assert (caught.value.setting, "MARK" in printed(caught.value)) == ("seal", False)


def test_keys_are_rotated_by_putting_a_new_one_first():
    old, both, new = FernetSeal(KEYS[0]), FernetSeal(KEYS[1], KEYS[0]), FernetSeal(KEYS[1])
    record = token_record(TOKEN, key="a", seal=old)
    assert read_record(record, key="a", seal=both) == TOKEN
    again = token_record(TOKEN, key="a", seal=both)
    assert read_record(again, key="a", seal=new) == TOKEN
    with pytest.raises(SettingsError):
        read_record(again, key="a", seal=old)


def test_a_store_with_a_seal_and_one_without_do_not_take_each_other_s_records_for_nothing():
    seal = FernetSeal(KEYS[0])
    with pytest.raises(SettingsError, match="the stored token is not sealed, and this store seals"):
        read_record(token_record(TOKEN, key="a", seal=None), key="a", seal=seal)
    with pytest.raises(SettingsError, match="the stored token is sealed: give the store the seal="):
        read_record(token_record(TOKEN, key="a", seal=seal), key="a", seal=None)
    for foreign in (None, [], {}, {"access": 5}, "x"):
        assert read_record(foreign, key="a", seal=seal) is None
    for foreign in ("", "!", None, 5, [], "x" * 100, base64.b64encode(seal.seal(b"[]")).decode()):
        with pytest.raises(SettingsError):
            read_record({"sealed": foreign}, key="a", seal=seal)


def test_a_seal_that_fails_is_named_by_its_error_and_shows_no_token():
    for error, kind, words in (
        (
            ZeroDivisionError("ACCESS-MARK"),
            SettingsError,
            r"the seal did not seal the token \(ZeroDivisionError\)",
        ),
        (ImportError("no library"), ImportError, "no library"),
        (SettingsError("locked", setting="seal"), SettingsError, "locked"),
    ):
        with pytest.raises(kind, match=words) as caught:
            token_record(TOKEN, key="a", seal=Broken(error))
        assert "MARK" not in printed(caught.value)
        record = {"sealed": "TUFSSw=="}
        with pytest.raises(kind):
            read_record(record, key="a", seal=Broken(error))


def test_what_is_no_key_is_refused_and_not_shown():
    for keys in ((), ("KEYMARK",), (KEYS[0], "KEYMARK"), (5,), (b"KEYMARK",), ("비밀",)):
        with pytest.raises(SettingsError, match=r"FernetSeal\.new_key\(\)") as caught:
            FernetSeal(*keys)
        assert "KEYMARK" not in printed(caught.value)
    assert KEYS[0] not in repr(FernetSeal(KEYS[0]))


async def test_a_file_is_sealed_as_a_whole_once_a_token_is_saved_with_a_seal(tmp_path):
    plain = FileTokenStore(tmp_path / "tokens.json")
    await plain.save("a", TOKEN)
    await plain.save("odd", OTHER)
    plain.path.write_text(json.dumps(json.loads(plain.path.read_text()) | {"odd": [1]}))
    assert not plain.is_sealed
    sealed = FileTokenStore(plain.path, seal=FernetSeal(KEYS[0]))
    await sealed.save("b", OTHER)
    assert MARK not in plain.path.read_bytes()
    assert (await sealed.load("a"), await sealed.load("b")) == (TOKEN, OTHER)
    assert (plain.is_sealed, json.loads(plain.path.read_text())["odd"]) == (True, [1])


async def test_a_wrong_key_sends_no_investor_to_authorise_again_and_shows_nothing(tmp_path):
    """A deployment with a wrong key would otherwise log everybody out, and overwrite what it could not read."""
    async with SandboxGateway(in_process=True) as gateway:
        investor = gateway.investor
        path = tmp_path / "tokens.json"
        right, wrong = (FileTokenStore(path, seal=FernetSeal(key)) for key in KEYS[:2])
        async with Koscom(gateway.settings, transport=gateway.transport, tokens=right) as koscom:
            await koscom._gateway.tokens.keep(investor, TOKEN)
        before = path.read_bytes()
        async with Koscom(gateway.settings, transport=gateway.transport, tokens=wrong) as koscom:
            with pytest.raises(SettingsError, match="is not opened by this store's seal") as caught:
                await koscom.holdings(investor)
        assert path.read_bytes() == before
        assert "MARK" not in printed(caught.value)


class Failing:
    """A store whose library fails, as redis-py does, with the token in its frames."""

    async def load(self, key):
        return None

    async def save(self, key, token):
        try:
            exec("def send(text): raise OSError('no route')\nsend(token.access)", {"token": token})  # noqa: S102  # frames of another file
        except OSError as error:
            raise ConnectionError("away") from error


async def test_an_error_of_a_store_brings_no_frame_along_that_holds_the_token():
    async with (
        SandboxGateway(in_process=True) as gateway,
        Koscom(gateway.settings, transport=gateway.transport, tokens=Failing()) as koscom,
    ):
        with pytest.raises(KoscomError, match=r"could not save \(ConnectionError\)") as caught:
            await koscom._gateway.tokens.keep(gateway.investor, TOKEN)
    cause = caught.value.__cause__
    assert (type(cause), type(cause.__cause__)) == (ConnectionError, OSError)
    assert "MARK" not in printed(caught.value) + printed(cause)


def test_the_keyring_has_the_key_and_the_first_seal_puts_it_there(ring):
    with pytest.raises(SettingsError, match="the system's keyring has no key token-key of koscom"):
        KeyringSeal().open(b"x")
    sealed = KeyringSeal().seal(b"data")
    assert list(ring.kept) == [("koscom", "token-key")]
    seal = KeyringSeal()
    assert (seal.open(sealed), seal.open(seal.seal(b"more"))) == (b"data", b"more")
    assert next(iter(ring.kept.values())) not in repr(seal) + repr(vars(seal))


def test_a_keyring_that_keeps_nothing_or_stays_locked_seals_nothing(ring):
    ring.keeps = False
    with pytest.raises(SettingsError, match="has no key token-key of koscom: unlock it"):
        KeyringSeal().seal(b"data")
    ring.error = KeyringLocked("PASSWORD-MARK")
    with pytest.raises(SettingsError, match=r"cannot be used \(KeyringLocked\)") as caught:
        KeyringSeal().seal(b"data")
    assert "MARK" not in printed(caught.value)


@pytest.mark.parametrize(
    ("module", "make", "extra"),
    [
        ("cryptography.fernet", FernetSeal.new_key, "seal"),
        ("cryptography.fernet", lambda: FernetSeal("x"), "seal"),
        ("keyring", KeyringSeal, "keyring"),
        ("cryptography.fernet", KeyringSeal, "seal"),
    ],
)
def test_without_its_library_a_seal_names_the_extra(monkeypatch, module, make, extra):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=rf"\.\[{extra}\]"):
        make()
