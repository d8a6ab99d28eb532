"""Orders: checked before they leave, kept, sent once, and found again where the answer is lost."""

import json
import traceback
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import anyio
import httpx
import pytest
from attrs import evolve

from koscom_async import (
    Amendment,
    BreakerOpenError,
    Cancellation,
    ConnectionFailedError,
    DeadlineExceededError,
    FileOrderStore,
    Koscom,
    KoscomError,
    Order,
    OrderAction,
    OrderKind,
    OrderOutcomeUnknownError,
    OrderReceipt,
    OrderSide,
    RateLimitedError,
    RequestRejectedError,
    Retry,
    SettingsError,
    Timeouts,
    UndocumentedServiceError,
    UsageError,
)
from koscom_async.sandbox import Fault, SandboxGateway
from koscom_async.sandbox.ledger import with_check_digit
from tests.client.fake_gateway import settings_of
from tests.test_cancellation import TIRELESS, WAYS, cancelled_at

SAMSUNG = "KR7005930003"
PRICE = 72300  # at which the sandbox's market has a hundred for each order
ACCOUNT = "0019903122221"


def order_of(**changes):
    facts = {"broker": "diamond", "account": ACCOUNT, "code": SAMSUNG, "side": OrderSide.BUY, "quantity": 10}
    return Order(**{**facts, "price": PRICE} | changes)


def account_of(gateway, broker="diamond"):
    return next(each for each in gateway.ledger.discretionary if each.broker == broker)


def sent(gateway, name="place"):
    return [call for call in gateway.calls if call.endpoint == f"orders.{name}"]


@pytest.fixture
async def gateway():
    async with SandboxGateway(in_process=True) as gateway:
        assert account_of(gateway).number == "0019903122221"
        yield gateway


@pytest.fixture
async def koscom(gateway):
    async with Koscom(gateway.settings, transport=gateway.transport) as koscom:
        yield koscom


async def test_what_is_ordered_is_executed_held_and_settled(koscom, gateway):
    before = await koscom.discretionary.balances("diamond", ACCOUNT)
    held = {row.code: row.quantity for row in before.securities}.get(SAMSUNG, Decimal(0))
    receipt = await koscom.orders.place(order := order_of(quantity=150))
    assert (receipt.order_id, receipt.order) == (order.order_id, order)
    assert koscom.statistics().of("diamond").calls > 0
    (seen,) = await koscom.discretionary.orders("diamond", ACCOUNT, order_number=receipt.number)
    assert (seen.side, seen.quantity, seen.price, seen.executed_quantity) == (OrderSide.BUY, 150, PRICE, 100)
    assert seen.executed_amount == 100 * PRICE
    # What is left waits, until a better price for all of it meets the market again.
    amended = await koscom.orders.amend(receipt, price="72400")
    (seen,) = await koscom.discretionary.orders("diamond", ACCOUNT, order_number=amended.number)
    assert (seen.amendment, seen.original_number) == (Amendment.AMENDED, receipt.number)
    assert (seen.quantity, seen.executed_quantity) == (50, 50)
    after = await koscom.discretionary.balances("diamond", ACCOUNT)
    assert {row.code: row.quantity for row in after.securities}[SAMSUNG] == held + 150
    settled = await koscom.discretionary.settlements("diamond", ACCOUNT, code=SAMSUNG)
    amounts = [row.amount for row in settled]
    assert amounts.count(100 * PRICE) >= 1
    assert amounts.count(50 * PRICE) >= 1
    assert account_of(gateway).cash("KRW") < account_of(SandboxGateway()).cash("KRW") - 150 * PRICE


async def test_an_order_is_made_smaller_and_cancelled(koscom):
    placed = await koscom.orders.place(order_of(quantity=30, price=100))  # far from the market: it waits
    smaller = await koscom.orders.amend(placed, quantity=20)
    cancelled = await koscom.orders.cancel(smaller)
    assert cancelled.order.action is OrderAction.CANCEL
    orders = await koscom.discretionary.orders("diamond", ACCOUNT, code=SAMSUNG)
    of = {row.number: row for row in orders}
    assert (of[smaller.number].quantity, of[smaller.number].state) == (20, "취소확인")
    assert of[cancelled.number].cancellation is Cancellation.CANCELLED
    assert of[cancelled.number].original_number == smaller.number
    with pytest.raises(RequestRejectedError, match="nothing is left of the original order"):
        await koscom.orders.cancel(smaller)
    with pytest.raises(RequestRejectedError, match="no instrument with this standard code"):
        await koscom.orders.place(order_of(code="005930"))
    # Without a receipt the client's own id says which order is meant.
    again = await koscom.orders.place(order_of(price=100))
    assert (await koscom.orders.cancel(again.order)).order.original_id == again.order_id


async def test_accepted_for_sending_is_not_accepted(koscom):
    receipt = await koscom.orders.place(order_of(side=OrderSide.SELL, quantity=10**6))
    (seen,) = await koscom.discretionary.orders("diamond", ACCOUNT, order_number=receipt.number)
    assert (seen.state, seen.rejection, seen.executed_quantity) == ("거부", "잔고 부족", 0)
    market = await koscom.orders.place(order_of(price=None, kind=OrderKind.MARKET))
    found = await koscom.orders.find(market.order_id)
    assert (found.number, found.extra["state"]) == (market.number, "체결")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"quantity": 0}, "above 0"),
        ({"quantity": 1.5}, "above 0"),
        ({"quantity": True}, "above 0"),
        ({"quantity": "NaN"}, "above 0"),
        ({"quantity": None}, "needs a quantity"),
        ({"price": "ten"}, "above 0"),
        ({"price": -1}, "above 0"),
        ({"price": None}, "limit order needs a price"),
        ({"kind": OrderKind.MARKET}, "a market order has none"),
        ({"side": "3"}, "side of an order"),
        ({"side": 2}, "names one thing"),
        ({"code": [SAMSUNG, "KR7000660001"]}, "names one thing"),
        ({"code": "KR7005930004"}, "check digit"),
        ({"account": ""}, "names one thing"),
        ({"account": "1" * 10_000}, "short texts"),
        ({"order_id": "../../etc/passwd"}, "1 to 40 letters"),
    ],
)
def test_what_is_no_order_is_refused_when_it_is_made(changes, words):
    with pytest.raises(UsageError, match=words):
        order_of(**changes)


def test_the_side_of_an_order_may_be_a_word():
    for text, side in (("BUY", OrderSide.BUY), ("sell", OrderSide.SELL), ("2", OrderSide.BUY)):
        assert order_of(side=text).side is side
    with pytest.raises(UsageError, match='"buy" or "sell"'):
        order_of(side="bought")


async def test_the_rules_are_kept_before_a_call_is_spent(koscom, gateway):
    order, orders = order_of(), koscom.orders
    for call, words in (
        (lambda: orders.place([order, order]), "must be Order, got list"),
        (lambda: orders.place(order.cancelled()), "changes another"),
        (lambda: orders.place(order_of(broker="samsung")), "not among the brokers"),
        (lambda: orders.amend(order, quantity=11), "never raised"),
        (lambda: orders.amend(order, quantity=5, price=PRICE + 100), "in its price or in its quantity"),
        (lambda: orders.amend(order), "in its price or in its quantity"),
        (lambda: orders.amend(order, price=PRICE), "as it was"),
        (
            lambda: orders.amend(order_of(price=None, kind="market"), price=1),
            "no price that could be amended",
        ),
        (lambda: orders.cancel(order.cancelled()), "neither amended nor cancelled"),
        (lambda: orders.cancel("A-1"), "must be Order, got str"),
        (lambda: orders.find(order.order_id), "has not sent it"),
        (lambda: orders.find("../x"), "1 to 40 letters"),
        (lambda: koscom.ask(koscom.operations["orders.place"]), "method of its own"),
    ):
        with pytest.raises(UsageError, match=words):
            await call()
    assert gateway.calls == ()


async def test_an_order_is_sent_once(koscom, gateway):
    order = order_of()
    await koscom.orders.place(order)
    with pytest.raises(UsageError, match="was sent before"):
        await koscom.orders.place(evolve(order, price=PRICE + 100))
    assert order.again().order_id != order.order_id
    await koscom.orders.place(order.again())
    assert len(sent(gateway)) == 2


async def test_without_the_firms_document_nothing_is_kept_and_nothing_leaves():
    class NoStore:
        async def keep(self, order):
            raise AssertionError

        async def find(self, order_id):
            return order_of(order_id=order_id)

    def never(request):
        raise AssertionError

    settings = settings_of(discretionary_brokers=("diamond",))
    async with Koscom(settings, transport=httpx.MockTransport(never), orders=NoStore()) as koscom:
        for call in (
            lambda: koscom.orders.place(order_of()),
            lambda: koscom.orders.amend(order_of(), quantity=1),
            lambda: koscom.orders.cancel(order_of()),
        ):
            with pytest.raises(UndocumentedServiceError, match=r"FIX_REST_API_v1\.03\.pdf"):
                await call()
        with pytest.raises(UndocumentedServiceError, match="finds an order by the client's id"):
            await koscom.orders.find("A-1")


# What becomes of an answer that is lost.

IMPATIENT = {"retry": Retry(attempts=5, base=0.001, cap=0.002), "timeouts": Timeouts(attempt=0.3)}
LOST = {  # by fault: whether the order had arrived
    "reset": None,
    "silent": True,
    "truncated": True,
    "empty": True,
    "html": None,
    "half-closed": True,
    "length-long": True,
    "chunked-garbage": True,
    "3005": None,
    "3600": None,
}


@pytest.mark.parametrize("backend", ["core", "httpx"])
async def test_an_order_whose_answer_is_lost_is_sent_once_and_found_by_its_id(backend):
    async with SandboxGateway() as gateway:
        settings = evolve(gateway.settings, backend=backend, **IMPATIENT)
        async with Koscom(settings) as koscom:
            for fault, had_arrived in LOST.items():
                await koscom.discretionary.accounts("diamond")  # leaves a connection that might be used again
                gateway.clear_calls()
                gateway.set_fault("diamond", fault)
                with pytest.raises(OrderOutcomeUnknownError, match="its answer was lost") as caught:
                    await koscom.orders.place(order := order_of())
                gateway.clear_faults()
                error = caught.value
                assert (error.order_id, error.retriable) == (order.order_id, False), fault
                assert (error.broker, error.endpoint) == ("diamond", "orders.place"), fault
                assert len(sent(gateway)) == 1, fault
                found = await koscom.orders.find(error.order_id)
                if had_arrived is not None:
                    assert (found is not None) is had_arrived, fault
                assert (found is not None) == has_order(gateway, order), fault
                assert len(sent(gateway)) == 1, fault


async def test_an_amendment_and_a_cancellation_are_found_where_their_answers_come_and_where_they_are_lost():
    async with SandboxGateway() as gateway, Koscom(evolve(gateway.settings, **IMPATIENT)) as koscom:

        async def done(fault, change):
            """Return what is found of a change: the receipt by the id in it, or by the id in the error."""
            if fault is None:
                receipt = await change
                found = await koscom.orders.find(receipt.order_id)
                assert (found.number, found.order) == (receipt.number, receipt.order)
                return found
            gateway.set_fault("diamond", fault)
            with pytest.raises(OrderOutcomeUnknownError) as caught:
                await change
            gateway.clear_faults()
            found = await koscom.orders.find(caught.value.order_id)
            arrived = gateway._state.desk.find(("diamond", ACCOUNT), caught.value.order_id)
            assert (found and found.number) == (arrived and arrived.number), fault
            assert found is not None or fault != "truncated"
            return found

        for fault in (None, "truncated", "reset"):
            placed = await done(None, koscom.orders.place(order_of(price=100)))
            amended = await done(fault, koscom.orders.amend(placed, price=200))
            assert amended is None or amended.order.original_id == placed.order_id
            # What was found can be changed like what was answered.
            cancelled = await done(fault, koscom.orders.cancel(amended or placed))
            assert cancelled is None or cancelled.order.action is OrderAction.CANCEL
            if cancelled is not None:
                assert (await koscom.orders.find(placed.order_id)).extra["state"] == "정정확인"


def has_order(gateway, order):
    return gateway._state.desk.find(("diamond", ACCOUNT), order.order_id) is not None


@pytest.mark.parametrize("way", WAYS)
async def test_an_order_can_be_cancelled_at_every_await(way, gateway, tmp_path):
    settings = evolve(gateway.settings, **TIRELESS)
    ends, store = set(), FileOrderStore(tmp_path)
    async with Koscom(settings, transport=gateway.transport, orders=store) as koscom:
        at, came = 1, True
        while came:
            order, end = order_of(quantity=1), "cancelled"
            gateway.clear_calls()

            async def place(order=order):
                nonlocal end
                receipt = await koscom.orders.place(order)
                end = "accepted" if receipt.order_id == order.order_id else "wrong"

            try:
                came = await cancelled_at(at, way, place)
            except OrderOutcomeUnknownError as error:
                end = "unknown" if error.order_id == order.order_id else "wrong"
            await anyio.wait_all_tasks_blocked()
            assert len(sent(gateway)) <= (end != "cancelled"), (at, end)
            # By its id it is known again, or known not to have arrived.
            found = await koscom.orders.find(order.order_id) if end != "cancelled" else None
            assert (found is not None) == has_order(gateway, order), (at, end)
            ends.add(end)
            at += 1
    assert ends == {"cancelled", "unknown", "accepted"}


async def test_a_deadline_that_passes_is_told_by_whether_the_order_had_left(gateway):
    seen = []

    async def answer(request):
        seen.append(request)
        await anyio.sleep_forever()

    async with Koscom(gateway.settings, transport=httpx.MockTransport(answer)) as koscom:
        seconds = 0.0
        while not seen:  # on a slow machine the order has not left yet
            with pytest.raises((DeadlineExceededError, OrderOutcomeUnknownError)) as caught:
                await koscom.orders.place(order_of(), deadline=seconds)
            assert isinstance(caught.value, OrderOutcomeUnknownError) == bool(seen)
            seconds = 2 * seconds + 0.05
    assert len(seen) == 1


async def test_what_certainly_did_not_leave_or_was_refused_is_not_unknown(gateway):
    async with Koscom(gateway.settings, transport=gateway.transport) as koscom:
        gateway.set_fault("diamond", Fault("429:0.001"))
        with pytest.raises(RateLimitedError):
            await koscom.orders.place(order_of())
        gateway.clear_faults()
        with pytest.raises(RequestRejectedError):
            await koscom.orders.place(order_of(code=with_check_digit("KR700000000")))
        assert koscom.statistics().of("diamond").calls == len(sent(gateway)) == 2
    async with Koscom(evolve(gateway.settings, base_url="http://127.0.0.1:9")) as koscom:
        for _ in range(10):  # nothing listens there, and in the end the circuit is open
            with pytest.raises((ConnectionFailedError, BreakerOpenError)):
                await koscom.orders.place(order_of())


async def test_an_answer_about_another_order_says_nothing_of_this_one(gateway):
    def answer(request):
        return httpx.Response(200, json={"sandboxOrder": {"clientOrderNo": "ANOTHER", "brokerOrderNo": "1"}})

    settings = gateway.settings
    async with Koscom(settings, transport=httpx.MockTransport(answer)) as koscom:
        with pytest.raises(OrderOutcomeUnknownError, match="not about this order"):
            await koscom.orders.place(order_of())


async def test_only_what_is_known_for_a_refusal_is_one(gateway):
    ours = {"sandboxOrder": {"brokerOrderNo": "1"}}
    for status, document, is_unknown in (
        (200, ours, False),  # accepted
        (202, {"sandboxOrder": {}}, True),
        (200, {"message": "queued"}, True),
        (200, {"code": 9999, "message": "?"}, True),
        (200, {"code": 7000, "category": "diamond", "message": "no"}, False),
        (204, None, True),
        (206, ours, True),
        (302, None, True),
        (400, None, False),
        (401, None, False),
        (499, None, True),
        (400, {"resp": {"respCode": "200", "respMsg": "OK"}}, True),
        (200, {"resp": {"respCode": "20130", "respMsg": "조회가 완료되었습니다"}}, True),
        (408, None, True),
        (409, {"message": "twice"}, True),  # a proxy may have sent it twice
        (500, {"code": 7000}, False),
        (500, {"code": 3005}, True),
        (500, {"code": 9999}, True),
        (503, None, True),
        (599, None, True),
    ):
        calls = []

        def answer(request, status=status, document=document, calls=calls):
            calls.append(request)
            return httpx.Response(status, json=document)

        ended = None
        async with Koscom(gateway.settings, transport=httpx.MockTransport(answer)) as koscom:
            try:
                await koscom.orders.place(order_of())
            except KoscomError as error:
                ended = error
        assert (isinstance(ended, OrderOutcomeUnknownError), len(calls)) == (is_unknown, 1), (
            status,
            document,
        )


async def test_an_account_number_is_nowhere_shown(gateway):
    gateway.set_fault("diamond", "truncated")
    async with Koscom(gateway.settings, transport=gateway.transport) as koscom:
        with pytest.raises(OrderOutcomeUnknownError) as caught:
            await koscom.orders.place(order_of())
        gateway.clear_faults()
        gateway.set_fault("diamond", "down")
        with pytest.raises(KoscomError) as failed:
            await koscom.orders.find(caught.value.order_id)
        with pytest.raises(UsageError) as refused:
            await koscom.orders.amend(order_of(), quantity=11)
    for error in (caught.value, failed.value, refused.value):
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
        assert ACCOUNT not in shown, shown
    assert ACCOUNT not in f"{order_of()!r} {caught.value!r} {caught.value}"
    receipt = OrderReceipt(order=order_of(), received_at=datetime.now(UTC), extra={"account": ACCOUNT})
    assert "{account}" in repr(receipt)
    assert ACCOUNT not in repr(receipt)


# Where orders are kept, and the firm's document.


async def test_files_keep_what_was_sent_by_an_earlier_process(gateway, tmp_path):
    settings, folder = gateway.settings, tmp_path / "orders"
    order = order_of()
    async with Koscom(settings, transport=gateway.transport, orders=FileOrderStore(folder)) as koscom:
        await koscom.orders.place(order)
    (file,) = folder.iterdir()
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)
    async with Koscom(settings, transport=gateway.transport, orders=FileOrderStore(folder)) as koscom:
        with pytest.raises(UsageError, match="was sent before"):
            await koscom.orders.place(order)
        found = await koscom.orders.find(order.order_id)
        assert found.order == order
        file.write_text('{"broker": "x"}', encoding="utf-8")
        with pytest.raises(UsageError, match="cannot be read"):
            await koscom.orders.find(order.order_id)
    assert len(sent(gateway)) == 1


def changed(gateway, folder, change):
    document = json.loads(Path(gateway.settings.catalogue).read_text(encoding="utf-8"))
    change(document)
    path = folder / "ours.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return evolve(gateway.settings, catalogue=path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda of: of["operations"]["orders.place"].update(repeatable=True), "never sent twice"),
        (lambda of: of["operations"]["orders.cancel"].update(scheme="bearer"), "never sent twice"),
        (
            lambda of: of["operations"]["orders.place"]["parameters"].remove("sandbox.price"),
            "no parameter for price",
        ),
        (
            lambda of: of["operations"]["orders.place"]["parameters"].remove("sandbox.order_id"),
            "no parameter for order_id",
        ),
        (lambda of: of["parameters"]["sandbox.account"].update(secret=False), "account as a secret"),
    ],
)
async def test_a_document_that_would_lose_part_of_an_order_is_refused(gateway, tmp_path, change, words):
    with pytest.raises(SettingsError, match=words):
        async with Koscom(changed(gateway, tmp_path, change), transport=gateway.transport) as koscom:
            await koscom.orders.place(order_of())
    assert sent(gateway) == []
