"""The endpoints of market data: one for each operation and version, which the market answers."""

from functools import partial
from typing import Any

from koscom_async.sandbox.endpoints.endpoint import Request, document_endpoint
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
    document_endpoint(operation.name, operation.path, MARKET_SERVICE, partial(_answer, operation))
    for operation in OPERATIONS
)
