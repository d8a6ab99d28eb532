"""Bars: every trading day once, in order, in few calls; whole, or marked as not."""

from datetime import date, datetime, time
from decimal import Decimal
from itertools import pairwise

import pytest
from attrs import evolve

from koscom_async import Koscom, NotYetAvailableError, Retry, UsageError
from koscom_async._clock import KST
from koscom_async.models.market.bars import Bar, Bars
from tests.market.conftest import EVENING, MORNING, calls_to

TODAY = MORNING.date()
YESTERDAY = date(2026, 1, 29)


async def test_ten_years_of_days_are_28_calls(market_at):
    since = date(2016, 1, 30)
    async with market_at() as (koscom, gateway):
        bars = await koscom.market.bars("005930", since)
        assert calls_to(koscom) == 28  # 27, and the listing
        assert tuple(bar.on for bar in bars) == gateway.market.trading_days(since, TODAY)
    assert bars.complete
    assert bars.notes == ()
    assert [bar.is_running for bar in bars].index(True) == len(bars) - 1
    assert repr(bars) == "<Bars: 005930, 2,453 bars of day, 2016-01-30 to 2026-01-30>"


@pytest.mark.parametrize("version", [3, 2])
async def test_a_session_of_minutes_is_four_calls_and_adds_up_to_the_day(market_at, version):
    async with market_at(EVENING, version=version) as (koscom, _):
        day = (await koscom.market.bars("005930", TODAY, board="kospi"))[0]
        before = calls_to(koscom)
        bars = await koscom.market.bars("005930", TODAY, every="1m", board="kospi")
        assert calls_to(koscom) == before + 4
    assert [bar.at for bar in bars][:2] == [datetime(2026, 1, 30, 9, minute, tzinfo=KST) for minute in (1, 2)]
    assert len({bar.at for bar in bars}) == len(bars) == 390
    assert all(former.at < latter.at for former, latter in pairwise(bars))
    assert sum(bar.volume for bar in bars) == day.volume
    assert (bars[0].open, bars[-1].close, max(bar.high for bar in bars)) == (day.open, day.close, day.high)
    assert bars.complete
    assert not any(bar.is_running for bar in (*bars, day))


async def test_the_running_interval_is_marked_and_carries_the_moment(market_at):
    async with market_at() as (koscom, _):
        bars = await koscom.market.bars("005930", MORNING.replace(hour=9, minute=50), every="10m")
        assert [(bar.at.time(), bar.is_running) for bar in bars] == [
            (time(10), False),
            (time(10, 3, 25), True),
        ]
        assert bars.complete
        for every in ("week", "month"):
            bars = await koscom.market.bars("005930", "2025-11-01", every=every)
            assert [bar.is_running for bar in bars] == [False] * (len(bars) - 1) + [True]


async def test_rows_that_are_lost_are_asked_for_again_or_named(market_at):
    async with market_at(faults={"market": "fewer-rows:60"}) as (koscom, gateway):
        bars = await koscom.market.bars("005930", date(2024, 6, 1), date(2025, 6, 30))
        assert [bar.on for bar in bars] == list(
            gateway.market.trading_days(date(2024, 6, 1), date(2025, 6, 30))
        )
        assert bars.complete
    async with market_at(faults={"market": "fewer-rows:10"}) as (koscom, _):
        bars = await koscom.market.bars("005930", date(2025, 1, 1), date(2025, 6, 30))
        assert not bars.complete
        assert "rows may be missing before" in bars.notes[0]
        bars = await koscom.market.bars("005930", YESTERDAY, YESTERDAY, every="1m")
        assert not bars.complete
        assert "INCOMPLETE" in repr(bars)


async def test_a_range_with_more_rows_than_a_call_holds_is_whole(market_at):
    async with market_at() as (koscom, gateway):
        bars = await koscom.market.bars("005930", date(2025, 1, 1), date(2025, 12, 31))
        assert [bar.on for bar in bars] == list(
            gateway.market.trading_days(date(2025, 1, 1), date(2025, 12, 31))
        )
        assert len(bars) > 200


async def test_a_repeated_row_counts_once_and_odd_directions_are_doubtful(market_at):
    async with market_at(faults={"market": "repeated-period"}) as (koscom, _):
        bars = await koscom.market.bars("005930", "2026-01-02")
        assert len({bar.on for bar in bars}) == len(bars) == 21
        minutes = await koscom.market.bars("005930", TODAY, every="10m")
        assert len({bar.at for bar in minutes}) == len(minutes) == 7
    async with market_at(faults={"market": "odd-directions"}) as (koscom, _):
        bars = await koscom.market.bars("005930", "2026-01-02")
    odd = [bar for bar in bars if bar.doubtful]
    assert odd
    assert bars.complete
    assert bars.notes == (f"{len(odd)} changes against the sign of the direction code, which counts",)


async def test_what_the_platform_loses_or_makes_up_is_marked(market_at):
    for fault, every, complete, words in (
        ("lost-end:30", "1m", False, "rows may be missing on 2026-01-29 after 15:00:00"),
        ("other-days", "day", False, "rows may be missing: 1 row came of days that were not asked for"),
        ("other-figures", "day", True, "1 bar came twice, with other figures"),
    ):
        async with market_at(EVENING, faults={"market": fault}) as (koscom, _):
            bars = await koscom.market.bars("005930", YESTERDAY, YESTERDAY, every=every, board="kospi")
        assert bars.complete is complete, fault
        assert words in bars.notes, fault
        assert [bar.doubtful for bar in bars[:1]] == ([every == "day"] if fault != "other-days" else []), (
            fault
        )


async def test_a_day_without_rows_is_not_called_whole(market_at):
    async with market_at(faults={"market": "today-only"}) as (koscom, _):
        bars = await koscom.market.bars("005930", YESTERDAY, TODAY, every="10m")
    assert {bar.at.date() for bar in bars} == {TODAY}
    assert not bars.complete
    assert "no rows on 2026-01-29" in bars.notes[0]


async def test_not_yet_closed_and_nothing_are_three_things(market_at):
    holiday = datetime(2026, 2, 16, 11, tzinfo=KST)
    async with market_at(holiday) as (koscom, _):
        closed = await koscom.market.bars("005930", holiday.date(), every="10m", board="kospi")
        assert (list(closed), closed.complete) == ([], True)
        assert closed.notes == ("the market is closed on 2026-02-16",)
        weekend = await koscom.market.bars("005930", date(2026, 2, 14), date(2026, 2, 15), every="10m")
        assert (list(weekend), weekend.complete) == ([], True)
    early = MORNING.replace(hour=8)
    async with market_at(early) as (koscom, _):
        with pytest.raises(NotYetAvailableError) as caught:
            await koscom.market.bars("005930", TODAY, every="1m")
        assert caught.value.available_at == datetime(2026, 1, 30, 9, tzinfo=KST)


async def test_another_days_rows_are_not_todays(market_at):
    async with market_at(EVENING) as (_, gateway):
        settings = evolve(gateway.settings, retry=Retry(attempts=1))
        # A gateway whose clock is in the evening stands for one that answers with the session before.
        async with Koscom(settings, transport=gateway.transport, now=lambda: MORNING) as koscom:
            bars = await koscom.market.bars("005930", TODAY, every="10m", board="kospi")
    assert (list(bars), bars.complete) == ([], False)
    assert bars.notes == ("no rows on 2026-01-30: the platform answered with those of an earlier session",)


async def test_wrong_ranges_cost_no_call(market_at):
    wrong = (
        {"since": "2026-02-01"},
        {"since": "yesterday"},
        {"since": 20260101},
        {"since": "2026-01-02", "every": "hour"},
        {"since": "2025-01-02", "every": "1m"},
    )
    async with market_at() as (koscom, _):
        for arguments in wrong:
            with pytest.raises(UsageError):
                await koscom.market.bars("005930", **arguments)
        assert calls_to(koscom) == 0


async def test_frames_name_columns_in_korean_and_keep_every_digit(market_at):
    polars = pytest.importorskip("polars")
    async with market_at() as (koscom, _):
        bars = await koscom.market.bars("005930", "2026-01-02")
    frame = bars.to_polars(names="ko")
    assert frame.columns[2:8] == ["시가", "고가", "저가", "종가", "거래량", "거래대금"]
    assert frame["종가"].to_list() == [bar.close for bar in bars]
    assert frame["일자"].dtype == polars.Date
    pandas = bars.to_pandas(exact=False)
    assert pandas["close"].iloc[-1] == float(bars[-1].close)
    assert pandas.attrs["complete"] is True
    assert bars.to_dicts()["rows"][0]["close"] == f"{bars[0].close:f}"
    assert "21 bars of day" in bars._repr_html_()
    with pytest.raises(UsageError, match="no names"):
        bars.to_arrow(names="jp")


async def test_bars_are_drawn(market_at):
    pytest.importorskip("matplotlib")
    async with market_at() as (koscom, _):
        bars = await koscom.market.bars("005930", "2026-01-02")
    for kind in ("candle", "line"):
        prices, volumes = bars.plot(kind).axes
        assert prices.get_title(loc="left").startswith("삼성전자 (005930), day, ")
        assert volumes.yaxis.get_major_formatter()(40_000_000, 0) == "40,000,000"
        assert [patch.get_height() for patch in volumes.patches] == [float(bar.volume) for bar in bars]
    with pytest.raises(UsageError, match="no kind"):
        bars.plot("pie")


def test_a_candle_without_a_body_is_a_line_and_no_wick_is_as_wide_as_a_body():
    pytest.importorskip("matplotlib")
    prices = [(100, 110, 90, 100), (100, 110, 90, 105), (105, 112, 99, 100)] * 130
    made = [
        Bar(at=MORNING, **dict(zip(("open", "high", "low", "close"), map(Decimal, each), strict=True)))
        for each in prices
    ]
    for count in (3, 390):
        day = MORNING.date()
        bars = Bars(code="005930", every="1m", since=day, until=day, bars=tuple(made[:count]))
        figure = bars.plot()
        wicks, lines = figure.axes[0].collections
        assert [segment[:, 0].mean() for segment in lines.get_segments()] == list(range(0, count, 3))
        assert lines.get_linewidth()[0] >= 1
        low, high = figure.axes[0].get_ylim()
        assert (low < 90, high > 112) == (True, True)
        body = figure.axes[0].patches[1].get_window_extent().width * 72 / figure.dpi
        assert 0 < wicks.get_linewidth()[0] <= body / 2
