"""What answers with rows, the newest first: histories, the course of a day, short sales, and who traded."""

import math
from collections.abc import Iterator
from datetime import date
from typing import Any

from koscom_async.sandbox.market.figures import (
    bar_facts,
    clock,
    dated,
    foreign_holding,
    investor_facts,
    number,
    open_interest,
    short_sale_facts,
)
from koscom_async.sandbox.market.market import Moment
from koscom_async.sandbox.market.masters import net_asset_value
from koscom_async.sandbox.market.prices import Instrument, draws
from koscom_async.sandbox.market.question import TODAY_ONLY, Question, with_rows

CYCLES = {"10": 10, "60": 60, "600": 600}
SHORT_SALES_READY = 18  # o'clock


def answer_history(question: Question) -> Any:
    instrument, market = question.instrument(), question.market
    since, until = question.dates()
    cycle = question.text("trnsmCycleTpCd", "D", "W", "M")
    if question.operation.kind and question.operation.version == 3:
        question.text("reqCnt")
    bars = market.bars(instrument, since, until, cycle=cycle, moment=question.moment)
    rows = (
        {
            **dated(day),
            **bar_facts(instrument, bar, previous),
            "opnintQty": open_interest(market, instrument, market.days.number(day)),
        }
        for day, bar, previous in bars
    )
    return with_rows(question, rows, isuSrtCd=instrument.code)


def _numbers(question: Question, instrument: Instrument) -> Iterator[tuple[date, int]]:
    """Yield the trading days of the range, the latest first."""
    since, until = question.dates()
    days, moment = question.market.days, question.moment
    first = max(days.first_number(since), instrument.listed, 1)
    for place in range(min(days.number(until), moment.number), first - 1, -1):
        yield days.day(place), place


def answer_short_sales(question: Question) -> Any:
    instrument, market, moment = question.instrument(), question.market, question.moment
    nothing = dict.fromkeys(short_sale_facts(market, instrument, 1), 0)
    is_early = moment.at.hour < SHORT_SALES_READY and market.days.day(moment.number) == moment.at.date()
    has_zeros = question.operation.version == 2
    # Until it is ready there is no row of today, except in version 2, whose example has one of zeros.
    rows = (
        dated(day) | (nothing if is_today else short_sale_facts(market, instrument, place))
        for day, place in _numbers(question, instrument)
        if not (is_today := is_early and place == moment.number) or has_zeros
    )
    return with_rows(question, rows, isuSrtCd=instrument.code)


def answer_foreign(question: Question) -> Any:
    instrument, market, moment = question.instrument(), question.market, question.moment

    def row(day: date, place: int) -> dict[str, Any]:
        # Today's is yesterday's until the day is over.
        place -= place == moment.number and not moment.is_over
        held = foreign_holding(market, instrument, place)
        before = foreign_holding(market, instrument, place - 1)
        is_known = market.days.day(place) == day
        return dated(day) | {
            "FornHdVol": held,
            "cmpprevddFornHdVol": held - before if is_known else 0,
            "FornHdVolRt": number(100 * held / instrument.shares),
        }

    return with_rows(
        question, (row(*each) for each in _numbers(question, instrument)), isuSrtCd=instrument.code
    )


def answer_nav_history(question: Question) -> Any:
    fund, market, moment = question.instrument(), question.market, question.moment
    question.text("trnsmCycleTpCd", "D", "W", "M")
    rows = (
        {
            **dated(day),
            **net_asset_value(market, fund, Moment(moment.at, place, second)),
            "trdPrc": number(market.day_of(fund, place).price_at(second)),
        }
        for day, place in _numbers(question, fund)
        for second in (moment.second if place == moment.number else math.inf,)
    )
    return with_rows(question, rows, isuSrtCd=fund.code)


def answer_intraday(question: Question) -> Any:
    instrument, moment, days = question.instrument(), question.moment, question.market.days
    seconds = CYCLES[question.text("inddCycleTpCd", *CYCLES)]
    start, end = max(question.second("strtTm"), 0), min(question.second("endTm"), instrument.seconds)
    asked = question.day("inqStrtDd") if question.query.get("inqStrtDd") else days.day(moment.number)
    place = days.number(asked)
    is_past = place < moment.number and question.fault == TODAY_ONLY
    if not days.has(asked) or place > moment.number or place < instrument.listed or is_past:
        return with_rows(question, (), isuSrtCd=instrument.code)
    now = moment.second if place == moment.number else math.inf
    day = question.market.day_of(instrument, place)
    rows = []
    for begins in range(start // seconds * seconds, end, seconds):
        # The last interval ends with the session, and the one that is running at the present moment.
        ends = min(begins + seconds, instrument.seconds, now)
        if begins >= now or ends > end:
            break
        bar = day.bar(begins, ends)
        is_cumulative = question.operation.version == 2
        rows.append(
            {
                "inddTm": clock(ends),
                "inddOpnprc": number(bar.open),
                "inddHgprc": number(bar.high),
                "inddLwprc": number(bar.low),
                "inddClsprc": number(bar.close),
                "inddTrdvol": bar.volume_so_far if is_cumulative else bar.volume,
                "inddTrdval": bar.turnover,
                "inddAccTrdvol": bar.volume_so_far,
                "inddAccTrdval": bar.turnover_so_far,
            }
        )
    return with_rows(question, reversed(rows), isuSrtCd=instrument.code)


def answer_investors(question: Question) -> Any:
    market, moment = question.market, question.moment
    if question.operation.kind:
        return _contract_investors(question)
    instrument = question.instrument()
    chance = draws(market.seed, instrument.code, "investors", moment.number)
    made = investor_facts(market.day_of(instrument, moment.number), moment.second, chance)
    rows = ({"invstCd": code, **facts} for code, facts in made.items())
    head = {"isuCd": instrument.isin, "isuSrtCd": instrument.code, "Tm": _answered_at(moment)}
    return with_rows(question, rows, **head)


def _contract_investors(question: Question) -> Any:
    """Return what each kind of investor traded of all contracts of a market, calls and puts apart."""
    market, moment = question.market, question.moment
    contracts = set(question.contracts().values())
    rows: dict[str, dict[str, Any]] = {}
    for contract in sorted(contracts, key=lambda each: each.code):
        chance = draws(market.seed, contract.code, "investors", moment.number)
        word = "MktAcc" if contract.strike is None else "CallAcc" if contract.strike > 0 else "PutAcc"
        made = investor_facts(market.day_of(contract, moment.number), moment.second, chance)
        for code, facts in made.items():
            row = rows.setdefault(code, {"invstCd": code})
            for name, value in facts.items():
                key = f"{word}{name[0].upper()}{name[1:]}"
                row[key] = row.get(key, 0) + value
    return with_rows(question, rows.values(), Tm=_answered_at(moment))


def _answered_at(moment: Moment) -> int:
    return 0 if moment.second <= 0 else clock(min(moment.second, 23_430))
