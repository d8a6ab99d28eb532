"""What the command says of a number that does not fit into a parquet file: its own ways out, and no method."""

from decimal import Decimal

import pytest

from koscom_async.cli.commands.holdings import _parquet
from koscom_async.cli.main import Failed
from tests.merge.accounts import held, share


@pytest.mark.parametrize("with_lots", [False, True])
def test_a_number_that_does_not_fit_is_refused_with_the_formats_that_hold_it(with_lots):
    holdings = held(share(value=Decimal("0.1234567")))
    with pytest.raises(Failed) as caught:
        _parquet(holdings, with_lots=with_lots)
    assert str(caught.value) == (
        "a number in column 'value' has more digits than decimal128(38, 6) holds, and is not rounded; "
        "write --json or --csv, which have every digit"
    )
