"""Pages of an account that changes while it is read: no row twice, none lost, in any service that pages."""

from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from koscom_async import BrokerOverrides, PagingError, TruncatedResponseError
from koscom_async._cooperative import SLICE_ROWS, run_now
from koscom_async._services.repeats import find_repeated, key_of_row
from koscom_async.models.account import EquityRow, FundRow, OtherRow
from koscom_async.models.codes import TradeType
from tests.client.fake_gateway import FakeGateway, ok, said
from tests.services.drifting import SERVICES, DriftingBroker, ScriptedPage

SOUND = [ScriptedPage("AB", 4, "2"), ScriptedPage("CD", 4)]
TOO_FEW, AGAIN = "rows came", "a row of one page came again on another"
SAME_PAGES = "two pages have the very same rows"
CHANGED = "the announced total changed between pages"

DRIFTS = {
    "a row came in": (
        [ScriptedPage("AB", 4, "2"), ScriptedPage("BC", 5, "4"), ScriptedPage("D", 5)],
        PagingError,
        CHANGED,
    ),
    "one row twice, and one lost": (
        [ScriptedPage("AB", 4, "2"), ScriptedPage("BD", 4)],
        PagingError,
        AGAIN,
    ),
    "the same page twice": (
        [ScriptedPage("AB", 4, "2"), ScriptedPage("AB", 4)],
        PagingError,
        SAME_PAGES,
    ),
    "the same page twice, of one row": (
        [ScriptedPage("A", 2, "2"), ScriptedPage("A", 2)],
        PagingError,
        SAME_PAGES,
    ),
    "a row too few": ([ScriptedPage("AB", 4, "2"), ScriptedPage("C", 4)], TruncatedResponseError, TOO_FEW),
    "a row too many": ([ScriptedPage("AB", 3, "2"), ScriptedPage("CD", 3)], PagingError, TOO_FEW),
    "a total only at the end": (
        [ScriptedPage("AB", None, "2"), ScriptedPage("BC", 4)],
        PagingError,
        AGAIN,
    ),
}


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
async def test_pages_that_drift_are_read_once_more_and_come_out_whole(service):
    for name, (pages, _, _) in DRIFTS.items():
        broker = DriftingBroker(service, [pages, SOUND])
        answer = await broker.ask()
        assert service.read(answer) == ["A", "B", "C", "D"], name
        assert any("the query was read again from its first page" in note for note in answer.notes), name
        assert len(broker.keys) == len(pages) + len(SOUND), name


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
async def test_pages_that_drift_again_fail_and_may_be_asked_for_again(service):
    for name, (pages, kind, words) in DRIFTS.items():
        broker = DriftingBroker(service, [pages, pages])
        with pytest.raises(kind, match=words) as caught:
            await broker.ask()
        assert (caught.value.retriable, caught.value.attempts) == (True, 2), name
        assert "ask again" in str(caught.value), name
        assert len(broker.keys) == 2 * len(pages), name


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
async def test_pages_that_agree_are_read_once(service):
    for total in (4, "4", "4.0", 0, None):
        broker = DriftingBroker(service, [[evolve(page, total=total) for page in SOUND]])
        assert service.read(await broker.ask()) == ["A", "B", "C", "D"], total
        assert len(broker.keys) == 2, total


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
async def test_a_total_on_the_first_page_only_counts_for_all(service):
    for rest in (None, 0):
        broker = DriftingBroker(service, [[ScriptedPage("AB", 4, "2"), ScriptedPage("CD", rest)]])
        assert service.read(await broker.ask()) == ["A", "B", "C", "D"], rest


async def test_a_total_that_changes_is_noted_where_totals_are_not_trusted():
    broker = DriftingBroker(SERVICES[0], [[ScriptedPage("AB", 4, "2"), ScriptedPage("CD", 5)]])
    balance = await broker.ask(trust_totals=False)
    assert SERVICES[0].read(balance) == ["A", "B", "C", "D"]
    assert balance.notes == (f"EQTY: {CHANGED} (4, 5), which the settings allow",)


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
async def test_every_reader_knows_both_names_of_the_paging_block(service):
    broker = DriftingBroker(service, [SOUND], result="queryRequest")
    assert service.read(await broker.ask()) == ["A", "B", "C", "D"]
    short = DriftingBroker(service, [[ScriptedPage("AB", 4)]], result="queryRequest")
    with pytest.raises(TruncatedResponseError, match="2 of 4 rows came"):
        await short.ask()


KEYS = {
    " K1 ": '" K1 "',
    "K1": '"K1"',
    "0": '"0"',
    "/=+키": '"/=+키"',
    Decimal("1.0"): "1.0",
    Decimal("1.50"): "1.50",
    Decimal(2): "2",
    Decimal(0): "0",
    Decimal("12345678901234567890.5"): "12345678901234567890.5",
}


@pytest.mark.parametrize("backend", ["core", "fast"])
@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
async def test_a_page_key_goes_back_exactly_as_it_came(service, backend):
    for key, written in KEYS.items():
        pages = [ScriptedPage("AB", 4, key), ScriptedPage("CD", 4)]
        broker = DriftingBroker(service, [pages], backend=backend)
        assert service.read(await broker.ask()) == ["A", "B", "C", "D"], key
        assert broker.keys[1] == written


async def test_a_key_that_was_seen_before_ends_the_query_at_once():
    for first, second in [(" K1 ", " K1 "), (Decimal("1.0"), Decimal(1))]:
        pages = [ScriptedPage("AB", 9, first), ScriptedPage("CD", 9, second), ScriptedPage("E", 9)]
        broker = DriftingBroker(SERVICES[0], [pages])
        with pytest.raises(PagingError, match="a page key came back a second time") as caught:
            await broker.ask()
        assert (caught.value.retriable, len(broker.keys)) == (True, 2)


async def test_a_group_that_a_page_cuts_in_two_counts_once_or_twice_or_by_its_symbols(investor, account):
    def page(question, groups, total, key):
        listed = [{"groupName": name, "isinCode": list(symbols)} for name, symbols in groups]
        body = {"queryResult": {"totalCnt": total, "page": key}, "groupList": {"group": listed}}
        return ok(
            said(question, {}, total=None)
            | {"interestSymbolListResponseBody": body, "balanceResponseBody": None}
        )

    async def read(first, second, total):
        pages = iter([("2", first), ("null", second)] * 2)

        def script(question):
            key, groups = next(pages)
            return page(question, groups, total, key)

        brokers = {"star": BrokerOverrides(supports_interest_query=True)}
        async with FakeGateway({"star": script}).client(brokers=brokers) as koscom:
            return await koscom.account.watchlist(investor, account("star"))

    cut = [("G", "AB")], [("G", "C"), ("H", "")]
    for total in (2, 3, 4):
        groups = (await read(*cut, total)).groups
        assert [(group.name, group.symbols) for group in groups] == [("G", ("A", "B", "C")), ("H", ())]
    for total, kind in ((1, PagingError), (5, TruncatedResponseError)):
        with pytest.raises(kind):
            await read(*cut, total)
    with pytest.raises(PagingError, match=AGAIN):
        await read([("G", "AB")], [("G", "BC")], None)
    unnamed = (await read([(None, "AB")], [(None, "BC"), ("H", "D")], 5)).groups
    assert [group.symbols for group in unnamed][-1] == ("D",)


BOUGHT = EquityRow(code="KR7005930003", quantity=Decimal(10), cost=Decimal(700), value=Decimal(800))


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        (BOUGHT, BOUGHT, True),
        (BOUGHT, evolve(BOUGHT, value=Decimal(801), profit_loss=Decimal(101)), True),
        (BOUGHT, evolve(BOUGHT, quantity=Decimal(11)), False),
        (BOUGHT, evolve(BOUGHT, trade_type=TradeType.MARGIN), False),
        (FundRow(code="F", value=Decimal(1)), FundRow(code="F", value=Decimal(1)), True),
        (FundRow(code="F", value=Decimal(1)), FundRow(code="F", value=Decimal(2)), False),
        (OtherRow(name="국채", value=Decimal(1)), OtherRow(name="국채", value=Decimal(1)), False),
    ],
)
def test_a_row_is_the_same_one_whatever_the_market_does_meanwhile(first, second, is_same):
    wrong = run_now(find_repeated("EQTY", [[first], [second, BOUGHT.__class__(code="X")]], key_of_row))
    assert (wrong is not None) is is_same


def test_rows_that_are_alike_on_one_page_are_two_lots():
    assert run_now(find_repeated("EQTY", [[BOUGHT, BOUGHT], [evolve(BOUGHT, code="X")]], key_of_row)) is None


def test_many_pages_are_compared_in_a_time_that_grows_with_their_number():
    class Counted:
        """Counts how often it is compared."""

        comparisons = 0

        def __init__(self, number):
            self.number = number

        def __hash__(self):
            return hash(self.number)

        def __eq__(self, other):
            Counted.comparisons += 1
            return self.number == other.number

    pages = [[Counted(number)] for number in range(2000)]
    steps = find_repeated("EQTY", pages, lambda row: row)
    assert run_now(steps) is None
    assert Counted.comparisons < 4000


def test_others_have_their_turn_while_long_pages_are_compared():
    rows = [EquityRow(code=f"KR{number}", quantity=Decimal(1)) for number in range(4 * SLICE_ROWS)]
    assert len(list(find_repeated("EQTY", [rows[: 3 * SLICE_ROWS], rows[3 * SLICE_ROWS :]], key_of_row))) == 4
    again = run_now(find_repeated("EQTY", [rows, rows[:1], rows], key_of_row))
    assert again is not None
    assert SAME_PAGES in again.message


def test_numbers_that_hash_alike_make_no_rows_that_do():
    """Equal hashes make a set as slow as comparing all with all; anybody can send numbers with one remainder."""
    numbers = [Decimal(1 + times * (2**61 - 1)) for times in range(1000)]
    assert len(set(map(hash, numbers))) == 1
    rows = [EquityRow(code="KR7005930003", quantity=number, cost=number) for number in numbers]
    without_cost = [evolve(row, cost=None) for row in rows]
    for keys in (rows, map(key_of_row, rows), map(key_of_row, without_cost)):
        assert len(set(map(hash, keys))) > 990
    assert hash(rows[0]) == hash(evolve(rows[0], quantity=Decimal("1.000")))
    assert hash(evolve(rows[0], cost=Decimal("-0"))) == hash(evolve(rows[0], cost=Decimal("0.0")))


@settings(deadline=None, max_examples=60)
@given(
    data=st.data(),
    start=st.lists(st.sampled_from("ABCDE"), unique=True, min_size=3, max_size=5),
    size=st.integers(1, 2),
)
async def test_whatever_drifts_a_whole_answer_is_what_was_held_at_one_moment(data, start, size):
    """Rows come and go between the pages of the first reading; the second finds the account at rest."""
    held, pages, moments = list(start), [], [list(start)]
    at = 0
    while at < len(held) and len(pages) < 6:
        rows = held[at : at + size]
        at += size
        key = str(at) if at < len(held) else "null"
        pages.append(ScriptedPage("".join(rows), len(held), key))
        if data.draw(st.booleans()):
            change = data.draw(st.sampled_from("ABCDE"))
            held = [each for each in held if each != change] if change in held else [change, *held]
            moments.append(list(held))
    rest = [
        ScriptedPage(
            "".join(held[start : start + size]),
            len(held),
            str(start + size) if start + size < len(held) else "null",
        )
        for start in range(0, max(len(held), 1), size)
    ]
    if pages[-1].key != "null":
        pages.append(ScriptedPage("", len(held)))
    broker = DriftingBroker(SERVICES[0], [pages, rest])
    found = SERVICES[0].read(await broker.ask())
    assert sorted(found) in [sorted(moment) for moment in moments]
