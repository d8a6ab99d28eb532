"""The order service in a dialect of the sandbox's own, which is made up: no public document has the platform's.

`documents/orders.json` is the catalogue that a client needs for it.
"""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path
from typing import Any

from koscom_async.sandbox.endpoints.endpoint import Endpoint, Request, by_secret
from koscom_async.sandbox.fault_kinds import FaultKind
from koscom_async.sandbox.firm import orders as firm
from koscom_async.sandbox.firm.orders import OrderDesk, Wanted
from koscom_async.sandbox.firm.records import Order
from koscom_async.sandbox.question import Block
from koscom_async.sandbox.reply import Reply, json_reply, refused
from koscom_async.sandbox.state import State

ORDER_DIALECT = Path(__file__).parents[1] / "documents" / "orders.json"

BLOCK = "sandboxOrder"
_LONGEST_ID = 40
_MOST = Decimal(10) ** 12

Take = Callable[[OrderDesk, tuple[str, str], Wanted], Order]


def _optional(block: Block, name: str) -> str | None:
    return block.text(name) if name in block.values else None


def _number(block: Block, name: str) -> Decimal | None:
    text = _optional(block, name)
    if text is None:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal(0)
    if not (number.is_finite() and 0 < number < _MOST):
        raise refused("7000", description=f"{name} is no number above 0")
    return number


def _asked(request: Request, state: State) -> tuple[tuple[str, str], Block]:
    """Return the account that an order is for, and the block that describes it."""
    block = request.message().block(BLOCK)
    account = (request.broker, block.text("accNo", longest=20).replace("-", ""))
    if not state.desk.has(account):
        raise refused("4001", broker=request.broker)
    return account, block


def _answer_order(request: Request, state: State, _: FaultKind, *, take: Take) -> Reply:
    account, block = _asked(request, state)
    wanted = Wanted(
        client_id=block.text("clientOrderNo", longest=_LONGEST_ID),
        code=_optional(block, "isin"),
        side=_optional(block, "side"),
        kind=_optional(block, "kind"),
        quantity=_number(block, "qty"),
        price=_number(block, "price"),
        original=_optional(block, "originalOrderNo") or _optional(block, "originalClientOrderNo"),
    )
    try:
        order = take(state.desk, account, wanted)
    except firm.Refused as refusal:
        raise refused("7000", broker=request.broker, description=str(refusal)) from None
    # Accepted for sending: what became of it is asked elsewhere.
    return json_reply({BLOCK: {"clientOrderNo": wanted.client_id, "brokerOrderNo": order.number}})


def _answer_find(request: Request, state: State, _: FaultKind) -> Reply:
    account, block = _asked(request, state)
    client_id = block.text("clientOrderNo", longest=_LONGEST_ID)
    order = state.desk.find(account, client_id)
    found: list[dict[str, Any]] = []
    if order is not None:
        found.append(
            {
                "clientOrderNo": client_id,
                "brokerOrderNo": order.number,
                "state": order.state or firm.REJECTED,
                "execQty": f"{order.executed:f}",
                "leftQty": f"{order.left:f}",
            }
        )
    return json_reply({f"{BLOCK}s": found})


ORDER_ENDPOINTS = tuple(
    Endpoint(
        name=f"orders.{name}",
        path=f"/v1/{{broker}}/sandbox-order/{name}",
        service="orders",
        guard=by_secret,
        answer=answer,
    )
    for name, answer in (
        ("place", partial(_answer_order, take=OrderDesk.place)),
        ("amend", partial(_answer_order, take=OrderDesk.amend)),
        ("cancel", partial(_answer_order, take=OrderDesk.cancel)),
        ("find", _answer_find),
    )
)
