"""The discretionary service (일임매매): so far the list of accounts under contract (일임설정 계좌 조회)."""

from koscom_async.sandbox.endpoints.endpoint import Visit
from koscom_async.sandbox.fault_kinds import FaultKind
from koscom_async.sandbox.ledger import DiscretionaryAccount
from koscom_async.sandbox.question import FIRST_PAGE, read_firm_question
from koscom_async.sandbox.reply import Reply, json_reply, refused
from koscom_async.sandbox.state import State

__all__ = ["answer_account_list"]


def answer_account_list(visit: Visit, state: State, fault: FaultKind) -> Reply:  # noqa: ARG001  # the table's form
    """Answer the firm's accounts at one broker, on one page."""
    state.dialect(visit.broker)
    request_id, paged = read_firm_question(visit.message(), body_block="accountListRequestBody")
    if paged.page != FIRST_PAGE:
        raise refused("6003", broker=visit.broker)
    if paged.count < 0:
        raise refused("7000", broker=visit.broker, description="count is negative")
    accounts = [_listed(account) for account in state.ledger.discretionary if account.broker == visit.broker]
    return json_reply(
        {
            "commonHeader": {
                "reqIdPlatform": state.platform_id(),
                "reqIdConsumer": request_id,
                "certDn": None,
                "ci": None,
            },
            "resp": {"respCode": "200", "respMsg": "OK"},
            "accountListResponseBody": {
                "queryParameter": {"count": paged.count, "page": paged.page},
                "queryResult": {"totalCnt": len(accounts), "count": len(accounts), "page": "null"},
            },
            "accountList": {"account": accounts},
        }
    )


def _listed(account: DiscretionaryAccount) -> dict[str, str]:
    return {
        "accNo": account.number,
        "accName": account.holder,
        "virtualAccNo": account.virtual_number,
        "contractStatus": account.contract_status,
    }
