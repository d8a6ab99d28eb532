"""Every example answer of the manual is read: each number equal to its text, no name unknown, units by arithmetic."""

import json
from datetime import date
from decimal import Decimal

import pytest

from koscom_async._wire.catalogue.kinds import KINDS
from koscom_async._wire.json import core, fast
from tests.catalogue.examples import OPERATIONS, answer_to, examples
from tests.catalogue.make import make

NUMERIC = {"price", "quantity", "money", "rate"}


def numbers_in(text):
    """Every number of a JSON text, as it is spelled."""
    spelled = []
    json.loads(
        text,
        parse_float=spelled.append,
        parse_int=spelled.append,
    )
    return sorted(spelled)


def test_what_is_kept_is_what_the_script_makes():
    changed = [path.name for path, text in make().items() if path.read_text(encoding="utf-8") != text]
    assert changed == [], "run python -m tests.catalogue.make"


def test_every_example_is_read_with_each_number_equal_to_its_text():
    seen = 0
    for example, text, operation, version in examples():
        for reader in (core, fast):
            answer = OPERATIONS.reader(operation, version)(reader.read_json(text.encode()))
            rows = [*answer, answer.head]
            assert [row.extra for row in rows if row.extra] == [], example
            assert answer.notes == (), example
            sent = [value for row in rows for value in row.raw.values() if isinstance(value, Decimal)]
            if operation != "thecheat.fraudsearch":
                assert sorted(map(str, sent)) == numbers_in(text), example
            fields = {field.name: field for field in OPERATIONS[operation].fields}
            for row in answer:
                for name, value in row.items():
                    field = fields[name]
                    wire = next((wire for wire in row.raw if wire.lower() == field.wire.lower()), None)
                    if field.kind in NUMERIC and value is not None and wire in row.raw and field.unit == 1:
                        assert str(value) == str(row.raw[wire]), (example, name)
        seen += 1
    assert seen == 113


def test_every_kind_is_met():
    met = set()
    for _, text, operation, version in examples():
        answer = OPERATIONS.reader(operation, version)(core.read_json(text.encode()))
        described = OPERATIONS[operation]
        for rows, fields in ((answer, described.fields), ([answer.head], described.head)):
            for row in rows:
                met |= {field.kind for field in fields if row[field.name] is not None}
    assert met | {"clock6"} == KINDS.keys()
    assert answer_to("market.v3.realtime.kospi.multiquote.lists").head.time.isoformat() == "15:30:39"


def test_an_operation_has_every_example_of_its_endpoints():
    with_example = {operation for _, _, operation, _ in examples()}
    asked = {name for name, each in OPERATIONS.items() if each.is_documented and each.python is None}
    # NICE's workbook has no samples.
    assert {name for name in asked - with_example if not name.startswith("nice.")} == set()


def test_units_are_what_arithmetic_on_the_examples_says():
    day = answer_to("market.v3.closed.index.history")[0]
    # A KOSPI day turns over trillions of won, with some hundred million shares.
    assert 5 * 10**12 < day.turnover < 30 * 10**12
    assert 10**8 < day.volume < 10**10
    assert 1_000 < day.turnover / day.volume < 100_000  # won a share
    market = answer_to("market.v3.closed.kospi.index").one
    assert market.market_cap > 10**15
    share = answer_to("market.v3.realtime.kospi.price").one
    assert share.low <= share.turnover / share.volume <= share.high
    bar = answer_to("market.v3.realtime.kospi.intraday")[0]
    assert bar.low <= bar.turnover / bar.volume <= bar.high
    future = answer_to("market.v3.closed.futures.closeprice").one
    assert future.low <= future.turnover / future.volume / 250_000 <= future.high
    # Thousands of won, whatever the manual says: else a share would cost fifty.
    for row in answer_to("market.v3.investors.kospi.market"):
        assert 1_000 < row.sold_value / row.sold_quantity < 1_000_000
    short = answer_to("market.v3.closed.kospi.shortsell")[0]
    assert 50_000 < short.short_turnover / short.short_volume < 90_000
    assert 50_000 < short.lending_balance_value / short.lending_balance < 90_000
    investors = answer_to("market.v3.realtime.futures.market_investors")[0]
    assert 50_000_000 < investors.sold_value / investors.sold_quantity < 150_000_000  # KRW a contract


def test_the_older_version_counts_the_day_so_far():
    older = answer_to("market.v2.stocks.intraday")
    assert older[0].volume is None
    assert older[0].accumulated_volume >= older[-1].accumulated_volume > 0
    newer = answer_to("market.v3.realtime.kosdaq.intraday")
    assert newer[0].accumulated_volume - newer[1].accumulated_volume == newer[0].volume


def test_asks_are_above_bids_and_best_first():
    for example in ("market.v3.realtime.kospi.orderbook", "market.v3.realtime.futures.orderbook"):
        book = answer_to(example).one
        assert book.bid_price_2 < book.bid_price_1 < book.ask_price_1 < book.ask_price_2


def test_every_example_is_a_frame_with_english_or_korean_names():
    pytest.importorskip("pyarrow")
    for example, text, operation, version in examples():
        answer = OPERATIONS.reader(operation, version)(core.read_json(text.encode()))
        english, korean = answer.to_arrow(), answer.to_arrow(names="ko")
        assert english.column_names == [*answer.names, "inexact"], example
        assert len(set(korean.column_names)) == len(english.column_names), example
        assert english.num_rows == len(answer), example
        for row, shown in zip(answer.to_rows(), english.to_pylist(), strict=True):
            for name, value in row.items():
                if isinstance(value, Decimal | int | date):
                    assert shown[name] == value, (example, name)
                elif value is not None:
                    assert shown[name] == str(value), (example, name)
    history = answer_to("market.v3.closed.kospi.history")
    assert "누적거래대금" in history.to_arrow(names="ko").column_names
    assert json.loads(history.to_arrow().schema.metadata[b"koscom.operation"]) == history.operation
