"""The endpoints of market data: one for each operation and version, which the market answers."""

from functools import partial
from typing import Any

from koscom_async.sandbox.endpoints.endpoint import Endpoint, Request, by_api_key, with_document
from koscom_async.sandbox.fault_kinds import FaultKind
from koscom_async.sandbox.faults import MARKET_SERVICE
from koscom_async.sandbox.market.answers import answer
from koscom_async.sandbox.market.operations import OPERATIONS, Operation
from koscom_async.sandbox.market.question import Question
from koscom_async.sandbox.state import State


def _answer(operation: Operation, request: Request, state: State, fault: FaultKind) -> Any:
    return answer(
        Question(
            operation=operation,
            market=state.market,
            moment=state.market.moment(),
            path=request.path,
            query=request.parameters(),
            fault=fault.name,
        )
    )


MARKET_ENDPOINTS = tuple(
    Endpoint(
        name=operation.name,
        path=operation.path,
        service=MARKET_SERVICE,
        guard=by_api_key,
        answer=with_document(partial(_answer, operation)),
        methods=("GET",),
    )
    for operation in OPERATIONS
)
