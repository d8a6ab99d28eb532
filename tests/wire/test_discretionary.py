"""The discretionary service's documented messages: sent as in the examples, and read to every number in them."""

import copy
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from koscom_async import (
    DiscretionaryBalance,
    KoscomError,
    MalformedResponseError,
    OrderSide,
    ResponseMismatchError,
    VirtualAccount,
)
from koscom_async._wire import discretionary as wire
from koscom_async._wire.discretionary import DiscretionaryPage, DiscretionaryReader
from koscom_async._wire.json.core import read_json
from koscom_async.brokers import find_broker
from koscom_async.models.codes import AssetClass
from koscom_async.settings import Settings
from tests.wire.recorded import ABSENT_VALUES, MISSING, answer, recorded, sent, with_value
from tests.wire.test_balance_properties import json_values, judge, messages, respelled

BROKER = find_broker(short_name="star")
ID = "Fintech-2016062200001"
NUMBER, ECHOED = "0019923122221", "001-01-992323232"
EQUITY = AssetClass.EQUITY

# Case, blocks, what reads a row, whose it is, and the query of the request example.
CASES: dict[str, tuple[Any, Any, str | None, dict[str, object]]] = {
    "discretionary_accounts": (
        wire.ACCOUNT_BLOCKS,
        wire.account_reader(BROKER),
        None,
        wire.accounts_query(None),
    ),
    "discretionary_balances": (
        wire.BALANCE_BLOCKS,
        wire.row_reader(EQUITY),
        NUMBER,
        wire.balance_query(NUMBER, EQUITY, None),
    ),
    "discretionary_orders": (
        wire.ORDER_BLOCKS,
        wire.order_reader(EQUITY),
        ECHOED,
        wire.orders_query(
            NUMBER,
            EQUITY,
            None,
            side=OrderSide.SELL,
            on=date(2016, 6, 22),
            code=None,
            order_number=None,
        ),
    ),
    "discretionary_settlements": (
        wire.SETTLEMENT_BLOCKS,
        wire.settlement_reader(EQUITY),
        NUMBER,
        wire.settlements_query(
            NUMBER,
            EQUITY,
            None,
            side=None,
            on=date(2017, 6, 22),
            code="KR0065300",
        ),
    ),
    "discretionary_trades": (
        wire.TRADE_BLOCKS,
        wire.read_trade,
        NUMBER,
        wire.trades_query(
            NUMBER,
            None,
            since=date(2017, 6, 22),
            until=date(2017, 6, 27),
        ),
    ),
}
each_case = pytest.mark.parametrize("case", CASES)
CASH = "discretionary_balances"


def reader_of(case, *, number=..., **changes):
    blocks, read_item, known, query = CASES[case]
    return DiscretionaryReader(
        blocks=blocks,
        read_item=read_item,
        request_id=changes.pop("request_id", ID),
        account_number=known if number is ... else number,
        query=changes.pop("query", query),
    )


def read(case, document, **changes):
    return reader_of(case, **changes)(document)


def rows_of(case, document):
    """Every block of the answer that holds a field of a record."""
    blocks = CASES[case][0]
    rows = document[blocks.container][blocks.rows]
    if case == CASH:
        return [row for each in rows for key in ("cashBalInfo", "securitiesBalInfo") for row in each[key]]
    return rows


def numbers_in(value):
    """Every number of a document's rows or of a record, as a sorted list."""
    match value:
        case Decimal():
            return [value.normalize()]
        case dict():
            return sorted(number for each in value.values() for number in numbers_in(each))
        case list() | tuple():
            return sorted(number for each in value for number in numbers_in(each))
    return []


def numbers_of(record):
    if isinstance(record, tuple):
        return sorted(number for each in record for number in numbers_of(each))
    if isinstance(record, Decimal):
        return [record.normalize()]
    if attrs.has(type(record)):
        fields = {each.name: getattr(record, each.name) for each in attrs.fields(type(record))}
        execution = fields.pop("number", None) if type(record).__name__ == "Execution" else None
        fields.pop("raw", None)
        found = [number for each in fields.values() for number in numbers_of(each)]
        return sorted([*found, *([Decimal(execution).normalize()] if execution is not None else [])])
    return []


@each_case
def test_the_example_request_is_what_is_sent(case):
    example, (blocks, _, _, query) = sent(case), CASES[case]
    partner = example["partner"]
    given_settings = Settings(
        environment="sandbox", api_key="k", api_secret="s", com_id=partner["comId"], srv_id=partner["srvId"]
    )
    assert wire.firm_request(given_settings, request_id=ID, block=blocks.request, query=query) == example


@each_case
def test_the_example_answer_is_read_to_its_last_number(case):
    document = answer(case)
    page = read(case, document)
    assert numbers_of((*page.items, *page.cash)) == numbers_in(rows_of(case, document))
    assert page.next_page is None
    for item in page.items:
        assert "서방" not in repr(item)
        assert NUMBER not in repr(item)


def test_the_examples_balance_in_words():
    page = read(CASH, answer(CASH))
    (cash,) = page.cash
    assert (cash.balance, cash.loan, cash.owed, cash.withdrawable) == (3000000, 3600000, 3600000, 500000)
    first, second = page.items
    assert (first.code, [each.code for each in first.codes]) == ("KR0065300", ["KR0065300", "A06530"])
    assert (first.trade_type, second.trade_type) == ("CRD", None)
    assert (first.return_rate, second.return_rate) == (Decimal("-0.1"), Decimal("0.1"))
    account = VirtualAccount(broker=BROKER, number=NUMBER)
    balance = DiscretionaryBalance(account=account, cash=page.cash, securities=page.items).as_balance()
    assert (balance.summary.cash, balance.summary.cash_d2, balance.summary.loan) == (3000000, None, 3600000)


def test_the_examples_order_time_has_hundredths():
    (order,) = read("discretionary_orders", answer("discretionary_orders")).items
    assert order.ordered_at.isoformat() == "2016-06-22T11:26:26.360000+09:00"
    assert order.executions[0].executed_at is None


def test_the_examples_sale_has_the_signs_of_a_purchase():
    (trade,) = read("discretionary_trades", answer("discretionary_trades")).items
    assert (trade.kind, trade.kind.name, trade.contradicts_signs) == ("BID", "SELL", True)
    (settlement,) = read("discretionary_settlements", answer("discretionary_settlements")).items
    assert settlement.cost_total == sum(cost.amount for cost in settlement.costs) == 171990


def test_the_orders_example_is_about_another_account_than_its_request_asked_for():
    with pytest.raises(ResponseMismatchError, match="another account"):
        read("discretionary_orders", answer("discretionary_orders"), number=NUMBER)


@pytest.mark.parametrize("case", [case for case in CASES if CASES[case][2]])
def test_a_row_of_another_account_is_refused_wherever_it_says_so(case):
    document = answer(case)
    blocks = CASES[case][0]
    row = document[blocks.container][blocks.rows][0]
    (row["accInfo"] if case == CASH else row)["accNo"] = "0019999999999"
    with pytest.raises(ResponseMismatchError, match="another account"):
        read(case, document)


def test_dashes_make_no_other_account():
    document = answer("discretionary_trades")
    document["tradeBookList"]["tradeBook"][0]["accNo"] = "001-99-23122221"
    assert len(read("discretionary_trades", document).items) == 1


@each_case
def test_another_calls_answer_is_refused(case):
    with pytest.raises(ResponseMismatchError, match="another call"):
        read(case, answer(case), request_id="mine")


def test_another_asset_class_is_refused_and_another_date_is_noted():
    document = answer(CASH)
    document["balanceListResponseBody"]["queryParameter"]["qrAssetType"] = "FUND"
    with pytest.raises(ResponseMismatchError, match="asked for EQTY, answered about FUND"):
        read(CASH, document)
    notes = read("discretionary_settlements", answer("discretionary_settlements")).notes
    assert notes == ("the broker echoed another order date",)


@pytest.mark.parametrize(
    ("code", "currency", "days"),
    [
        (None, "KRW", None),
        ("null", "KRW", None),
        ("KRW-D0", "KRW", 0),
        ("KRW-DO", "KRW", 0),
        ("krw-d1", "KRW", 1),
        ("KRW", "KRW", 2),
        ("USD", "USD", 2),
        ("USD-D0", "USD", 0),
        ("KRW-D9", "KRW-D9", None),
    ],
)
def test_the_code_of_cash_names_currency_and_day(code, currency, days):
    document = answer(CASH)
    rows_of(CASH, document)[0]["crcyCode"] = code
    (cash,) = read(CASH, document).cash
    assert (cash.currency, cash.settled_in_days) == (currency, days)


def test_two_amounts_of_the_same_cash_are_refused_and_an_echo_is_not():
    document = answer(CASH)
    rows = document["balanceList"]["balance"][0]["cashBalInfo"]
    rows.append(dict(rows[0]))
    assert len(read(CASH, document).cash) == 1
    rows[1]["cashBalance"] = Decimal(1)
    with pytest.raises(MalformedResponseError, match="two rows of the same cash"):
        read(CASH, document)


def test_a_single_object_stands_for_one_row_and_the_tables_spelling_of_loans_is_read():
    document = answer(CASH)
    account = document["balanceList"]["balance"][0]
    account["cashBalInfo"] = account["cashBalInfo"][0]
    account["cashBalInfo"]["totlLoanAmt"] = account["cashBalInfo"].pop("totLoanAmt")
    document["balanceList"]["balance"] = account
    page = read(CASH, document)
    assert (len(page.items), page.cash[0].loan) == (2, 3600000)


@each_case
@settings(deadline=None, max_examples=40)
@given(
    how=st.integers(0, 5),
    unknown=st.dictionaries(st.text(min_size=4), json_values, max_size=2),
    losses=st.lists(st.tuples(st.integers(0, 99), st.sampled_from([MISSING, *ABSENT_VALUES])), max_size=6),
)
def test_any_spelling_and_any_absence_reads_as_the_same_values(case, how, unknown, losses):
    spelled, missing = answer(case), answer(case)
    for block, bare in zip(rows_of(case, spelled), rows_of(case, missing), strict=True):
        names = [name for name in block if name not in {"accNo", "isinInfo", "costInfo", "execList"}]
        for name in names:
            block[name] = respelled(block[name], how)
        for index, absent in losses:
            name = names[index % len(names)]
            with_value(block, name, absent)
            bare.pop(name, None)
        block.update({f"x{key}": value for key, value in unknown.items()})
    first, second = read(case, spelled), read(case, missing)
    assert (first.items, first.cash, first.total) == (second.items, second.cash, second.total)


@each_case
@settings(deadline=None, max_examples=60)
@given(data=st.data(), value=json_values)
def test_any_value_anywhere_is_a_page_or_an_error_of_ours(case, data, value):
    document = copy.deepcopy(answer(case))
    place: Any = document
    while True:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.integers(0, 3)) == 0:
            break
        place = place[key]
    place[key] = value
    try:
        page = read(case, document)
    except KoscomError as error:
        judge(error)
    else:
        assert isinstance(page, DiscretionaryPage)


@each_case
@settings(deadline=None, max_examples=60)
@given(document=messages)
def test_arbitrary_json_is_a_page_or_an_error_of_ours(case, document):
    try:
        page = read(case, document)
    except KoscomError as error:
        judge(error)
    else:
        assert isinstance(page, DiscretionaryPage)


@each_case
def test_a_field_that_does_not_fit_is_named(case):
    document = answer(case)
    row = rows_of(case, document)[0]
    name = next(name for name in row if isinstance(row[name], Decimal | str) and name != "accNo")
    row[name] = {"deep": "SECRET-MARK"}
    with pytest.raises(MalformedResponseError) as caught:
        read(case, document)
    assert f".{name}: expected " in caught.value.message
    assert "SECRET-MARK" not in str(caught.value)


@each_case
def test_recorded_answers_are_whole_json(case):
    assert isinstance(read_json(recorded(case)), dict)


def test_lists_inside_rows_are_read_in_steps_too():
    document = answer("discretionary_orders")
    (order,) = document["orderDetailList"]["orderDetail"]
    order["execList"] = [{"execQty": Decimal(number), "execPrice": Decimal(1)} for number in range(1000)]
    steps = reader_of("discretionary_orders").steps(document)
    stops = 0
    with suppress(StopIteration):
        while True:
            next(steps)
            stops += 1
    assert stops >= 40
    (item,) = read("discretionary_orders", document).items
    assert [each.quantity for each in item.executions] == list(range(1000))


@pytest.mark.parametrize(
    "odd", ["9\nCRITICAL root: forged\x1b[2J", "\u202e99", "9" * 31, "９９", "a/b", "<b>"]
)
def test_a_contract_account_s_number_of_another_shape_is_refused_and_not_repeated(odd):
    document = answer("discretionary_accounts")
    document["accountList"]["account"][0]["accNo"] = odd
    with pytest.raises(
        MalformedResponseError, match=r"account\[0\].accNo: expected letters and digits"
    ) as caught:
        read("discretionary_accounts", document)
    assert odd not in str(caught.value)
    document["accountList"]["account"][0]["accNo"] = " 001-01 992323232 "
    assert read("discretionary_accounts", document).items[0].number == "001-01 992323232"
