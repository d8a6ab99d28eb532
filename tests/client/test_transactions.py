"""Transactions of every account as one stream, and of one account as a whole, against the sandbox's ledger."""

import json
from contextlib import asynccontextmanager
from datetime import date, timedelta
from decimal import Decimal

import anyio
import anyio.lowlevel
import pytest

from koscom_async import (
    BrokerLimits,
    DeadlineExceededError,
    Direction,
    IncompleteHoldingsError,
    Koscom,
    KoscomError,
    Limits,
    RequestRejectedError,
    Retry,
    SettingsError,
    TransactionType,
    UsageError,
)
from koscom_async.sandbox import Fault, SandboxGateway, generated
from koscom_async.settings import Settings

SINCE, UNTIL = date(2018, 1, 1), date(2020, 12, 31)
DAYS = (UNTIL - SINCE).days + 1
LIMITS = {"star": 30, "cyber": 90, "diamond": 365}


def hurried(settings: Settings, **changes) -> Settings:
    limits = Limits(default=BrokerLimits(rate=1e6, burst=1000, in_flight=8))
    return Settings(
        base_url=settings.base_url,
        api_key=settings.api_key,
        api_secret=settings.api_secret,
        com_id=settings.com_id,
        srv_id=settings.srv_id,
        check_service_hours=settings.check_service_hours,
        **{"limits": limits, "retry": Retry(attempts=1)} | changes,
    )


@asynccontextmanager
async def opened(settings=None, **options):
    async with (
        SandboxGateway(in_process=True, **options) as gateway,
        Koscom(hurried(gateway.settings, **(settings or {})), transport=gateway.transport) as koscom,
    ):
        yield gateway, koscom


def told(row):
    """What the wire tells of a transaction; money has no code, or one that says so."""
    code = None if row.code == "CASH" else row.code
    return (row.on, str(row.type), code, row.amount_change, row.quantity_change, row.quantity_after)


def truth(account):
    return [
        (each.day, each.kind, each.code, each.amount, each.quantity, each.after) for each in account.movements
    ]


def asked(gateway, broker):
    return [
        call for call in gateway.calls if call.broker == broker and call.endpoint == "account.transaction"
    ]


async def read(koscom, investor, since=SINCE, until=UNTIL, **conditions):
    async with koscom.stream_transactions(investor, since, until, **conditions) as stream:
        rows = [row async for row in stream]
    return rows, stream


@pytest.mark.parametrize("rows", [None, 400])
async def test_three_years_at_limits_of_30_90_and_365_days_are_each_row_once_in_order(rows):
    ledger = None if rows is None else generated(transactions=rows)
    async with opened(ledger=ledger) as (gateway, koscom):
        got, stream = await read(koscom, gateway.investor)
        assert stream.complete
        assert [row.on for row in got] == sorted(row.on for row in got)
        assert len(got) == sum(len(account.movements) for account in gateway.ledger.accounts)
        for account in gateway.ledger.accounts:
            mine = [row for row in got if row.account.number == account.number]
            assert [told(row) for row in mine] == truth(account)
            calls = asked(gateway, account.broker)
            if rows is None:
                # No window of the example has more rows than a page: a call a window is the lower bound.
                assert len(calls) <= -(-DAYS // LIMITS[account.broker]) + 1
            else:
                assert len(calls) <= windows_pages(account, LIMITS[account.broker]) + 1


def windows_pages(account, most, page_size=None):
    """The calls that a caller makes who knows the limit: the pages of each window."""
    size = page_size or {"star": 20}.get(account.broker, 50)
    pages = 0
    for start in range(0, DAYS, most):
        first, last = SINCE + timedelta(start), min(SINCE + timedelta(start + most - 1), UNTIL)
        rows = sum(first <= each.day <= last for each in account.movements)
        pages += max(1, -(-rows // size))
    return pages


async def test_one_accounts_transactions_are_the_same_and_learned_limits_are_kept():
    async with opened() as (gateway, koscom):
        linked = await koscom.member.accounts(gateway.investor)
        for _ in range(2):
            for account in linked.accounts:
                whole = await koscom.account.transactions(gateway.investor, account, SINCE, UNTIL)
                assert [told(row) for row in whole] == truth(gateway.ledger.of(account.broker.short_name))
                assert len(whole) == len(whole.rows)
        for broker, most in LIMITS.items():
            assert len(asked(gateway, broker)) == 2 * -(-DAYS // most) + 1, "the second time needs no probe"


async def test_each_account_s_range_is_refused_once_as_one_investor_s_accounts_teach_no_broker():
    async with opened(ledger=generated(accounts=9, rows=3, transactions=30)) as (gateway, koscom):
        rows, stream = await read(koscom, gateway.investor)
    assert len(rows) == 9 * 30
    assert stream.complete
    for broker, most in LIMITS.items():
        assert len(asked(gateway, broker)) == 3 * (-(-DAYS // most) + 1)


async def test_a_range_that_a_broker_allows_is_asked_for_at_once():
    async with opened() as (gateway, koscom):
        rows, _ = await read(koscom, gateway.investor, date(2019, 3, 1), date(2019, 3, 30))
        assert {len(asked(gateway, broker)) for broker in LIMITS} == {1}
        assert len(rows) == sum(
            date(2019, 3, 1) <= each.day <= date(2019, 3, 30)
            for account in gateway.ledger.accounts
            for each in account.movements
        )


async def test_windows_are_asked_at_once_within_the_brokers_limit():
    limits = Limits(default=BrokerLimits(rate=1e6, burst=1000, in_flight=3))
    async with opened({"limits": limits}, latency=0.01) as (gateway, koscom):
        await read(koscom, gateway.investor)
        assert max(call.in_flight for call in asked(gateway, "star")) == 3


@pytest.mark.parametrize("side", [TransactionType.SALE, "BID", "ASK", "DEP", "WID"])
async def test_a_side_narrows_the_answer_down(side):
    async with opened() as (gateway, koscom):
        rows, _ = await read(koscom, gateway.investor, side=side)
        assert {row.type for row in rows} <= {TransactionType(side)}
        assert len(rows) == sum(
            each.kind == str(TransactionType(side))
            for account in gateway.ledger.accounts
            for each in account.movements
        )


async def test_an_isin_narrows_the_answer_down():
    async with opened() as (gateway, koscom):
        rows, _ = await read(koscom, gateway.investor, isin="KR7005930003")
        assert {row.code for row in rows} == {"KR7005930003"}
        assert len(rows) == sum(
            each.code == "KR7005930003" for account in gateway.ledger.accounts for each in account.movements
        )
        assert sum(row.quantity_change for row in rows) == Decimal(100 + 40 + 60)


async def test_the_stream_starts_before_the_last_broker_has_told_everything():
    async with (
        opened(latency={"star": 0.01}) as (gateway, koscom),
        koscom.stream_transactions(gateway.investor, SINCE, UNTIL) as stream,
    ):
        first = await anext(stream)
        answered = [call for call in asked(gateway, "star") if call.status == 200]
        assert first.on == date(2018, 1, 2)
        assert stream.outcomes == ()
        assert not stream.complete
        assert len(answered) < -(-DAYS // 30), "star has windows left to answer"


async def test_only_so_many_rows_are_held_however_slowly_they_are_read(monkeypatch):
    monkeypatch.setattr("koscom_async._services.account.MAX_BUFFERED_ROWS", 40)
    limits = Limits(default=BrokerLimits(rate=1e6, burst=1000, in_flight=2))
    ledger = generated(accounts=3, transactions=600)
    async with (
        opened({"limits": limits}, ledger=ledger) as (gateway, koscom),
        koscom.stream_transactions(gateway.investor, SINCE, UNTIL) as stream,
    ):
        rows = 0
        async for _ in stream:
            rows += 1
            if rows % 50 == 0:
                await anyio.wait_all_tasks_blocked()
                held = [source.feed.buffered for source in stream._all]
                assert max(held) <= 40 + 2 * 40
        assert rows == 3 * 600


async def test_a_window_with_very_many_rows_is_read_in_parts(monkeypatch):
    monkeypatch.setattr("koscom_async._services.account.MAX_BUFFERED_ROWS", 60)
    async with opened(date_limits={"diamond": 5000}, ledger=generated(accounts=1, transactions=500)) as (
        gateway,
        koscom,
    ):
        rows, stream = await read(koscom, gateway.investor)
        assert [told(row) for row in rows] == truth(gateway.ledger.accounts[0])
        assert stream.complete
        assert len(asked(gateway, "diamond")) > 500 / 60


async def test_an_account_that_fails_is_named_and_the_others_are_whole():
    async with opened(faults={"cyber": "4001"}) as (gateway, koscom):
        rows, stream = await read(koscom, gateway.investor)
        assert not stream.complete
        (failure,) = stream.failures
        assert (failure.account.broker.short_name, failure.error.code, failure.rows) == ("cyber", "4001", 0)
        assert failure.missing_from == SINCE
        assert len(rows) == sum(
            len(account.movements) for account in gateway.ledger.accounts if account.broker != "cyber"
        )
        assert len(asked(gateway, "cyber")) == 1
        with pytest.raises(IncompleteHoldingsError, match="1 of 3 accounts could not be read"):
            stream.require_complete()


async def test_an_account_that_fails_in_the_middle_ends_with_what_lies_before():
    async with opened(faults={"star": Fault("4001", after=10)}) as (gateway, koscom):
        rows, stream = await read(koscom, gateway.investor)
        (failure,) = stream.failures
        mine = [told(row) for row in rows if row.account.broker.short_name == "star"]
        before = [each for each in truth(gateway.ledger.of("star")) if each[0] < failure.missing_from]
        assert SINCE < failure.missing_from < UNTIL
        assert mine == before
        assert failure.rows == len(before)


async def test_of_one_account_a_part_is_never_returned():
    async with opened(faults={"star": Fault("4001", after=10)}) as (gateway, koscom):
        account = (await koscom.member.accounts(gateway.investor)).accounts[2]
        with pytest.raises(KoscomError) as caught:
            await koscom.account.transactions(gateway.investor, account, SINCE, UNTIL)
        assert (caught.value.code, caught.value.broker, caught.value.account) == ("4001", "star", "1606…0099")
        assert caught.value.endpoint == "account.transaction"


@pytest.mark.parametrize(
    "fault",
    ["short", "foreign", "wrong-id", "endless", "same-page", "empty-pages", "shape", "html", "error-200"],
)
async def test_an_answer_that_must_not_be_believed_fails_its_account(fault):
    async with opened({"page_limit": 5}, faults={"diamond": fault}) as (gateway, koscom):
        rows, stream = await read(koscom, gateway.investor, date(2018, 1, 1), date(2018, 12, 31))
        assert [str(each.account.broker) for each in stream.failures] == ["diamond"]
        assert all(str(row.account.broker) != "diamond" for row in rows)


async def test_a_deadline_ends_what_is_not_there_and_keeps_what_is(jump):
    async with opened(latency={"star": 60}) as (gateway, koscom):
        async with koscom.stream_transactions(gateway.investor, SINCE, UNTIL, deadline=5) as stream:
            while len(done := asked(gateway, "cyber")) < 14 or any(call.status is None for call in done):
                await anyio.lowlevel.checkpoint()
            jump(6)
            rows = [row async for row in stream]
        (failure,) = stream.failures
        assert isinstance(failure.error, DeadlineExceededError)
        assert {str(row.account.broker) for row in rows} == {"diamond", "cyber"}


async def test_leaving_early_ends_what_is_still_asked_and_a_callers_error_comes_out_bare():
    async with opened(latency={"star": 60}) as (gateway, koscom):
        with pytest.raises(LookupError, match="the caller's own"):
            async with koscom.stream_transactions(gateway.investor, SINCE, UNTIL) as stream:
                raise LookupError("the caller's own")
        with pytest.raises(UsageError, match="context was left"):
            await anext(stream)
        assert {each.in_flight for each in koscom.statistics().brokers} == {0}


async def test_the_whole_answer_has_the_rows_of_the_stream_and_says_what_was_asked():
    question = {"isin": "KR7005930003", "side": "ASK"}
    async with opened() as (gateway, koscom):
        rows, stream = await read(koscom, gateway.investor, **question)
        history = await koscom.transactions(gateway.investor, SINCE, UNTIL, **question)
    assert history.rows == tuple(history) == tuple(rows)
    assert len(history) == len(rows) > 0
    assert (history.since, history.until, history.isin, history.side) == (SINCE, UNTIL, *question.values())
    assert [each.account.broker.short_name for each in history.outcomes] == ["cyber", "diamond", "star"]
    assert (history.complete, history.failures, history.require_complete()) == (True, (), history)
    assert history.as_of >= stream.as_of
    shown = history.to_dicts()
    assert (shown["complete"], shown["side"], len(shown["transactions"])) == (True, "ASK", len(rows))
    assert json.loads(json.dumps(shown)) == shown


async def test_the_whole_answer_names_the_account_of_which_rows_are_missing():
    async with opened(faults={"star": "4001"}) as (gateway, koscom):
        history = await koscom.transactions(gateway.investor, SINCE, UNTIL)
    (failure,) = history.failures
    assert (history.complete, failure.account.broker.short_name) == (False, "star")
    assert (failure.error.code, failure.missing_from) == ("4001", SINCE)
    assert {row.account.broker.short_name for row in history} == {"cyber", "diamond"}
    assert [each["error"]["code"] for each in history.to_dicts()["failures"]] == ["4001"]
    with pytest.raises(IncompleteHoldingsError, match="1 of 3 accounts could not be read") as caught:
        history.require_complete()
    assert caught.value.failures == (failure,)


async def test_before_its_end_a_stream_is_not_complete():
    async with (
        opened() as (gateway, koscom),
        koscom.stream_transactions(gateway.investor, SINCE, UNTIL) as stream,
    ):
        with pytest.raises(UsageError, match="not been read to its end"):
            stream.require_complete()
        assert len(stream.accounts) == 3


@pytest.mark.parametrize(
    ("since", "until"),
    [(date(2020, 1, 2), date(2020, 1, 1)), ("2020-01-01", date(2020, 1, 1)), (date(2020, 1, 1), None)],
)
async def test_a_range_that_is_none_is_refused_before_a_call(since, until):
    async with opened() as (gateway, koscom):
        with pytest.raises(SettingsError):
            async with koscom.stream_transactions(gateway.investor, since, until):
                pass
        with pytest.raises(SettingsError):
            await koscom.transactions(gateway.investor, since, until)
        assert gateway.calls == ()


async def test_a_side_that_the_platform_does_not_know_is_the_platforms_to_refuse():
    async with opened() as (gateway, koscom):
        account = (await koscom.member.accounts(gateway.investor)).accounts[0]
        with pytest.raises(RequestRejectedError) as caught:
            await koscom.account.transactions(
                gateway.investor, account, UNTIL, UNTIL, side=TransactionType("BUY")
            )
        assert caught.value.code == "6008"


async def test_the_documented_direction_is_given():
    async with opened() as (gateway, koscom):
        rows, _ = await read(koscom, gateway.investor)
    assert {row.direction for row in rows} == set(Direction)
    assert {str(row.direction) for row in rows} == {"sale", "purchase", "transfer in", "transfer out"}
    assert not any(row.signs_contradict for row in rows)
    assert all(row.amount_change >= 0 for row in rows if row.direction is Direction.SALE)


async def test_nothing_that_is_shown_has_a_secret_in_it():
    async with opened(faults={"star": "4001"}) as (gateway, koscom):
        rows, stream = await read(koscom, gateway.investor)
        watchlists = await koscom.watchlists(gateway.investor)
        portfolios = await koscom.portfolios(gateway.investor)
        history = await koscom.transactions(gateway.investor, SINCE, UNTIL)
        answers = (rows[:5], stream.outcomes, stream.failures[0].error, watchlists, portfolios)
        shown = "".join(map(repr, (*answers, history, history.to_dicts())))
        investor = gateway.investor
        secrets = [investor.ci, investor.name, investor.token.access, gateway.settings.api_key, "관심종목00"]
        secrets += [account.number for account in gateway.ledger.accounts]
    assert [secret for secret in secrets if secret in shown] == []
