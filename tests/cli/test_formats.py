"""Files for other programs: a number without room costs no other; a suffix chooses the format, or is refused."""

import io
from decimal import Decimal

import openpyxl
import pyarrow.parquet as pq
import pytest

from koscom_async.cli.commands.holdings import _parquet
from tests.merge.accounts import held, share


@pytest.mark.parametrize("with_lots", [False, True])
def test_a_number_that_does_not_fit_is_null_and_the_formats_that_hold_it_are_named(with_lots, capsys):
    data = _parquet(held(share(value=Decimal("0.1234567"))), with_lots=with_lots)
    (row,) = pq.read_table(io.BytesIO(data)).to_pylist()
    assert (row["value"], "value" in row["inexact"]) == (None, True)
    told = capsys.readouterr().err
    assert "1 row with a number of more digits than a column holds" in told
    assert "--json and --csv have every digit" in told


def test_numbers_that_fit_are_no_message(capsys):
    assert _parquet(held(share(value=120)), with_lots=False)
    assert capsys.readouterr().err == ""


def test_a_workbook_is_written_by_its_suffix(koscom, tmp_path):
    file = tmp_path / "holdings.xlsx"
    assert koscom("holdings", "--sandbox", "--output", str(file)).exit_code == 0
    book = openpyxl.load_workbook(file, read_only=True)
    assert book.sheetnames == ["positions", "lots", "cash", "accounts"]


def test_a_suffix_that_names_no_format_is_refused_before_a_call(koscom, tmp_path):
    result = koscom("holdings", "--sandbox", "--output", str(tmp_path / "holdings.ods"))
    assert result.exit_code == 2
    assert "the suffix '.ods' names no format: add --format" in result.output
    assert not list(tmp_path.iterdir())
