"""The documents' own questions get the documents' own answers; those are abridged, and the client says so."""

import json
from datetime import date
from pathlib import Path

import httpx
import pytest

from koscom_async import BrokerOverrides, Koscom, Measure, TruncatedResponseError
from koscom_async.sandbox import SandboxGateway, documents_ledger
from tests.client.test_transactions import hurried

BODIES = Path(__file__).parent.parent / "wire" / "bodies"
CASES = {
    "balance": "balance_all",
    "portfolio": "portfolio_all",
    "transaction": "transactions",
    "interest": "watchlist",
}


def body(case, name):
    return json.loads(BODIES.joinpath(CASES[case], name).read_text(encoding="utf-8"))


@pytest.fixture
async def gateway():
    async with SandboxGateway(in_process=True, ledger=documents_ledger()) as gateway:
        yield gateway


@pytest.mark.parametrize("case", CASES)
async def test_the_documents_question_is_answered_word_for_word(gateway, case):
    headers = {"Authorization": f"Bearer {gateway.investor.token.access}"}
    async with httpx.AsyncClient(base_url=gateway.url, transport=gateway.transport) as client:
        path = f"/v1/diamond/account/{case}/search"
        reply = await client.post(path, json=body(case, "request.json"), headers=headers)
    assert reply.status_code == 200
    given = reply.text.replace(gateway.investor.ci, "CI")
    wanted = BODIES.joinpath(CASES[case], "answer.json").read_text(encoding="utf-8")
    assert given == wanted.replace(gateway.investor.ci, "CI")


def client(gateway, **changes):
    return Koscom(hurried(gateway.settings, **changes), transport=gateway.transport)


async def accounts_of(koscom, gateway):
    return (await koscom.member.accounts(gateway.investor)).accounts


async def test_of_157_rows_the_documents_give_sixteen_and_the_client_says_so(gateway):
    async with client(gateway) as koscom:
        held, _ = await accounts_of(koscom, gateway)
        with pytest.raises(TruncatedResponseError, match="of 157 rows came"):
            await koscom.account.portfolio(gateway.investor, held)
        with pytest.raises(TruncatedResponseError, match="of 157 rows came"):
            await koscom.account.balance(gateway.investor, held)


async def test_where_totals_are_not_trusted_the_abridged_answer_is_read_and_the_notes_say_so(gateway):
    overrides = {"diamond": BrokerOverrides(trust_totals=False)}
    async with client(gateway, brokers=overrides) as koscom:
        held, moved = await accounts_of(koscom, gateway)
        portfolio = await koscom.account.portfolio(gateway.investor, held, measure=Measure.SHARE)
        balance = await koscom.account.balance(gateway.investor, held)
        history = await koscom.account.transactions(
            gateway.investor, moved, date(2016, 1, 1), date(2016, 7, 20), page_size=30
        )
    assert portfolio.notes == ("ALL: 16 of 157 rows came, which the settings allow",)
    assert balance.notes == ("ALL: 20 of 157 rows came, which the settings allow",)
    assert (len(portfolio.rows), len(balance.rows), len(history)) == (16, 20, 7)
    assert history.notes == (
        "transactions from 2016-01-01 to 2016-07-20: 7 of 120 rows came, which the settings allow",
    )


async def test_of_120_transactions_the_documents_give_seven_and_the_client_says_so(gateway):
    async with client(gateway) as koscom:
        _, moved = await accounts_of(koscom, gateway)
        with pytest.raises(TruncatedResponseError, match="7 of 120 rows came"):
            await koscom.account.transactions(
                gateway.investor, moved, date(2016, 1, 1), date(2016, 7, 20), page_size=30
            )


async def test_the_watchlist_is_whole(gateway):
    async with client(gateway) as koscom:
        _, moved = await accounts_of(koscom, gateway)
        watchlist = await koscom.account.watchlist(gateway.investor, moved)
    # The documents' question has the query block, which is not sent to diamond without a setting.
    assert [len(group.symbols) for group in watchlist.groups] == [5, 4]
