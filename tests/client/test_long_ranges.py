"""Ten years of transactions at a broker whose refusal states its longest range in its own words."""

from datetime import date

import pytest

from koscom_async.sandbox import SandboxGateway
from tests.client.test_tokens import client_of

SINCE, UNTIL = date(2015, 1, 1), date(2024, 12, 31)
WORDS = {
    "3개월": 43,
    "1,000일": 5,
    "1년": 12,
}
"""The most calls that each takes: one that is refused, and one for each window. More words: `tests/wire`."""


@pytest.mark.parametrize("words", WORDS)
async def test_a_refusal_is_read_whatever_its_words(words):
    async with SandboxGateway(in_process=True, date_limits={"diamond": 10_000}) as gateway:
        async with client_of(gateway) as koscom:
            account = (await koscom.member.accounts(gateway.investor)).accounts[0]
            whole = await koscom.account.transactions(gateway.investor, account, SINCE, UNTIL)
        gateway.set_fault("diamond", f"long-range:{words}")
        gateway.clear_calls()
        async with client_of(gateway) as koscom:
            parts = await koscom.account.transactions(gateway.investor, account, SINCE, UNTIL)
        windows = [call for call in gateway.calls if call.page in {"", "null", None}]
    assert len(parts.rows) == len(whole.rows) > 0
    assert sum(row.amount_change for row in parts.rows) == sum(row.amount_change for row in whole.rows)
    assert len(windows) <= WORDS[words]
