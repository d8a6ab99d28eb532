"""What a record says of itself in a log: one line, without a secret, and without a word that forges a second line."""

from datetime import date

import pytest
from attrs import evolve
from rich.pretty import pretty_repr

from koscom_async import BrokerUnavailableError, Statistics, TransactionHistory
from koscom_async.models.statistics import BrokerStatistics
from tests.merge.accounts import (
    CYBER,
    DIAMOND,
    NOW,
    account,
    failed,
    fund,
    held,
    merged,
    read,
    share,
    summary,
)

DOWN = BrokerUnavailableError("broker server cannot serve", code="3600", advice="ask again later")


def holdings():
    whole = read(account(CYBER), share(value=1_234_567), summed=summary(1000))
    return merged(whole, failed(account(DIAMOND), DOWN))


@pytest.mark.parametrize(
    ("shown", "line"),
    [
        (
            holdings(),
            "<Holdings: 1 position, 1 of 2 accounts, net worth 1,235,567 KRW, incomplete>",
        ),
        (
            held(share("US0378331005", value="1.25", currency="USD")).positions[0],
            "<Position: US0378331005, quantity 10, value 1.25 USD>",
        ),
        (
            evolve(held(share()).positions[0], value=None, quantity=None),
            "<Position: KR7005930003, quantity unknown, value unknown>",
        ),
        (holdings().outcomes[0], "<AccountOutcome: cyber 1606…0099, read>"),
        (holdings().failures[0], "<AccountOutcome: diamond 1606…0099, BrokerUnavailableError 3600>"),
        (
            TransactionHistory(since=date(2026, 1, 1), until=date(2026, 3, 1), as_of=NOW),
            "<TransactionHistory: 0 rows, 0 of 0 accounts, complete>",
        ),
        (
            Statistics(
                brokers=(
                    BrokerStatistics(broker="cyber", calls=3, retries=1),
                    BrokerStatistics(broker="star", calls=2, failures=2, breaker="open"),
                )
            ),
            "<Statistics: 2 brokers, 5 calls, 2 failures, star open>",
        ),
    ],
    ids=lambda shown: type(shown).__name__,
)
def test_a_record_is_one_line_that_a_log_can_bear(shown, line):
    assert repr(shown) == line


def test_a_brokers_words_forge_no_second_line():
    position = held(fund("KRZ1", "좋은\n펀드\x1b[2J\u202e", 7)).positions[0]
    assert repr(position).isprintable()


def test_rich_shows_every_field_and_masks_what_is_masked():
    shown = pretty_repr(holdings(), expand_all=True)
    assert "net_worth=Decimal('1235567')" in shown
    assert "number='1606…0099'" in shown
    assert holdings().outcomes[0].account.number not in shown
