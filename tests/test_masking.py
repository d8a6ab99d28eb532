"""How secrets are shown: numbers by their ends, foreign words without anybody's data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koscom_async import Broker, KoscomError, SettingsError, VirtualAccount
from koscom_async._masking import HIDDEN, clean, hidden, masked_number, masked_repr, redacted


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("160635473367600099", "1606…0099"),
        ("123456789012", "1234…9012"),
        ("12345678901", HIDDEN),
        ("12345678", HIDDEN),
        ("1", HIDDEN),
        ("", HIDDEN),
    ],
)
def test_a_number_is_shown_by_its_ends_and_a_short_one_not_at_all(number: str, shown: str) -> None:
    assert masked_number(number) == shown
    assert masked_repr(number) == repr(shown)


@pytest.mark.parametrize(
    ("value", "shown"), [("secret", "'***'"), ("", "'***'"), (None, "None"), (5, "'***'")]
)
def test_a_secret_shows_only_whether_it_is_there(value: object, shown: str) -> None:
    assert hidden(value) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no Route matched with those values", "no Route matched with those values"),
        ("당일 종가 제공 시간이 아닙니다.", "당일 종가 제공 시간이 아닙니다."),
        ("max 90 days, code 6006", "max 90 days, code 6006"),
        ("account 160635473367600099 gone", "account *** gone"),
        ("account 1606-3547-3367", "account ***"),
        ("phone 010 9876 5432, 010.9876.5432 and +82 - 10-9876", "phone ***, *** and +***"),
        ("phone 0 1 0 9 8 7 6 5 4 3 2 or ０１０９８７６５４３２", "phone *** or ***"),
        ("12345678 90123", "***"),
        ("key l7xx1f2e3d4c5b6a79880f1e2d3c4b5a", "key ***"),
        ("ci kQXzSHH8M1FIR%2B5m19q%2BU95c22sz1liOEN%3D%3D", "ci ***"),
        ("device 7054D27EE247", "device ***"),
        ("device 70:54:d2:7e:e2:47!", "device ***!"),
        ("line\r\nbreak\x1b[31m", "line break [31m"),
        ("x y" * 100, ("x y" * 100)[:160] + "…"),
    ],
    ids=lambda text: repr(text[:24]),
)
def test_foreign_words_lose_what_looks_like_a_secret(text: str, shown: str) -> None:
    assert redacted(text, ()) == shown


@pytest.mark.parametrize(
    ("secrets", "shown"),
    [
        (("김가람",), "*** 님, 토큰 abc-def"),
        (("abc", "abc-def"), "김가람 님, 토큰 ***"),
        (("abc-def", "abc"), "김가람 님, 토큰 ***"),
        (("", "님"), "김가람 ***, 토큰 abc-def"),
    ],
)
def test_known_secrets_are_hidden_the_longest_first(secrets: tuple[str, ...], shown: str) -> None:
    assert redacted("김가람 님, 토큰 abc-def", secrets) == shown


@given(
    before=st.text(max_size=20),
    secret=st.text(alphabet="가나다라마ABCDEF", min_size=3, max_size=60),
    after=st.text(max_size=200),
)
def test_a_known_secret_is_never_shown(before: str, secret: str, after: str) -> None:
    shown = redacted(f"{before}{secret}{after}", [secret])
    assert secret not in shown
    assert shown.isprintable()
    assert len(shown) <= 161


def test_a_long_text_is_cut_before_it_is_searched_and_no_part_of_a_secret_is_left() -> None:
    secret = "가나다라마바사"
    for length in range(4080, 4120):
        # All before it is hidden, so that what follows would be shown.
        shown = redacted("9" * length + secret + "끝" * 10**6, [secret])
        assert not set(secret) & set(shown), length


FORGED = "9\nCRITICAL root: forged\x1b[2J\u202e\u2066\ufeff\u200f\x9b" + "x" * 5_000


def test_foreign_text_is_one_short_line_wherever_an_error_or_a_number_is_shown() -> None:
    error = KoscomError(FORGED, broker=FORGED, endpoint=FORGED, code=FORGED, account=FORGED, advice=FORGED)
    setting = SettingsError(FORGED, setting="com_id")
    broker = Broker(code="99999", short_name="new", name="new", name_ko="new")
    account = VirtualAccount(broker=broker, number="\n\x1b[2J" + "1" * 20 + "\u202e\n")
    for text in (str(error), str(setting), str(account), account.masked_number, clean(FORGED)):
        assert text.isprintable()
        assert len(text) <= 2_001
    assert clean(FORGED, longest=12) == "9 CRITICAL r…"
    assert redacted("\u202eno\nroute\x1b", ()) == "no route"
