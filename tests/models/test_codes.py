"""Open enums: listed codes in any case are the member; others keep their text, and leave the class as it was."""

import copy
import pickle

import pytest

from koscom_async.models.codes import AssetClass, OpenEnum, Product, TradeType
from tests.loops import each

# The documents' own code tables.
LISTED = {
    AssetClass: {"CASH", "EQTY", "FUND", "ETC", "ALL"},
    Product: {
        "KSP", "KDQ", "ETF", "FUT", "OPT", "ELW", "ETC",
        "BOND", "CD", "CP", "DLS", "ELS", "STB", "RP", "CRP", "RRP", "WRT",
    },
    TradeType: {"NRM", "CRD", "LOAN", "SUM"},
}  # fmt: skip
UNKNOWN = ["ZZZ", "kospi", "", "주식", "null", "A B", "\0", "name", "__class__"]

each_kind = each("kind", LISTED)
each_unknown = each("text", UNKNOWN)


@each_kind
def test_the_documents_codes_are_the_members(kind: type[OpenEnum]) -> None:
    assert {member.value for member in kind} == LISTED[kind]


@each_kind
def test_a_listed_code_is_the_member_itself(kind: type[OpenEnum]) -> None:
    for text in LISTED[kind]:
        member = kind(text)
        assert member is kind(text)
        assert (member.is_known, str(member), member.value, member == text) == (True, text, text, True)


@each_kind
def test_a_listed_code_in_another_case_is_the_same_member(kind: type[OpenEnum]) -> None:
    for text in LISTED[kind]:
        assert kind(text.lower()) is kind(text.title()) is kind(text)


def test_a_future_in_small_letters_is_a_derivative() -> None:
    assert Product("fut") is Product.FUTURE
    assert Product("fut").is_derivative


@each_kind
@each_unknown
def test_an_unknown_code_keeps_its_text(kind: type[OpenEnum], text: str) -> None:
    member = kind(text)
    assert isinstance(member, kind)
    assert (member.is_known, str(member), member.value, f"{member}") == (False, text, text, text)
    assert text in repr(member) or not text.isprintable()


@each_kind
@each_unknown
def test_unknown_codes_are_equal_when_their_text_is(kind: type[OpenEnum], text: str) -> None:
    assert kind(text) == kind(text) == text
    assert hash(kind(text)) == hash(kind(text)) == hash(text)
    assert {kind(text), kind(text)} == {kind(text)}
    assert kind(text) != kind(text + "!")


@each_kind
@each("text", ["ZZZ", "ETC", "SUM", "CASH"])
@each("again", [copy.copy, copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])  # noqa: S301  # our own bytes
def test_a_code_survives_copying_and_pickling(kind: type[OpenEnum], text: str, again: object) -> None:
    member = kind(text)
    twin = again(member)  # type: ignore[operator]
    assert (type(twin), twin, twin.is_known) == (kind, member, member.is_known)
    assert (twin is member) or not member.is_known


@each_kind
def test_a_gateway_that_invents_codes_does_not_make_the_class_grow(kind: type[OpenEnum]) -> None:
    before = (len(kind), set(kind.__members__), set(kind._value2member_map_))
    for number in range(1000):
        assert not kind(f"X{number}").is_known
    assert (len(kind), set(kind.__members__), set(kind._value2member_map_)) == before


@each_kind
@each("value", [None, 5, b"KSP", ["KSP"], True])
def test_what_is_no_text_is_no_code(kind: type[OpenEnum], value: object) -> None:
    with pytest.raises(ValueError, match="is not a valid"):
        kind(value)


@each("product", [*Product, Product("ZZZ")])
def test_only_futures_and_options_are_derivatives(product: Product) -> None:
    assert product.is_derivative is (product in {Product.FUTURE, Product.OPTION})
