"""`koscom.holdings(investor, after=earlier)`: what failed and may pass is asked again, and everything else stands."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from attrs import evolve

from koscom_async import (
    AccountUnavailableError,
    Holdings,
    QuotaExceededError,
    ReauthorizationRequiredError,
    UsageError,
)
from koscom_async.export.notes import consent_notes, notes
from tests.client.fake_gateway import Book, FakeGateway, investor_of, link, ok, refusal, share

DOWN = refusal("3600", category="op-exco")
DEAD = httpx.Response(401, json={"error": "invalid_token", "error_description": "expired"})
UNLINKED = refusal("4001", category="star")
SPENT = httpx.Response(
    429, json={"message": "API rate limit exceeded"}, headers={"X-RateLimit-Remaining-Day": "0"}
)


def held(quantity):
    return Book({"EQTY": [share(quantity=quantity)]})


def failing(reply):
    return lambda _: reply


def gateway_of(**scripts):
    """A gateway whose accounts hold one, two and three shares, apart from what is given."""
    return FakeGateway({"diamond": held(1), "cyber": held(2), "star": held(3)} | scripts)


def brokers(outcomes):
    return sorted(outcome.account.broker.short_name for outcome in outcomes)


async def again(gateway, koscom, earlier, **scripts):
    """The continued answer, and the brokers that were asked for it, after some have changed."""
    gateway.scripts |= scripts
    gateway.questions.clear()
    holdings = await koscom.holdings(investor_of(), after=earlier)
    return holdings, sorted({question.broker for question in gateway.questions})


async def test_only_what_failed_and_may_pass_is_asked_again():
    gateway = gateway_of(cyber=failing(DOWN), star=failing(UNLINKED))
    async with gateway.client() as koscom:
        earlier = await koscom.holdings(investor_of())
        assert brokers(earlier.failures) == ["cyber", "star"]
        holdings, asked = await again(gateway, koscom, earlier, cyber=held(2), star=held(3))
    assert asked == ["cyber"]
    assert holdings.positions[0].quantity == 3
    assert [type(failure.error) for failure in holdings.failures] == [AccountUnavailableError]
    before = {outcome.account.key: outcome for outcome in earlier.outcomes}
    for outcome in holdings.outcomes:
        is_new = outcome.account.broker.short_name == "cyber"
        assert (outcome is before[outcome.account.key]) is not is_new
        assert (outcome.as_of > earlier.as_of) is True
    assert brokers(each for each in holdings.reconciliation) == ["cyber", "diamond"]
    assert holdings.as_of == earlier.as_of, "no number is older"


async def test_a_continued_answer_is_what_one_that_was_whole_at_once_is_however_often_it_was_continued():
    gateway = gateway_of(cyber=failing(DOWN), star=failing(DOWN))
    async with gateway.client() as koscom:
        whole = await gateway_of().client().holdings(investor_of())
        first = await koscom.holdings(investor_of())
        second, asked = await again(gateway, koscom, Holdings.from_json(first.to_json()), cyber=held(2))
        assert asked == ["cyber", "star"]
        third, asked = await again(gateway, koscom, Holdings.from_json(second.to_json()), star=held(3))
        assert asked == ["star"]
        calls = len(gateway.requests)
        fourth, asked = await again(gateway, koscom, third)
        assert (asked, fourth, len(gateway.requests)) == ([], third, calls + 1)
    for name in ("positions", "cash", "totals", "reconciliation", "doubts", "complete"):
        assert getattr(third, name) == getattr(whole, name), name


async def test_the_stream_has_the_accounts_that_are_asked_and_its_answer_all_of_them():
    gateway = gateway_of(cyber=failing(DOWN))
    async with gateway.client() as koscom:
        earlier = await koscom.holdings(investor_of())
        gateway.scripts["cyber"] = held(2)
        async with koscom.stream_holdings(investor_of(), after=earlier) as stream:
            assert [account.broker.short_name for account in stream.accounts] == ["cyber"]
            with pytest.raises(UsageError, match="only 0 of 1 outcomes"):
                _ = stream.holdings
            assert brokers([outcome async for outcome in stream]) == ["cyber"]
        assert stream.holdings == await stream.merged()
        assert brokers(stream.holdings.outcomes) == ["cyber", "diamond", "star"]


async def test_accounts_that_are_new_or_listed_otherwise_are_asked_and_those_not_linked_any_more_are_gone():
    gateway = gateway_of(samsung=held(4))
    gateway.linked = [link("diamond"), link("cyber"), link("star")]
    async with gateway.client() as koscom:
        earlier = await koscom.holdings(investor_of())
        gateway.linked = [link("diamond"), link("cyber", vtAccAlias="renamed"), link("samsung")]
        holdings, asked = await again(gateway, koscom, earlier)
        assert asked == ["cyber", "samsung"]
        assert brokers(holdings.outcomes) == ["cyber", "diamond", "samsung"]
        assert holdings.positions[0].quantity == 1 + 2 + 4
        gateway.linked = []
        holdings, asked = await again(gateway, koscom, earlier)
        assert (asked, holdings.outcomes, holdings.as_of > earlier.as_of) == ([], (), True)


async def test_a_failure_stands_only_under_the_same_consent():
    gateway = gateway_of(star=failing(UNLINKED))
    gateway.consent = lambda _: ok({"vtAccList": gateway.listed(), "serviceTermsExpireDate": until})
    async with gateway.client() as koscom:
        until = "20981231"
        earlier = await koscom.holdings(investor_of())
        _, asked = await again(gateway, koscom, earlier, star=held(3))
        assert asked == []
        until = "20991231"
        holdings, asked = await again(gateway, koscom, earlier)
    assert (asked, holdings.complete, holdings.consent_expires_on.year) == (["star"], True, 2099)


async def test_who_had_to_log_in_is_asked_again_and_a_spent_quota_after_its_reset():
    for reply, kind in ((DEAD, ReauthorizationRequiredError), (SPENT, QuotaExceededError)):
        gateway = gateway_of(star=failing(reply))
        async with gateway.client() as koscom:
            earlier = await koscom.holdings(investor_of())
        [failure] = earlier.failures
        assert isinstance(failure.error, kind)
        waits = (
            [timedelta(0)]
            if kind is ReauthorizationRequiredError
            else [-timedelta(hours=1), timedelta(hours=1)]
        )
        for wait in waits:
            failure.error.resets_at = datetime.now(UTC) + wait
            async with (
                gateway.client() as koscom
            ):  # the investor has logged in, or the client does not know of the quota
                _, asked = await again(gateway, koscom, earlier, star=held(3))
            assert asked == ([] if wait > timedelta(0) else ["star"])


async def test_the_answer_of_another_investor_is_refused_and_so_is_what_is_none():
    gateway = gateway_of(star=failing(DOWN))
    async with gateway.client() as koscom:
        earlier = await koscom.holdings(investor_of())
        gateway.linked = [link("star", number="160646584478700100")]
        with pytest.raises(UsageError, match="after is the answer of another investor") as caught:
            await again(gateway, koscom, earlier)
        assert caught.value.advice == "pass this investor's earlier answer, or ask without `after`"
        assert gateway.questions == []
        calls = len(gateway.requests)
        for odd in (earlier.to_json(), [earlier], object()):
            with pytest.raises(UsageError, match="after must be Holdings, got"):
                await koscom.holdings(investor_of(), after=odd)
        assert len(gateway.requests) == calls
        nothing, asked = await again(gateway, koscom, Holdings(as_of=earlier.as_of))
        assert (asked, len(nothing.outcomes), nothing.as_of > earlier.as_of) == (["star"], 1, True)


async def test_no_account_counts_twice_where_a_document_lists_it_twice():
    gateway = gateway_of()
    async with gateway.client() as koscom:
        earlier = await koscom.holdings(investor_of())
        holdings, _ = await again(gateway, koscom, evolve(earlier, outcomes=earlier.outcomes * 2))
    assert (holdings.positions[0].quantity, len(holdings.outcomes)) == (6, 3)


async def test_accounts_that_were_read_far_apart_are_a_note():
    gateway = gateway_of()
    async with gateway.client() as koscom:
        holdings = await koscom.holdings(investor_of())
    first, *rest = holdings.outcomes
    for before, lines in (
        (timedelta(minutes=9), []),
        (timedelta(minutes=11), ["2026-03-02 14:49 to 15:00"]),
        (timedelta(days=1), ["2026-03-01 15:00 to 2026-03-02 15:00"]),
    ):
        now = datetime.fromisoformat("2026-03-02T15:00:00+09:00")
        outcomes = (evolve(first, as_of=now - before), *(evolve(each, as_of=now) for each in rest))
        apart = evolve(holdings, outcomes=outcomes, as_of=now - before)
        noted = [line for line in notes(apart) if "Accounts were read" in line]
        expected = "Accounts were read from {}: what moved in between may count twice"
        assert [line.split(", or not")[0] for line in noted] == [expected.format(line) for line in lines]
        ending = evolve(apart, consent_expires_on=now.date())
        assert consent_notes(ending)[0].startswith("The investor's consent ends today")
