"""Is this the answer to the question that was asked? Echoes and response code, in every spelling."""

from decimal import Decimal
from typing import Any

import pytest

from koscom_async.errors import (
    AccountUnavailableError,
    BrokerUnavailableError,
    MalformedResponseError,
    PlatformError,
    RequestRejectedError,
    ResponseMismatchError,
)
from tests.loops import each
from tests.wire.recorded import ACCOUNT, REQUEST_ID, answer, each_absent, read_balance, with_value

NO_ACCOUNT = "the broker did not echo the account number"
NO_REQUEST_ID = "the broker did not echo the request id"
OTHER = "160613251214500099"


def beside(document: Any) -> Any:
    return document


def inside(document: Any) -> Any:
    return document["balanceResponseBody"]


each_place = each("place", [beside, inside])


@each("strict", [True, False])
@each_place
@each("echo", [ACCOUNT, f" {ACCOUNT} ", Decimal(ACCOUNT), Decimal("1.60678007213500001E17")])
def test_the_account_that_was_asked_for_is_accepted(place: Any, echo: object, *, strict: bool) -> None:
    document = answer()
    del document["accInfo"]
    place(document)["accInfo"] = {"vtAccNo": echo}
    assert read_balance(document, strict=strict).notes == ()


@each("strict", [True, False])
@each_place
@each("echo", [OTHER, ACCOUNT[:-1], ACCOUNT + "0", "0" + ACCOUNT, "0", ACCOUNT.replace("0", "O")])
def test_another_account_is_refused_and_not_quoted(place: Any, echo: str, *, strict: bool) -> None:
    document = answer()
    del document["accInfo"]
    place(document)["accInfo"] = {"vtAccNo": echo}
    with pytest.raises(ResponseMismatchError) as caught:
        read_balance(document, strict=strict)
    assert caught.value.message == "the answer is about another account"
    assert ACCOUNT not in str(caught.value)


@each_place
def test_another_account_in_one_place_is_refused_even_if_the_other_is_right(place: Any) -> None:
    document = answer()
    document["accInfo"] = {"vtAccNo": ACCOUNT}
    document["balanceResponseBody"]["accInfo"] = {"vtAccNo": ACCOUNT}
    place(document)["accInfo"] = {"vtAccNo": OTHER}
    with pytest.raises(ResponseMismatchError, match="another account"):
        read_balance(document)


@each_absent
@pytest.mark.parametrize("whole_block", [True, False])
def test_a_missing_echo_of_the_account_is_tolerated_and_noted(*, whole_block: bool, absent: object) -> None:
    document = answer()
    with_value(*((document, "accInfo") if whole_block else (document["accInfo"], "vtAccNo")), absent)
    page = read_balance(document)
    assert page.notes == (NO_ACCOUNT,)
    assert len(page.rows) == 20


@each("info", ["text", [], [{"vtAccNo": ACCOUNT}], {"vtAccNo": True}, {"vtAccNo": {}}])
@each_place
def test_an_echo_of_the_account_that_cannot_be_read_is_refused(place: Any, info: object) -> None:
    document = answer()
    place(document)["accInfo"] = info
    with pytest.raises(MalformedResponseError, match="accInfo"):
        read_balance(document)


@pytest.mark.parametrize("header", ["commonHeader", "commHeader"])
@pytest.mark.parametrize("echo", [REQUEST_ID, f" {REQUEST_ID}", f"{REQUEST_ID}  "])
def test_the_request_id_that_was_sent_is_accepted_padded_or_not(header: str, echo: str) -> None:
    document = answer()
    del document["commonHeader"]
    document[header] = {"reqIdConsumer": echo}
    assert read_balance(document).notes == ()


def test_a_request_id_that_came_back_as_a_number_is_its_digits() -> None:
    document = answer()
    document["commonHeader"]["reqIdConsumer"] = Decimal(12345678901234567890)
    assert read_balance(document, request_id="12345678901234567890").notes == ()


@pytest.mark.parametrize("header", ["commonHeader", "commHeader"])
@pytest.mark.parametrize("echo", ["ID00003", "id00002", "ID0000", "0"])
def test_another_request_id_is_refused_unless_the_settings_allow_it(header: str, echo: str) -> None:
    document = answer()
    del document["commonHeader"]
    document[header] = {"reqIdConsumer": echo}
    with pytest.raises(ResponseMismatchError, match="another call's request id"):
        read_balance(document)
    relaxed = read_balance(document, strict=False)
    assert relaxed.notes == ("the broker echoed another request id, which the settings allow",)


@pytest.mark.parametrize("common", [None, {}, {"reqIdConsumer": "null"}, {"reqIdConsumer": REQUEST_ID}])
def test_another_request_id_is_refused_in_whichever_header_it_stands(common: object) -> None:
    document = answer() | {"commonHeader": common, "commHeader": {"reqIdConsumer": "ID00003"}}
    with pytest.raises(ResponseMismatchError, match="another call's request id"):
        read_balance(document)


@each_absent
@pytest.mark.parametrize("whole_block", [True, False])
def test_a_missing_echo_of_the_request_id_is_tolerated_and_noted(
    *, whole_block: bool, absent: object
) -> None:
    document = answer()
    target = (document, "commonHeader") if whole_block else (document["commonHeader"], "reqIdConsumer")
    with_value(*target, absent)
    assert read_balance(document).notes == (NO_REQUEST_ID,)
    assert read_balance(document, strict=False).notes == (NO_REQUEST_ID,)


def test_both_missing_echoes_are_noted() -> None:
    document = answer()
    del document["commonHeader"], document["accInfo"]
    assert read_balance(document).notes == (NO_REQUEST_ID, NO_ACCOUNT)


@pytest.mark.parametrize("code", ["200", " 200 ", Decimal(200), Decimal("200.0")])
def test_a_success_code_is_success(code: object) -> None:
    document = answer()
    document["resp"]["respCode"] = code
    assert len(read_balance(document).rows) == 20


@each_absent
@pytest.mark.parametrize("whole_block", [True, False])
def test_an_answer_without_response_code_is_believed(*, whole_block: bool, absent: object) -> None:
    document = answer()
    with_value(*((document, "resp") if whole_block else (document["resp"], "respCode")), absent)
    assert len(read_balance(document).rows) == 20


@pytest.mark.parametrize(
    ("code", "kind", "retriable"),
    [
        ("4001", AccountUnavailableError, False),
        (Decimal(4001), AccountUnavailableError, False),
        (Decimal("4001.0"), AccountUnavailableError, False),
        (" 3600 ", BrokerUnavailableError, True),
        ("3005", BrokerUnavailableError, True),
        ("6001", RequestRejectedError, False),
        ("6005", RequestRejectedError, False),
        ("9011", RequestRejectedError, False),
        ("0", RequestRejectedError, False),
        ("E-77", RequestRejectedError, False),
    ],
)
def test_another_response_code_is_the_platforms_error_even_with_rows(
    code: object, kind: type[PlatformError], *, retriable: bool
) -> None:
    document = answer()
    document["resp"]["respCode"] = code
    with pytest.raises(PlatformError) as caught:
        read_balance(document)
    assert type(caught.value) is kind
    assert caught.value.code == (code.strip() if isinstance(code, str) else "4001")
    assert caught.value.retriable is retriable
    assert caught.value.status == 200


@pytest.mark.parametrize("resp", ["OK", [], {"respCode": True}, {"respCode": {"code": "200"}}])
def test_a_response_code_that_cannot_be_read_is_refused(resp: object) -> None:
    document = answer() | {"resp": resp}
    with pytest.raises(MalformedResponseError, match="resp"):
        read_balance(document)
