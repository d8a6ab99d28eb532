"""Orders (주문): kept before they leave, sent once, and what is known of them where the answer is lost.

How the wire spells an order is a firm's own document, given as data (`Settings(catalogue=…)`); the rules are here and
in the order itself.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import NoReturn

import anyio

from koscom_async._decimals import EXACT
from koscom_async._masking import masked_number
from koscom_async._services.catalogue.asker import Asker
from koscom_async._services.catalogue.order_store import OrderStore
from koscom_async._services.operation import new_trace
from koscom_async._services.resolve import expect, resolve_broker
from koscom_async._transport.statistics import TraceBuilder
from koscom_async._wire.catalogue.arguments import Values
from koscom_async.error_codes import Kind, find_error_code
from koscom_async.errors import (
    BrokerUnavailableError,
    ConnectionFailedError,
    OrderOutcomeUnknownError,
    PlatformError,
    ResponseMismatchError,
    SettingsError,
    UndocumentedServiceError,
    UsageError,
)
from koscom_async.models.catalogue.answer import Answer
from koscom_async.models.catalogue.operation import Operation
from koscom_async.models.catalogue.orders import Order, OrderAction, OrderReceipt, checked_order_id
from koscom_async.settings import Settings

FIND = "orders.find"
_MARKET = "market"
"""The category of codes that mean nothing in the answer to an order."""
_READ = {"order_id", "number"}
"""The attributes of an answer's row that are read here."""
_REFUSALS = {400, 401, 403, 404, 405, 406, 411, 413, 414, 415, 422, 429, 431}
"""The statuses that say that a request was not taken; 409 and 499 may follow one that was."""
_ORIGINAL = {"original_id", "original_number"}
_NEEDED: Mapping[str, set[str]] = {
    OrderAction.PLACE: {"account", "code", "side", "kind", "quantity", "price"},
    OrderAction.CANCEL: set(),
}
"""What of an order may not be left out; of an amendment what it changes, and of each the order that it is about."""


class OrderService:
    """Orders for the firm's contract accounts, one at a time; for firms with a discretionary licence (투자일임업).

    The platform published no document of it. Without a catalogue of the firm's that has the operations `orders.place`,
    `orders.amend` and `orders.cancel`, each method raises `UndocumentedServiceError`.
    """

    def __init__(
        self, asker: Asker, settings: Settings, store: OrderStore, *, now: Callable[[], datetime]
    ) -> None:
        self._asker, self._settings, self._store, self._now = asker, settings, store, now

    async def place(self, order: Order, *, deadline: float | None = None) -> OrderReceipt:
        """Send a new order (신규주문), and return that it was accepted for sending, which is no more.

        The order is kept in the store first, and never sent twice: no retry, no connection that was used before, and
        the same `order_id` is refused from then on. Raises `OrderOutcomeUnknownError`, with that id, where the order
        left and no answer says what became of it, also when the caller is cancelled meanwhile. Any other error means
        that the order was refused or did not leave: `order.again()` is the same one under a new id. Raises `UsageError`
        for what the rules forbid, before a call is spent.
        """
        expect(Order, order, "order", advice="pass Order(broker=…, account=…, code=…, side=…, quantity=…)")
        if order.action is not OrderAction.PLACE:
            raise UsageError("this order changes another", advice="use koscom.orders.amend or .cancel")
        return await self._send(order, deadline)

    async def amend(
        self,
        original: Order | OrderReceipt,
        *,
        price: Decimal | int | str | None = None,
        quantity: Decimal | int | str | None = None,
        order_id: str | None = None,
        deadline: float | None = None,
    ) -> OrderReceipt:
        """Amend the price or the quantity of an order (주문정정). Otherwise as `place`.

        A price holds for all of what is left of the order; a quantity is never raised. `order_id` is the id of the
        amendment, which is an order of its own.
        """
        order, number = _original(original)
        amended = order.amended(price=price, quantity=quantity, number=number, order_id=order_id)
        return await self._send(amended, deadline, unchanged="quantity" if quantity is None else "price")

    async def cancel(
        self, original: Order | OrderReceipt, *, order_id: str | None = None, deadline: float | None = None
    ) -> OrderReceipt:
        """Cancel what is left of an order (주문취소). Otherwise as `place`."""
        order, number = _original(original)
        return await self._send(order.cancelled(number=number, order_id=order_id), deadline)

    async def find(self, order_id: str, *, deadline: float | None = None) -> OrderReceipt | None:
        """Return what the platform knows of an order by the client's id; `None` where it has not come.

        One that left a moment ago may still come: ask twice before another order takes its place.
        Raises `UsageError` where the store has no such order, `UndocumentedServiceError` where the firm's catalogue has
        no operation `orders.find`: then look for it among `koscom.discretionary.orders`.
        """
        order = await self._store.find(checked_order_id(order_id))
        if order is None:
            raise UsageError(f"the store has no order {order_id}, so that this client has not sent it")
        if FIND not in self._asker.operations:
            advice = f"add {FIND} to Settings(catalogue=PATH), or look among koscom.discretionary.orders"
            raise UndocumentedServiceError.of(
                FIND, ["call that finds an order by the client's id"], advice=advice
            )
        operation = self._asker.operations[FIND]
        answer = await self._asker.ask(
            FIND, _arguments(order, operation, needed={"order_id"}), deadline=deadline
        )
        return self._receipt(order, answer) if len(answer) else None

    async def _send(self, order: Order, deadline: float | None, *, unchanged: str = "") -> OrderReceipt:
        operation, trace = self._asker.operations[f"orders.{order.action.lower()}"], new_trace()
        needed = _NEEDED.get(order.action, {"price", "quantity"} - {unchanged})
        arguments = _arguments(order, operation, needed={"order_id", *needed}, unchanged=unchanged)
        if operation.is_documented:  # else asking says that it is not
            await self._keep(order)
        try:
            answer = await self._asker.ask(operation, arguments, deadline=deadline, trace=trace)
            return self._receipt(order, answer)
        except (Exception, anyio.get_cancelled_exc_class()) as error:
            if _is_known(error, trace):
                raise
            _raise_unknown(order, operation, error)

    async def _keep(self, order: Order) -> None:
        """Keep an order before it leaves; raise `UsageError` where it may not leave."""
        if resolve_broker(order.broker).short_name not in self._settings.discretionary_brokers:
            raise UsageError(
                f"{order.broker} is not among the brokers at which the firm has discretionary contracts",
                advice="only firms with the licence (투자일임업) may order: name it in discretionary_brokers",
            )
        if not await self._store.keep(order):
            raise UsageError(
                f"an order {order.order_id} was sent before",
                advice="look for it with koscom.orders.find; order.again() is a second order",
            )

    def _receipt(self, order: Order, answer: Answer) -> OrderReceipt:
        row = answer[0] if len(answer) == 1 else {}
        if not row or row.get("order_id") not in {None, order.order_id}:
            raise ResponseMismatchError("the answer is not about this order alone")
        return OrderReceipt(
            order=order,
            number=row.get("number"),
            received_at=self._now(),
            extra={name: value for name, value in row.items() if name not in _READ},
        )


def _original(original: object) -> tuple[Order, str | None]:
    if isinstance(original, OrderReceipt):
        return original.order, original.number
    return expect(Order, original, "the order", advice="pass the Order, or its OrderReceipt"), None


def _arguments(order: Order, operation: Operation, *, needed: set[str], unchanged: str = "") -> Values:
    """Return what is sent of an order; raise where the firm's catalogue would leave out what is needed of it."""
    values = Values(
        broker=resolve_broker(order.broker).short_name,
        account=order.account,
        order_id=order.order_id,
        original_id=order.original_id,
        original_number=order.original_number,
        code=order.code,
        side=order.side.name.lower(),
        kind=order.kind.lower(),
        quantity=_plain(order.quantity),
        price=None if order.price is None else _plain(order.price),
    )
    takes = {each.name: each for each in operation.parameters if each.fixed is None}
    given = {name for name, value in values.items() if value is not None and name != unchanged}
    missing = needed & given - takes.keys()
    if order.original_id is not None and operation.name != FIND and not takes.keys() & given & _ORIGINAL:
        missing = missing | {"original_id"}  # it is found by an id of its own
    if missing and operation.is_documented:
        raise _wrong_catalogue(operation, f"has no parameter for {', '.join(sorted(missing))} of an order")
    if "account" in takes and not takes["account"].secret:
        raise _wrong_catalogue(operation, "must have the account as a secret of the body")
    return Values({name: values[name] for name in given & takes.keys()})


def _plain(number: Decimal) -> str:
    return f"{EXACT.normalize(number):f}"


def _wrong_catalogue(operation: Operation, words: str) -> SettingsError:
    return SettingsError(f"catalogue: {operation.name} {words}", setting="catalogue")


def _is_known(error: BaseException, trace: TraceBuilder) -> bool:
    """Return whether it is certain that the order did not leave, or that it was refused."""
    if trace.calls == 0 or (isinstance(error, ConnectionFailedError) and not error.was_sent):
        return True
    # A broker that cannot serve, or is late, may have the order all the same; and words that no table has, or a status
    # that is neither an answer nor a refusal (204, 302), say nothing of it.
    if not isinstance(error, PlatformError) or isinstance(error, BrokerUnavailableError):
        return False
    listed = find_error_code(error.code or "")
    if listed is not None and listed.category != _MARKET:
        return listed.kind is not Kind.SUCCESS
    return (error.status or 0) in _REFUSALS


def _raise_unknown(order: Order, operation: Operation, error: BaseException) -> NoReturn:
    reason = getattr(error, "message", None) or "the call was cancelled"
    raise OrderOutcomeUnknownError(
        f"order {order.order_id} left, and its answer was lost: {reason}",
        order_id=order.order_id,
        broker=order.broker,
        endpoint=operation.name,
        account=masked_number(order.account),
        attempts=1,
    ) from error
