"""The endpoints of market data: one for each operation and version, which the market answers."""

import json
from functools import partial
from urllib.parse import parse_qsl

from koscom_async.sandbox.endpoints.endpoint import Endpoint, Request, by_api_key
from koscom_async.sandbox.fault_kinds import FaultKind
from koscom_async.sandbox.market.answers import answer
from koscom_async.sandbox.market.operations import OPERATIONS, Operation
from koscom_async.sandbox.market.question import WRONG_PARAMETER, Question, Unanswerable
from koscom_async.sandbox.reply import Reply, json_reply
from koscom_async.sandbox.state import MARKET_SERVICE, State


def _answer(operation: Operation, request: Request, state: State, _: FaultKind) -> Reply:
    try:
        document = answer(_question(operation, request, state))
    except Unanswerable as refusal:
        return json_reply({"error": refusal.message}, status=refusal.status)
    # A snapshot has thousands of rows: the writer of spellings would take its time.
    return Reply(body=json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())


def _question(operation: Operation, request: Request, state: State) -> Question:
    pairs = parse_qsl(request.query, keep_blank_values=True)
    query = dict(pairs)
    if len(query) != len(pairs):
        raise Unanswerable(WRONG_PARAMETER.format("query"))
    return Question(
        operation=operation,
        market=state.market,
        moment=state.market.moment(),
        path=request.path,
        query=query,
    )


MARKET_ENDPOINTS = tuple(
    Endpoint(
        name=operation.name,
        path=operation.path,
        service=MARKET_SERVICE,
        guard=by_api_key,
        answer=partial(_answer, operation),
        methods=("GET",),
    )
    for operation in OPERATIONS
)
