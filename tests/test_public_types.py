"""What a type checker sees of the public face. Checked by mypy; at run time only that it still imports."""

from datetime import datetime
from decimal import Decimal
from typing import Any, assert_type

from koscom_async import (
    AccountOutcome,
    Balance,
    Holdings,
    Investor,
    Koscom,
    KoscomError,
    LinkedAccounts,
    Position,
    Product,
    Registration,
    Settings,
    VirtualAccount,
)


async def holdings_are_typed(settings: Settings, investor: Investor, account: VirtualAccount) -> None:
    async with Koscom(settings) as koscom:
        holdings = await koscom.holdings(investor, deadline=8.0)
        assert_type(holdings, Holdings)
        assert_type(holdings.positions, tuple[Position, ...])
        assert_type(holdings.positions[0].value, Decimal | None)
        assert_type(holdings.positions[0].instrument.product, Product | None)
        assert_type(holdings.totals.net_worth, Decimal | None)
        assert_type(holdings.failures[0].error, KoscomError | None)
        assert_type(holdings.as_of, datetime)
        assert_type(holdings.require_complete(), Holdings)
        assert_type(holdings.to_dicts(), dict[str, Any])
        async with koscom.stream_holdings(investor) as stream:
            async for outcome in stream:
                assert_type(outcome, AccountOutcome)
            assert_type(stream.holdings, Holdings)
        assert_type(await koscom.member.registration(investor), Registration)
        assert_type(await koscom.member.accounts(investor), LinkedAccounts)
        assert_type(await koscom.account.balance(investor, account), Balance)


def test_the_types_are_there_to_be_checked() -> None:
    assert holdings_are_typed.__annotations__["settings"] is Settings
