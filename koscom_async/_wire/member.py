"""Reads the member service's answers, which have no envelope. Whether a broker may be asked is not decided here."""

import re

from koscom_async._wire.endpoints import broker_in
from koscom_async._wire.envelope import check_response_code, read_document
from koscom_async._wire.values import (
    Block,
    read_date,
    read_entries,
    read_field,
    read_identifier,
    read_rows,
    read_text,
)
from koscom_async.brokers import Broker, find_broker
from koscom_async.errors import MalformedResponseError, ResponseTooLargeError
from koscom_async.models.member import LinkedAccounts, Registration, VirtualAccount, with_twins

# The lengths of the platform's tables; some brokers write numbers with dashes.
_NUMBER = re.compile(r"[0-9A-Za-z-]{1,30}", re.ASCII)
_CODE = re.compile(r"[0-9A-Za-z]{1,5}", re.ASCII)

MEMBER, NON_MEMBER = "member", "nonMember"


def read_registration(document: object) -> Registration:
    """Read whether the investor is a member."""
    answer = read_document(document)
    check_response_code(answer)
    result = read_field(answer, "result", read_text, "$")
    if result not in {MEMBER, NON_MEMBER}:
        raise MalformedResponseError(f"$.result: expected {MEMBER} or {NON_MEMBER}")
    expiry = read_field(answer, "commonTermsExpireDate", read_date, "$")
    return Registration(is_member=result == MEMBER, terms_expire_on=expiry)


def read_linked_accounts(document: object, *, max_accounts: int | None = None) -> LinkedAccounts:
    """Read the list of linked accounts; an account without number or broker makes the whole list invalid."""
    answer = read_document(document)
    check_response_code(answer)
    if "vtAccList" not in answer and "serviceTermsExpireDate" not in answer:
        raise MalformedResponseError("$.vtAccList: the list of linked accounts is missing")
    if max_accounts is not None and len(read_entries(answer.get("vtAccList"))) > max_accounts:
        raise ResponseTooLargeError(
            f"$.vtAccList: more than {max_accounts} accounts are linked (max_accounts)", budget="max_accounts"
        )
    rows = read_rows(answer.get("vtAccList"), "vtAccList")
    return LinkedAccounts(
        accounts=with_twins(_account(row, path) for path, row in rows),
        terms_expire_on=read_field(answer, "serviceTermsExpireDate", read_date, "$"),
    )


def _account(row: Block, path: str) -> VirtualAccount:
    number = read_identifier(row, "vtAccNo", _NUMBER, path)
    code = read_identifier(row, "comId", _CODE, path)
    if number is None or code is None:
        raise MalformedResponseError(f"{path}: an account without number or broker code")
    address = read_field(row, "endpoint", read_text, path)
    return VirtualAccount(
        broker=_broker(code, broker_in(address) if address else None),
        number=number,
        alias=read_field(row, "vtAccAlias", read_text, path),
        endpoint=address,
    )


def _broker(code: str, short_name: str | None) -> Broker:
    """Return the registered broker; one that is not registered is named by the address, or by its code."""
    known = find_broker(code=code)
    if known is not None and short_name in {None, known.short_name}:
        return known
    name = short_name or code
    if known is not None:
        # The platform's address is newer than the registry: the broker's short name has changed.
        return Broker(code, name, known.name, known.name_ko, supports_all=known.supports_all)
    return Broker(code, name, name, name)
