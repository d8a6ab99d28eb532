"""How the peers' answers are judged, and that each peer is right where nothing is in its way."""

from decimal import Decimal

import pytest

from koscom_async import Koscom
from koscom_async.sandbox import SandboxGateway, generated

LEDGER = generated(investors=1, accounts=2, rows=1)
NUMBERS = [account.number for account in LEDGER.accounts]


def held(module, quantity, value):
    return module("peer_answer").Held(("EQTY", LEDGER.accounts[0].equities[0].isin, None), quantity, value)


def judged(module, *, rows, positions, named=()):
    peer = module("peer_answer")
    into = peer.Judgement()
    answer = peer.PeerAnswer(rows=rows, positions=positions, named=frozenset(named), calls=1)
    peer.judge(answer, LEDGER, into)
    return into


@pytest.fixture
def rows(module):
    return {
        account.number: [held(module, account.equities[0].quantity, account.equities[0].value)]
        for account in LEDGER.accounts
    }


def test_a_whole_answer_is_right(module, rows):
    together = module("peer_answer").summed(row for each in rows.values() for row in each)
    found = judged(module, rows=rows, positions=together)
    assert (found.rows, found.rows_there, found.lost, found.right, found.wrong) == (2, 2, 0, 1, 0)


def test_one_share_that_stays_two_rows_is_two_wrong_positions(module, rows):
    found = judged(module, rows=rows, positions=[row for each in rows.values() for row in each])
    assert (found.lost, found.right, found.wrong, found.absent) == (0, 0, 2, 1)


def test_an_account_that_is_missing_without_a_word_is_lost_and_one_that_is_named_is_not(module, rows):
    left = {NUMBERS[0]: rows[NUMBERS[0]]}
    silent = judged(module, rows=left, positions=left[NUMBERS[0]])
    assert (silent.lost, silent.named, silent.right, silent.wrong) == (1, 0, 0, 1)
    assert list(silent.short) == [f"cyber …{NUMBERS[1][-4:]}: 0 of 1 rows"]
    honest = judged(module, rows=left, positions=left[NUMBERS[0]], named=[NUMBERS[1]])
    assert (honest.lost, honest.named, honest.right, honest.wrong) == (0, 1, 1, 0)


def test_a_wrong_amount_makes_an_account_short(module, rows):
    rows[NUMBERS[0]] = [held(module, Decimal(1), Decimal("0.5"))]
    assert judged(module, rows=rows, positions=[]).lost == 1


async def test_peers_agree_with_ours_where_nothing_goes_wrong(module):
    async with SandboxGateway(ledger=LEDGER) as gateway, Koscom(gateway.settings) as koscom:
        gather = module("peer_gather").Gather.over(gateway.settings, gateway.investor)
        async with gather.client:
            theirs = await gather.holdings()
        ours = await koscom.holdings(gateway.investor)
    assert theirs.positions == [
        module("peer_answer").Held(("EQTY", each.instrument.code, None), each.quantity, each.value)
        for each in ours.positions
    ]
