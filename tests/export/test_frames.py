"""Holdings as Arrow, polars and pandas tables: every digit, the same schema whatever is held, nothing rounded."""

import io
import json
import re
import sys
from datetime import timedelta
from decimal import Decimal

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from koscom_async import BrokerUnavailableError, Holdings, UsageError
from koscom_async._hints import install
from koscom_async.export.frames import concat
from koscom_async.export.tables import TABLES, Exact, type_name
from tests.merge.accounts import (
    CYBER,
    NOW,
    STAR,
    account,
    bond,
    failed,
    fund,
    held,
    merged,
    mixed,
    read,
    share,
    summary,
)

DOWN = BrokerUnavailableError("broker server cannot serve", code="3600", advice="ask again later")


@pytest.fixture
def holdings() -> Holdings:
    """A share at two brokers, one of which also holds a fund without a cost, dollars, and a broker that is down."""
    return mixed(failed(account(), DOWN))


def test_a_position_is_a_row_with_its_exact_amounts(holdings):
    rows = holdings.to_arrow().to_pylist()
    assert [row["code"] for row in rows] == ["KRZ1", "KR7005930003", "US0378331005"]
    by_code = {row["code"]: row for row in rows}
    shared = by_code["KR7005930003"]
    assert (shared["quantity"], shared["cost"], shared["value"]) == (Decimal("10.25"), None, Decimal("240.5"))
    assert (shared["brokers"], shared["lots"]) == (["cyber", "diamond"], 2)
    assert (by_code["KRZ1"]["cost"], by_code["KRZ1"]["profit_loss"]) == (0, None)
    assert by_code["US0378331005"]["currency"] == "USD"


def test_a_lot_is_a_row_that_leads_to_its_account(holdings):
    accounts = holdings.to_arrow("accounts").to_pylist()
    lots = holdings.to_arrow("lots").to_pylist()
    assert [accounts[lot["account_index"]]["broker"] for lot in lots] == [lot["broker"] for lot in lots]
    assert {lot["account"] for lot in lots} == {"1606…0099"}


def test_loans_and_rates_are_columns_of_their_own():
    margin = evolve(share(trade_type="CRD"), loan=Decimal(70))
    dollars = evolve(share("US0378331005", value="10", currency="USD"), rate=Decimal("1390.5"))
    holdings = held(margin, dollars)
    assert [(row["loan"], row["rate"]) for row in holdings.to_arrow("lots").to_pylist()] == [
        (70, None),
        (None, Decimal("1390.5")),
    ]
    rows = holdings.to_arrow().to_pylist()
    assert (rows[0]["credit_value"], rows[0]["loan"], rows[0]["value_in_won"]) == (120, 70, 120)
    assert rows[1]["value_in_won"] == Decimal(13905)


def test_cash_is_a_row_an_account_with_its_three_views(holdings):
    views = [
        (row["broker"], row["balance"], row["balance_d1"], row["balance_d2"])
        for row in holdings.to_arrow("cash").to_pylist()
    ]
    assert views == [("cyber", 0, None, None), ("diamond", 1000, 900, None)]


def test_a_frame_says_which_cash_counts_and_for_how_many_units_a_rate_is():
    yen = evolve(share("JP3633400001", value=280_000, currency="JPY"), rate=Decimal("905.12"))
    rows = (share(cost=1_000_000, value=1_000_000), yen)
    holdings = merged(read(account(), *rows, summed=summary(1_000_000, d2=0, total=1_000_000)))
    (cash,) = holdings.to_arrow("cash").to_pylist()
    assert (cash["balance"], cash["counted"], cash["basis"]) == (1_000_000, 0, "D2")
    (row,) = holdings.to_arrow("accounts").to_pylist()
    assert (row["unsettled"], row["cash_basis"], row["cash_basis_proven"]) == (-1_000_000, "D2", True)
    assert [(lot["rate"], lot["rate_units"]) for lot in holdings.to_arrow("lots").to_pylist()] == [
        (None, None),
        (Decimal("905.12"), 100),
    ]


def test_every_account_is_a_row_and_says_why_it_could_not_be_read(holdings):
    rows = holdings.to_arrow("accounts").to_pylist()
    assert [(row["broker"], row["ok"]) for row in rows] == [
        ("cyber", True),
        ("diamond", True),
        ("star", False),
    ]
    star = rows[2]
    assert (star["error"], star["error_code"], star["advice"]) == (
        "BrokerUnavailableError",
        "3600",
        "ask again later",
    )
    assert star["rows"] is None
    assert rows[1]["broker_name"] == "다이아몬드 증권"


@pytest.mark.parametrize("table", ["positions", "lots", "cash", "accounts"])
def test_each_row_and_the_schema_say_that_the_holdings_are_not_complete(holdings, table):
    arrow = holdings.to_arrow(table)
    assert set(arrow.column("complete").to_pylist()) == {False}
    assert arrow.schema.metadata == {
        b"koscom.complete": b"false",
        b"koscom.as_of": b"2026-03-02T09:30:00+09:00",
        b"koscom.doubts": b"[]",
        b"koscom.notes": b"[]",
    }
    assert holdings.to_pandas(table).attrs == {
        "complete": False,
        "as_of": "2026-03-02T09:30:00+09:00",
        "doubts": [],
        "notes": [],
    }
    assert arrow.column("asked_at").to_pylist() == [NOW] * len(arrow)


def test_the_metadata_say_that_the_consent_ends_soon(holdings):
    ending = evolve(holdings, consent_expires_on=NOW.date() + timedelta(7))
    note = "The investor's consent ends in 7 days, on 2026-03-09: have it renewed before"
    assert json.loads(ending.to_arrow("cash").schema.metadata[b"koscom.notes"]) == [note]
    assert ending.to_pandas().attrs["notes"] == [note]


@pytest.mark.parametrize("table", TABLES)
def test_empty_holdings_have_the_same_schema(holdings, table):
    empty = Holdings(as_of=NOW)
    assert empty.to_arrow(table).schema == holdings.to_arrow(table).schema
    assert len(empty.to_arrow(table)) == 0
    assert empty.to_polars(table).schema == holdings.to_polars(table).schema
    assert list(empty.to_pandas(table).dtypes) == list(holdings.to_pandas(table).dtypes)


@pytest.mark.parametrize("table", TABLES)
def test_the_schema_is_the_one_that_the_columns_declare(holdings, table):
    schema = holdings.to_arrow(table).schema
    declared = [(column.name, type_name(column.type)) for column in TABLES[table]]
    assert [(field.name, str(field.type).replace("item: ", "")) for field in schema] == declared


# As many digits as a column of money has, with all of its places.
MONEY = st.decimals(min_value=Decimal("-1e31"), max_value=Decimal("1e31"), places=6, allow_nan=False)


@given(value=MONEY, cost=MONEY)
def test_decimals_come_back_from_every_frame_to_the_last_digit(value, cost):
    holdings = held(share(value=value, cost=cost))
    arrow = holdings.to_arrow("lots")
    assert arrow.column("value").to_pylist() == [value]
    assert holdings.to_polars("lots")["cost"].to_list() == [cost]
    assert holdings.to_pandas("lots")["value"].tolist() == [value]


def test_parquet_keeps_every_digit_the_schema_and_that_something_is_missing(holdings):
    page = io.BytesIO()
    arrow = holdings.to_arrow("lots")
    pq.write_table(arrow, page)
    again = pq.read_table(page)
    assert again.equals(arrow)
    assert again.schema.equals(arrow.schema, check_metadata=True)


def test_polars_and_pandas_keep_decimals_as_decimals(holdings):
    frame = holdings.to_polars()
    assert frame.schema["value"] == pl.Decimal(38, 6)
    assert frame["value"].sum() == Decimal("72330206.75")
    csv = frame.with_columns(pl.col("brokers").list.join(", ")).write_csv()
    assert '"cyber, diamond"' in csv
    pandas = holdings.to_pandas()
    assert pandas["value"].dtype == pd.ArrowDtype(pa.decimal128(38, 6))
    assert pandas["value"].sum() == Decimal("72330206.75")
    assert pandas["profit_loss"].isna().tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("value", "rate", "rounded"),
    [
        ("71.654321", "1388.6", "99499.190141"),  # 99499.1901406
        ("0.000001", "1388.5", "0.001388"),  # half to even
        ("0.000003", "1388.5", "0.004166"),
        ("-0.000003", "1388.5", "-0.004166"),
        ("2", "1388.25", "2776.500000"),
    ],
)
def test_what_the_library_computes_is_rounded_to_its_column_and_what_came_is_not(value, rate, rounded):
    ibm = evolve(share("US4592001014", "0.314159", "50", value, currency="USD"), rate=Decimal(rate))
    holdings = held(ibm)
    (row,) = holdings.to_arrow().to_pylist()
    assert (str(row["value_in_won"]), row["quantity"], row["value"]) == (
        rounded,
        Decimal("0.314159"),
        Decimal(value),
    )
    assert holdings.positions[0].value_in_won == Decimal(value) * Decimal(rate), "the record has every digit"
    assert str(holdings.to_polars()["value_in_won"][0]) == rounded
    assert str(holdings.to_pandas()["value_in_won"][0]) == rounded
    page = io.BytesIO()
    pq.write_table(holdings.to_arrow(), page)
    assert pq.read_table(page)["value_in_won"].to_pylist() == [Decimal(rounded)]


@pytest.mark.parametrize("value", ["0.1234567", "1e32", "-1e40"])
def test_a_number_that_does_not_fit_is_null_and_named_and_costs_no_other_row(value):
    odd = read(account(STAR), share("KR7000020008", value=Decimal(value)))
    holdings = merged(read(account(CYBER), share("KR7005930003", value=120)), odd)
    for table in ("positions", "lots"):
        rows = {row["code"]: row for row in holdings.to_arrow(table).to_pylist()}
        sound, row = rows["KR7005930003"], rows["KR7000020008"]
        assert (sound["value"], sound["inexact"]) == (120, None)
        assert (row["value"], "value" in row["inexact"], row["quantity"] is None) == (None, True, False)
        assert all(row[name] is None for name in row["inexact"].split(", "))
        assert holdings.to_polars(table)["inexact"].drop_nulls().to_list() == [row["inexact"]]
        assert holdings.to_pandas(table)["inexact"].dropna().tolist() == [row["inexact"]]
    assert Decimal(value) in {position.value for position in holdings.positions}


def test_zeros_at_the_end_are_no_digits():
    assert held(share(value=Decimal("1.50000000000"))).to_arrow().column("value").to_pylist() == [
        Decimal("1.5")
    ]


def test_a_table_that_does_not_exist_is_refused_with_those_that_do(holdings):
    with pytest.raises(UsageError, match=r"no table .loss.*positions, lots, cash, accounts"):
        holdings.to_arrow("loss")


@pytest.mark.parametrize(
    ("method", "library", "extra"),
    [("to_arrow", "pyarrow", "arrow"), ("to_polars", "polars", "polars"), ("to_pandas", "pandas", "pandas")],
)
def test_a_missing_library_is_named_with_its_extra(holdings, method, library, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(
        ImportError,
        match=re.escape(f"needs {library}, which the extra {extra!r} brings: {install(extra)}"),
    ):
        getattr(holdings, method)()


def test_bonds_are_face_amounts():
    frame = held(
        bond("주택금융공사MBS2016-7(1-5)", 20_000_000_000, 20_000_000_000, 20_616_000_000)
    ).to_arrow()
    assert frame.column("quantity").to_pylist() == [Decimal(20_000_000_000)]


def test_all_amounts_have_a_place_for_every_digit_of_38():
    kinds = {
        column.type for columns in TABLES.values() for column in columns if isinstance(column.type, Exact)
    }
    assert {kind.places for kind in kinds} == {2, 6, 8, 18}


def test_frames_of_many_investors_join_on_a_key_of_their_own(holdings):
    other = held(share(value=7), fund("KRZ2", "다른", 1))
    lots, accounts = (concat({"A17": holdings, "B42": other}, table) for table in ("lots", "accounts"))
    assert lots.column_names[0] == "key"
    assert lots.column("key").to_pylist() == ["A17"] * 4 + ["B42"] * 2
    joined = pl.from_arrow(lots).join(pl.from_arrow(accounts), on="account_key", validate="m:1")
    assert len(joined) == 6
    assert joined["account"].to_list() == joined["account_right"].to_list()
    assert joined["key"].to_list() == joined["key_right"].to_list()
    assert lots.schema.metadata == {b"koscom.complete": b"false"}
    assert concat({"B42": other}).schema.metadata == {b"koscom.complete": b"true"}
    with pytest.raises(UsageError, match="no holdings"):
        concat({})


def test_an_account_has_one_key_in_all_frames_of_the_process_and_no_number_in_it(holdings):
    keys = holdings.to_arrow("accounts").column("account_key").to_pylist()
    assert len(set(keys)) == 3
    assert set(holdings.to_polars("lots")["account_key"]) == set(keys[:2])
    numbers = [outcome.account.number for outcome in holdings.outcomes]
    assert not [key for key in keys if any(number[4:-4] in key for number in numbers)]
    assert holdings.to_pandas("cash", key="A17")["account_key"].tolist() == ["A17/0", "A17/1"]
