"""Two small services: the robo-adviser testbed, with the manual's examples, and the search for reported fraud."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from koscom_async.sandbox.endpoints.endpoint import Endpoint, Request, by_api_key, document_endpoint
from koscom_async.sandbox.fault_kinds import FaultKind
from koscom_async.sandbox.faults import FRAUD_SERVICE, TESTBED_SERVICE
from koscom_async.sandbox.market.question import WRONG_PARAMETER, Unanswerable, examples, is_digits, read_day
from koscom_async.sandbox.reply import Reply, json_reply
from koscom_async.sandbox.state import State

Document = dict[str, Any]

# The testbed: the manual's rows, for each weekday that is asked for.

ALGORITHMS = ("18", "19", "20", "35")
MAX_DAYS = 366


def _algorithms(request: Request, state: State, _: FaultKind) -> Document:
    document: Document = examples()["ratestbed.algoapi"]
    return document


def _testbed(name: str, rows: str) -> Callable[[Request, State, FaultKind], Document]:
    def answer(request: Request, state: State, _: FaultKind) -> Document:
        example, query = examples()[f"ratestbed.{name}"], request.parameters()
        since, until = (read_day(query, key) for key in ("startDate", "endDate"))
        if since > until or (until - since).days > MAX_DAYS:
            raise Unanswerable(WRONG_PARAMETER.format("startDate"))
        days = (since + timedelta(days=number) for number in range((until - since).days + 1))
        made = [
            row | {"basicDate": f"{day:%Y%m%d}"}
            for day in days
            if query.get("algrthSn") in ALGORITHMS and day.isoweekday() < 6
            for row in example[rows]
        ]
        return {rows: made, "paramVO": example["paramVO"] | {key: query.get(key) for key in _TESTBED}}

    return answer


_TESTBED = ("algrthSn", "startDate", "endDate")


# Reported fraud: a number that ends in 4444 has been reported.

REPORTED = "4444"
INVALID = {"result_msg": "유효한 정보 아님", "result_code": -3, "content": ""}


def _answer_fraud(request: Request, state: State, _: FaultKind) -> Reply:
    asked = request.message().values
    keyword = asked.get("keyword")
    is_valid = isinstance(keyword, str) and is_digits(keyword)
    kinds = asked.get("keyword_type") in {"phone", "account", "auto"}
    if not is_valid or not kinds or asked.get("access_type") not in {"user", "service"}:
        return json_reply(INVALID)
    caution = "Y" if str(keyword).endswith(REPORTED) else "N"
    found = {name: asked[name] for name in ("keyword", "keyword_type")}
    found |= {"caution": caution, "access_type": asked["access_type"]}
    content = json.dumps({**found, "add_info": {"com_id": state.firm.com_id}}, indent=2)
    document = {"result_msg": "success", "result_code": 1, "content": f"\n{content}"}
    # A client has read it from the top level, where the service asks on its own account.
    return json_reply(document | ({"caution": caution} if asked["access_type"] == "service" else {}))


SERVICE_ENDPOINTS = (
    *(
        document_endpoint(
            f"{TESTBED_SERVICE}.{name}", f"/v1/{TESTBED_SERVICE}/{name}.json", TESTBED_SERVICE, make
        )
        for name, make in (
            ("algoapi", _algorithms),
            ("rateapi", _testbed("rateapi", "listrate")),
            ("riskapi", _testbed("riskapi", "listrisk")),
        )
    ),
    Endpoint(
        name=f"{FRAUD_SERVICE}.fraudsearch",
        path=f"/v1/{FRAUD_SERVICE}/fraudsearch",
        service=FRAUD_SERVICE,
        guard=by_api_key,
        answer=_answer_fraud,
    ),
)
