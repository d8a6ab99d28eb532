"""Reading the member service: is the investor registered, and which accounts are linked."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from koscom_async._wire.member import read_linked_accounts, read_registration
from koscom_async.brokers import Broker, find_broker
from koscom_async.errors import (
    AccessDeniedError,
    AccountUnavailableError,
    KoscomError,
    MalformedResponseError,
    ResponseTooLargeError,
)
from koscom_async.export import rows
from koscom_async.models.member import LinkedAccounts, Registration, VirtualAccount
from tests.wire.recorded import ABSENT_VALUES, answer, each_absent, with_value

SANDBOX = "https://sandbox-apigw.koscom.co.kr"


def test_the_documents_answer_says_member_and_until_when() -> None:
    read = read_registration(answer("registration"))
    assert read == Registration(is_member=True, terms_expire_on=date(2018, 11, 5))


def test_the_older_answer_has_no_date() -> None:
    assert read_registration(answer("registration_older")) == Registration(is_member=True)


@pytest.mark.parametrize(
    ("result", "is_member"),
    [("member", True), ("nonMember", False), (" member ", True), ("nonMember ", False)],
)
def test_membership_is_one_of_two_words(result: str, *, is_member: bool) -> None:
    assert read_registration({"result": result}).is_member is is_member


@pytest.mark.parametrize("result", [*ABSENT_VALUES, "Member", "yes", "회원", True, Decimal(1), [], {}])
def test_another_word_is_not_guessed_at(result: object) -> None:
    with pytest.raises(MalformedResponseError, match=r"\$\.result: expected "):
        read_registration({"result": result, "commonTermsExpireDate": "20181105"})


@each_absent
def test_an_absent_date_is_no_date(absent: object) -> None:
    document = answer("registration")
    with_value(document, "commonTermsExpireDate", absent)
    assert read_registration(document) == Registration(is_member=True, terms_expire_on=None)


@pytest.mark.parametrize("spelling", ["00000000", "99999999", "9999-99-99"])
def test_each_spelling_of_no_date_is_none(spelling: str) -> None:
    assert read_registration({"result": "member", "commonTermsExpireDate": spelling}).terms_expire_on is None
    assert read_linked_accounts({"vtAccList": [], "serviceTermsExpireDate": spelling}).terms_expire_on is None


def linked(*accounts: tuple[str, str]) -> tuple[VirtualAccount, ...]:
    rows = [{"comId": code, "vtAccNo": number} for code, number in accounts]
    return read_linked_accounts({"vtAccList": rows, "serviceTermsExpireDate": None}).accounts


def test_accounts_of_a_broker_whose_masks_are_alike_are_numbered_and_stay_equal() -> None:
    numbers = [("00992", f"160{n}35473367600099") for n in (619, 611, 613, 611)]
    accounts = linked(*numbers, ("00992", "160635473367600177"), ("00991", "160635473367600099"))
    assert [each.masked_number for each in accounts] == [
        "1606…0099 #3", "1606…0099 #1", "1606…0099 #2", "1606…0099 #1", "1606…0177", "1606…0099",
    ]  # fmt: skip
    assert str(accounts[0]) == "diamond 1606…0099 #3"
    assert rows.plain(accounts[0])["number"] == "1606…0099 #3"
    alone = linked(numbers[0])[0]
    assert (alone.masked_number, alone, hash(alone)) == ("1606…0099", accounts[0], hash(accounts[0]))
    assert [each.masked_number for each in linked(("00992", "12"), ("00992", "13"))] == ["*** #1", "*** #2"]


def test_the_documents_answer_lists_three_accounts() -> None:
    read = read_linked_accounts(answer("linked_accounts"))
    assert read.terms_expire_on == date(2019, 8, 13)
    assert [account.key for account in read.accounts] == [
        ("00992", "160635473367600099"),
        ("00991", "160613251214500099"),
        ("00993", "160646584478700099"),
    ]
    assert [account.broker.short_name for account in read.accounts] == ["diamond", "cyber", "star"]
    assert [account.alias for account in read.accounts] == ["diamond", "cyber", "star"]
    assert read.accounts[0].endpoint == f"{SANDBOX}/v1/diamond/account/"


def test_the_older_answer_has_padded_codes_no_addresses_and_one_account_twice() -> None:
    first, second = read_linked_accounts(answer("linked_accounts_older")).accounts
    assert first == VirtualAccount(
        broker=find_broker(code="00002"),  # type: ignore[arg-type]  # it is registered
        number="160657695589800099",
        alias="주식투자용",
    )
    assert first.key == second.key == ("00002", "160657695589800099")
    assert (second.alias, second.endpoint) == ("펀드투자용", None)


@pytest.mark.parametrize("nothing", [[], {}, *ABSENT_VALUES])
def test_a_list_that_is_there_and_empty_is_no_account(nothing: object) -> None:
    assert read_linked_accounts({"vtAccList": nothing}) == LinkedAccounts()


def test_a_missing_list_beside_a_date_is_no_account() -> None:
    read = read_linked_accounts({"serviceTermsExpireDate": "20190813"})
    assert read == LinkedAccounts(terms_expire_on=date(2019, 8, 13))


@pytest.mark.parametrize(
    "document", [{}, {"resp": {"respCode": "200"}}, {"message": "hello"}, {"result": "member"}]
)
def test_an_answer_that_says_nothing_of_accounts_is_not_no_account(document: object) -> None:
    with pytest.raises(MalformedResponseError, match="the list of linked accounts is missing"):
        read_linked_accounts(document)


def test_a_list_of_more_accounts_than_the_budget_is_refused_before_any_is_read() -> None:
    document = {"vtAccList": [{"comId": "00992", "vtAccNo": str(number)} for number in range(4)]}
    assert len(read_linked_accounts(document, max_accounts=4).accounts) == 4
    document["vtAccList"][0] = "not even an account"
    with pytest.raises(ResponseTooLargeError, match="more than 3 accounts are linked") as caught:
        read_linked_accounts(document, max_accounts=3)
    assert (caught.value.budget, caught.value.retriable) == ("max_accounts", False)


def test_a_single_object_is_a_list_of_one() -> None:
    document = answer("linked_accounts")
    document["vtAccList"] = document["vtAccList"][1]
    assert [account.number for account in read_linked_accounts(document).accounts] == ["160613251214500099"]


def test_a_number_that_came_as_a_number_keeps_its_digits() -> None:
    row = {"comId": "00992", "vtAccNo": Decimal(160635473367600099)}
    assert read_linked_accounts({"vtAccList": row}).accounts[0].number == "160635473367600099"


@each_absent
@pytest.mark.parametrize("name", ["vtAccAlias", "endpoint"])
def test_an_absent_alias_or_address_is_none(name: str, absent: object) -> None:
    document = answer("linked_accounts")
    with_value(document["vtAccList"][0], name, absent)
    account = read_linked_accounts(document).accounts[0]
    assert (account.alias if name == "vtAccAlias" else account.endpoint) is None
    assert account.broker.short_name == "diamond"


@each_absent
@pytest.mark.parametrize("name", ["vtAccNo", "comId"])
def test_an_account_without_number_or_broker_makes_the_list_unbelievable(name: str, absent: object) -> None:
    document = answer("linked_accounts")
    with_value(document["vtAccList"][2], name, absent)
    with pytest.raises(
        MalformedResponseError, match=r"vtAccList\[2\]: an account without number or broker code"
    ):
        read_linked_accounts(document)


@pytest.mark.parametrize(
    "odd",
    ["9\nCRITICAL root: forged line\x1b[2J", "\u202e99", "9" * 5_000_000, "９９", "a/b", "1 2", "<b>"],
    ids=lambda odd: repr(odd[:9]),
)
@pytest.mark.parametrize("name", ["vtAccNo", "comId"])
def test_a_number_or_code_of_another_shape_is_refused_and_not_repeated(name: str, odd: str) -> None:
    document = answer("linked_accounts")
    document["vtAccList"][1][name] = odd
    with pytest.raises(MalformedResponseError) as caught:
        read_linked_accounts(document)
    assert caught.value.message == (
        f"vtAccList[1].{name}: expected letters and digits, got other text, or too much"
    )


@pytest.mark.parametrize("name", ["vtAccNo", "comId", "vtAccAlias", "endpoint"])
@pytest.mark.parametrize("junk", [True, ["a"], {"a": "b"}, "\udc00"])
def test_a_datum_that_is_no_text_is_named(name: str, junk: object) -> None:
    document = answer("linked_accounts")
    document["vtAccList"][1][name] = junk
    with pytest.raises(MalformedResponseError, match=rf"vtAccList\[1\]\.{name}: expected text"):
        read_linked_accounts(document)


@pytest.mark.parametrize(
    ("code", "address", "short_name", "supports_all"),
    [
        ("00777", f"{SANDBOX}/v1/newbroker/account/", "newbroker", None),
        ("00777", f"{SANDBOX}/v2/NewBroker/account", "newbroker", None),
        ("00777", None, "00777", None),
        ("00777", "not an address", "00777", None),
        ("00777", "https://[broken", "00777", None),
        ("00002", None, "shinhan", True),
        ("00002", "not an address", "shinhan", True),
        ("00002", f"{SANDBOX}/v1/shinhan2/account/", "shinhan2", True),
    ],
)
def test_a_broker_is_named_by_the_registry_or_the_address_or_its_code(
    code: str, address: str | None, short_name: str, supports_all: object
) -> None:
    row: dict[str, Any] = {"comId": code, "vtAccNo": "160635473367600099", "endpoint": address}
    broker = read_linked_accounts({"vtAccList": [row]}).accounts[0].broker
    assert isinstance(broker, Broker)
    assert (broker.code, broker.short_name, broker.supports_all) == (code, short_name, supports_all)


def test_unknown_keys_do_not_hurt() -> None:
    document = answer("linked_accounts")
    document["vtAccList"][0]["newIn2030"] = [{}]
    document["paging"] = None
    assert read_linked_accounts(document) == read_linked_accounts(answer("linked_accounts"))


@pytest.mark.parametrize("reader", [read_registration, read_linked_accounts])
@pytest.mark.parametrize(
    ("code", "kind"),
    [("4006", AccessDeniedError), ("3007", AccountUnavailableError), (Decimal(2100), AccessDeniedError)],
)
def test_a_refusal_inside_an_answer_is_the_platforms_error(
    reader: Any, code: object, kind: type[KoscomError]
) -> None:
    document = {"result": "member", "vtAccList": [], "resp": {"respCode": code}}
    with pytest.raises(kind) as caught:
        reader(document)
    assert caught.value.code == str(code)


@pytest.mark.parametrize("reader", [read_registration, read_linked_accounts])
@pytest.mark.parametrize("document", [None, [], "member", True, Decimal(1)])
def test_a_document_that_is_no_object_is_refused(reader: Any, document: object) -> None:
    with pytest.raises(MalformedResponseError, match="not an object"):
        reader(document)
