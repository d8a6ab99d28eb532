"""The investor's consent: its end is on every answer, one that has ended is an error, one that ends soon is a note."""

import json
from datetime import date, timedelta

import pytest

from koscom_async import AccessDeniedError, Holdings
from koscom_async._clock import korean_now
from koscom_async.export.notes import consent_notes, notes
from tests.client.fake_gateway import Book, FakeGateway, investor_of, link, ok

SINCE, UNTIL = date(2024, 1, 1), date(2024, 1, 31)
QUESTIONS = {
    "holdings": lambda koscom: koscom.holdings(investor_of()),
    "portfolios": lambda koscom: koscom.portfolios(investor_of()),
    "watchlists": lambda koscom: koscom.watchlists(investor_of()),
    "transactions": lambda koscom: koscom.transactions(investor_of(), SINCE, UNTIL),
    "accounts": lambda koscom: koscom.member.accounts(investor_of()),
}


def consenting(until, accounts=()):
    """A gateway whose list of accounts says until when the investor has consented."""
    document = {"vtAccList": list(accounts)} | ({} if until is None else {"serviceTermsExpireDate": until})
    return FakeGateway({"star": Book({})}, consent=lambda _: ok(document))


def days_from_now(days):
    return korean_now().date() + timedelta(days)


@pytest.mark.parametrize("question", QUESTIONS)
async def test_a_consent_that_has_ended_is_an_error_and_not_nothing_held(question):
    for ended_on in (date(2020, 1, 1), days_from_now(-1)):
        gateway = consenting(f"{ended_on:%Y%m%d}")
        async with gateway.client() as koscom:
            with pytest.raises(AccessDeniedError) as caught:
                await QUESTIONS[question](koscom)
        error = caught.value
        assert (
            error.message == f"the investor's consent ended on {ended_on}, and no account is linked any more"
        )
        assert (error.code, error.endpoint, error.retriable) == ("consent-ended", "member.consent", False)
        assert error.advice.startswith("have the investor renew the consent")
        assert len(gateway.requests) == 1


@pytest.mark.parametrize("question", QUESTIONS)
async def test_no_linked_account_under_a_consent_that_runs_is_nothing_held(question):
    for until in (None, "null", "99999999", f"{korean_now():%Y%m%d}", "20991231"):
        async with consenting(until).client() as koscom:
            answer = await QUESTIONS[question](koscom)
        assert len(answer.accounts if question == "accounts" else answer.outcomes) == 0, until


@pytest.mark.parametrize("question", ["holdings", "portfolios", "watchlists", "transactions"])
async def test_the_end_of_the_consent_is_on_the_answer(question):
    for until, day in ((None, None), ("20991231", date(2099, 12, 31)), ("2099-12-31", date(2099, 12, 31))):
        async with consenting(until).client() as koscom:
            answer = await QUESTIONS[question](koscom)
        assert answer.consent_expires_on == day
        assert answer.to_dicts()["consent_expires_on"] == (day and day.isoformat())


async def test_a_stream_knows_the_end_of_the_consent_too():
    gateway = consenting("20991231", [link("star")])
    async with gateway.client() as koscom:
        async with koscom.stream_holdings(investor_of()) as stream:
            assert [each.ok async for each in stream] == [True]
        assert stream.holdings.consent_expires_on == date(2099, 12, 31)
        async with koscom.stream_transactions(investor_of(), SINCE, UNTIL) as rows:
            assert rows.consent_expires_on == date(2099, 12, 31)


async def test_it_is_kept_and_an_older_document_without_it_is_read():
    async with consenting("20991231").client() as koscom:
        holdings = await koscom.holdings(investor_of())
    assert Holdings.from_json(holdings.to_json()) == holdings
    document = json.loads(holdings.to_json())
    del document["content"]["consent_expires_on"]
    assert Holdings.from_json(json.dumps(document)).consent_expires_on is None


def test_a_consent_that_ends_within_thirty_days_is_a_note():
    now = korean_now()
    said = {
        None: [],
        31: [],
        30: ["The investor's consent ends in 30 days, on {}: have it renewed before"],
        1: ["The investor's consent ends in 1 day, on {}: have it renewed before"],
        0: ["The investor's consent ends today, on {}: have it renewed before"],
        -1: ["The investor's consent ended on {}: have it renewed, as accounts may be missing"],
    }
    for days, expected in said.items():
        day = None if days is None else now.date() + timedelta(days)
        holdings = Holdings(as_of=now, consent_expires_on=day)
        assert consent_notes(holdings) == [line.format(day) for line in expected], days
        assert notes(holdings)[: len(expected)] == consent_notes(holdings)


async def test_accounts_that_are_listed_after_the_end_are_read_with_a_note():
    async with consenting("20200101", [link("star")]).client() as koscom:
        holdings = await koscom.holdings(investor_of())
    assert (holdings.complete, len(holdings.outcomes)) == (True, 1)
    assert "consent ended on 2020-01-01: have it renewed" in holdings.to_html()
