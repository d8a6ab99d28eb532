"""What people do with a pandas frame every day, with plain frames: reckon, sort, group, join, draw, keep and read again."""

import sqlite3
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from koscom_async.export.tables import TABLES
from koscom_async.models.market.bars import Bar, Bars
from tests.merge.accounts import NOW, mixed

TYPES = {"float64", "int64", "bool", "object", "str", "datetime64[us]"}


@pytest.fixture
def holdings():
    """A share at two brokers, one of which also holds a fund without a cost, and dollars."""
    return mixed()


@pytest.fixture(autouse=True)
def closed_figures():
    """pandas draws with pyplot, which keeps every figure."""
    yield
    plt.close("all")


def bars():
    days = [date(2026, 3, day) for day in (2, 3, 4, 9, 10)]
    made = [Bar(on=day, close=Decimal(100 + place)) for place, day in enumerate(days)]
    return Bars(code="005930", every="day", since=days[0], until=days[-1], bars=tuple(made))


def cells_of(file):
    heading, *rows = openpyxl.load_workbook(file).active.iter_rows()
    return [dict(zip((cell.value for cell in heading), row, strict=True)) for row in rows]


def test_the_operations_of_every_day_work_on_a_plain_frame(holdings, tmp_path):
    frame = holdings.to_pandas(exact=False).set_index("code", drop=False)
    lots, accounts = (holdings.to_pandas(table, exact=False) for table in ("lots", "accounts"))
    value, quantity = frame["value"], frame["quantity"]

    assert (value / quantity).round(2).tolist()[1:] == [23.46, 0.12]
    assert (value.pct_change().notna().sum(), value.rank().tolist()) == (2, [3, 2, 1])
    assert value.describe()["max"] == frame.describe(include="all").loc["max", "value"] == 72329965
    assert frame.nlargest(1, "value").index.tolist() == ["KRZ1"]
    assert frame.nsmallest(1, "value").index.tolist() == ["US0378331005"]
    assert value.cumsum().iloc[-1] == pytest.approx(72330206.75)
    assert value.quantile(0.5) == value.median() == 240.5
    assert pd.cut(value, [0, 100, 1e9], labels=["small", "large"]).tolist() == ["large", "large", "small"]
    assert frame[["value", "quantity"]].corr().shape == (2, 2)
    assert frame.query("currency == 'USD' and value > 1").index.tolist() == ["US0378331005"]
    assert frame.sort_values("value").index[0] == "US0378331005"
    assert frame.groupby("currency")["value"].agg(["sum", "mean", "std"]).loc["USD", "sum"] == 1.25
    pivoted = lots.pivot_table(index="code", columns="broker", values="quantity", aggfunc="sum", fill_value=0)
    assert pivoted.loc["KR7005930003"].tolist() == [0.25, 10]
    joined = lots.merge(accounts, on="account_key", validate="m:1", suffixes=("", "_account"))
    assert joined["broker_name"].value_counts().to_dict() == {"다이아몬드 증권": 2, "사이버 증권": 2}
    assert frame["brokers"].str.contains("cyber").tolist() == [False, True, True]
    assert frame["brokers"].tolist() == ["diamond", "cyber, diamond", "cyber"]
    assert frame["profit_loss"].isna().tolist() == [True, True, False]
    assert frame["profit_loss"].fillna(0).astype(int).tolist() == [0, 0, -98]
    assert (frame["asked_at"] >= "2026-03-02").all()
    assert pd.concat([frame, frame]).drop_duplicates().equals(frame)
    assert frame.melt(id_vars="name", value_vars=["cost", "value"], value_name="amount").shape == (6, 3)
    assert frame[["name", "value"]].to_csv(index=False).splitlines()[1] == "삼성,72329965.0"
    assert (
        frame[["value"]].to_json() == '{"value":{"KRZ1":72329965.0,"KR7005930003":240.5,"US0378331005":1.25}}'
    )
    assert value.plot(kind="bar").patches[0].get_height() == 72329965

    frame.to_excel(tmp_path / "frame.xlsx", index=False)
    cells = {row["code"].value: row for row in cells_of(tmp_path / "frame.xlsx")}["KR7005930003"]
    assert (cells["value"].value, cells["value"].data_type) == (240.5, "n")
    assert (cells["asked_at"].value, cells["asked_at"].is_date) == (NOW.replace(tzinfo=None), True)
    assert cells["cost"].value is None


@pytest.mark.parametrize("table", TABLES)
def test_every_plain_frame_can_be_kept_and_read_again(holdings, table, tmp_path):
    frame = holdings.to_pandas(table, exact=False)
    assert frame.attrs == holdings.to_pandas(table).attrs
    assert {str(kind) for kind in frame.dtypes} <= TYPES
    assert frame["asked_at"].tolist() == [NOW.replace(tzinfo=None)] * len(frame)
    frame.describe(include="all")
    frame.to_excel(tmp_path / "frame.xlsx")
    with closing(sqlite3.connect(":memory:")) as database:
        assert frame.to_sql("holdings", database) == len(frame)
        assert len(pd.read_sql("select * from holdings", database)) == len(frame)
    frame.to_parquet(tmp_path / "frame.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "frame.parquet"), frame)


def test_the_days_of_a_plain_frame_are_days_that_can_be_resampled_and_drawn(tmp_path):
    frame = bars().to_pandas(exact=False)
    assert {str(kind) for kind in frame.dtypes} <= TYPES
    assert (frame["on"] >= "2026-03-04").tolist() == [False, False, True, True, True]
    closes = frame.set_index("on")["close"]
    assert closes.resample("W").last().to_dict() == {
        pd.Timestamp(2026, 3, 8): 102,
        pd.Timestamp(2026, 3, 15): 104,
    }
    assert closes.rolling(2).mean().iloc[-1] == 103.5
    assert closes.pct_change().iloc[1] == pytest.approx(0.01)
    assert closes.plot().lines[0].get_ydata().tolist() == [100, 101, 102, 103, 104]
    frame.to_excel(tmp_path / "bars.xlsx", index=False)
    first, *_ = cells_of(tmp_path / "bars.xlsx")
    assert (first["on"].value, first["on"].is_date, first["close"].value) == (datetime(2026, 3, 2), True, 100)  # noqa: DTZ001
