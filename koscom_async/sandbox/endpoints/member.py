"""The member service (서비스 연동): is this person a member, and which virtual accounts are linked."""

from koscom_async.brokers import find_broker
from koscom_async.sandbox.endpoints.endpoint import Visit
from koscom_async.sandbox.fault_kinds import FaultKind
from koscom_async.sandbox.ledger import Account
from koscom_async.sandbox.question import read_member_question
from koscom_async.sandbox.reply import Reply, json_reply, refused
from koscom_async.sandbox.state import State

__all__ = ["answer_consent", "answer_registration"]

TERMS_EXPIRE = "20991231"


def answer_registration(visit: Visit, state: State, fault: FaultKind) -> Reply:  # noqa: ARG001  # the table's form
    """Answer 회원 가입 여부 확인; whoever is unknown, or known under another name, is no member."""
    question = read_member_question(visit.message())
    person = state.ledger.person(question.ci)
    if person is None or person.name != question.name:
        return json_reply({"result": "nonMember"})
    return json_reply({"result": "member", "commonTermsExpireDate": TERMS_EXPIRE})


def answer_consent(visit: Visit, state: State, fault: FaultKind) -> Reply:  # noqa: ARG001  # the table's form
    """Answer 가상계좌 리스트 조회; the endpoints are the gateway's own addresses."""
    question = read_member_question(visit.message())
    person = state.ledger.person(question.ci)
    if person is None:
        raise refused("3007")
    accounts = [_linked(account, visit.base_url) for account in person.accounts]
    return json_reply({"vtAccList": accounts, "serviceTermsExpireDate": TERMS_EXPIRE})


def _linked(account: Account, base_url: str) -> dict[str, str]:
    broker = find_broker(short_name=account.broker)
    return {
        "comId": broker.code if broker else "",
        "vtAccNo": account.number,
        "vtAccAlias": account.broker,
        "endpoint": f"{base_url}/v1/{account.broker}/account/",
    }
