"""`koscom.holdings()`: every linked account at once, merged, and what is raised rather than reported."""

import anyio
import httpx
import pytest

from koscom_async import (
    AccessDeniedError,
    AuthenticationError,
    ConnectionFailedError,
    DeadlineExceededError,
    MalformedResponseError,
    QuotaExceededError,
    ReauthorizationRequiredError,
    SettingsError,
    UntrustedEndpointError,
)
from tests.client.fake_gateway import NUMBERS, Book, FakeGateway, cash, investor_of, link, ok, refusal, share


async def test_one_share_at_three_brokers_is_one_position(gateway, investor):
    async with gateway.client() as koscom:
        holdings = await koscom.holdings(investor)
    position = next(each for each in holdings.positions if each.instrument.code == "KR7005930003")
    assert [(lot.account.broker.short_name, lot.quantity) for lot in position.lots] == [
        ("cyber", 2),
        ("diamond", 1),
        ("star", 3),
    ]
    assert (position.quantity, position.cost, position.value) == (6, 300, 360)
    assert (holdings.totals.cash, holdings.totals.value, holdings.totals.net_worth) == (1230, 440, 1670)
    assert holdings.complete is True
    assert [outcome.trace.calls for outcome in holdings.outcomes] == [4, 1, 4]


async def test_all_accounts_are_asked_before_any_has_answered(gateway, investor):
    everybody, waiting, books = anyio.Event(), [], dict(gateway.scripts)

    def meeting(broker):
        async def script(question):
            waiting.append(broker)
            if len(waiting) == 9:  # one call of diamond, four of each of the others
                everybody.set()
            await everybody.wait()
            return books[broker](question)

        return script

    gateway.scripts = {broker: meeting(broker) for broker in books}
    async with gateway.client() as koscom:
        with anyio.fail_after(5):
            holdings = await koscom.holdings(investor)
    assert sorted(waiting) == ["cyber"] * 4 + ["diamond"] + ["star"] * 4
    assert holdings.complete is True


async def test_no_linked_account_is_nothing_held_and_complete(investor):
    gateway = FakeGateway(linked=[])
    async with gateway.client() as koscom:
        holdings = await koscom.holdings(investor)
    assert (holdings.complete, holdings.positions, holdings.outcomes) == (True, (), ())
    assert (holdings.totals.value, holdings.totals.net_worth) == (0, 0)


async def test_an_account_that_is_listed_twice_is_asked_once_and_counted_once(investor):
    gateway = FakeGateway(
        {"diamond": Book({"EQTY": [share(value=120)]}, cash(10))},
        linked=[link("diamond"), link("diamond", vtAccAlias="again")],
    )
    async with gateway.client() as koscom:
        holdings = await koscom.holdings(investor)
    assert gateway.asked == ["diamond ALL"]
    assert (len(holdings.outcomes), holdings.totals.value, holdings.totals.cash) == (1, 120, 10)


async def test_two_accounts_at_one_broker_are_two_accounts(investor):
    numbers = (NUMBERS["diamond"], "160635473367600100")
    gateway = FakeGateway(
        {number: Book({"EQTY": [share(quantity=place)]}) for place, number in enumerate(numbers, 1)},
        linked=[link("diamond", number) for number in numbers],
    )
    async with gateway.client() as koscom:
        holdings = await koscom.holdings(investor)
    assert [lot.quantity for lot in holdings.positions[0].lots] == [1, 2]


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        (
            {"endpoint": "https://evil.example/v1/star/account/"},
            UntrustedEndpointError,
            "nothing was sent there",
        ),
        (
            {"endpoint": "http://gateway.example/v1/star/account/"},
            UntrustedEndpointError,
            "nothing was sent there",
        ),
        ({"endpoint": "https://gateway.example/v1/cyber/account/"}, Exception, "its address is cyber's"),
        ({"endpoint": None, "comId": "00777"}, UntrustedEndpointError, "broker 00777 is not in the registry"),
    ],
)
async def test_an_account_whose_address_is_wrong_fails_and_the_others_are_delivered(
    gateway, investor, changes, error, words
):
    gateway.linked = [link("diamond"), link("cyber"), link("star", **changes)]
    async with gateway.client() as koscom:
        holdings = await koscom.holdings(investor)
    (failure,) = holdings.failures
    assert isinstance(failure.error, error)
    assert words in str(failure.error)
    assert (failure.trace.calls, failure.error.account) == (0, "1606…0099")
    assert {request.url.host for request in gateway.requests} == {"gateway.example"}
    assert not [question for question in gateway.questions if question.number == NUMBERS["star"]]
    assert holdings.positions[0].quantity == 3


CONSENT_FAILURES = [
    (lambda: refusal("401", 401, "op-apim"), AuthenticationError),
    (lambda: httpx.Response(403, json={"message": "You cannot consume this service"}), AccessDeniedError),
    (
        lambda: httpx.Response(
            429, json={"message": "API rate limit exceeded"}, headers={"X-RateLimit-Remaining-Day": "0"}
        ),
        QuotaExceededError,
    ),
    (lambda: httpx.Response(200, content=b"<html>"), MalformedResponseError),
    (lambda: httpx.Response(200, json={"vtAccList": [{"comId": "00992"}]}), MalformedResponseError),
    (lambda: httpx.ConnectError("refused"), ConnectionFailedError),
]


@pytest.mark.parametrize(("reply", "error"), CONSENT_FAILURES)
async def test_what_strikes_before_any_account_is_asked_is_raised(gateway, investor, reply, error):
    gateway.consent = lambda _: reply()
    async with gateway.client() as koscom:
        with pytest.raises(error) as caught:
            await koscom.holdings(investor)
    assert type(caught.value) is error
    assert caught.value.endpoint == "member.consent"
    assert gateway.questions == []


async def test_a_dead_token_is_the_outcome_of_every_account_that_it_hit(gateway, investor):
    gateway.scripts = {
        broker: lambda _: httpx.Response(401, json={"error": "invalid_token"}) for broker in gateway.scripts
    }
    async with gateway.client() as koscom:
        holdings = await koscom.holdings(investor)
    assert [type(failure.error) for failure in holdings.failures] == [ReauthorizationRequiredError] * 3
    assert [form["refresh_token"] for form in gateway.grants] == ["REFRESH-MARK-A"]
    assert holdings.totals.net_worth is None


@pytest.mark.parametrize("deadline", [float("nan"), float("inf"), True, "8", 10**400, 1e300])
async def test_an_impossible_deadline_is_named_before_anything_is_sent(gateway, investor, deadline):
    async with gateway.client() as koscom:
        with pytest.raises(SettingsError, match="deadline must be a number of seconds, at most") as caught:
            await koscom.holdings(investor, deadline=deadline)
    assert caught.value.setting == "deadline"
    assert gateway.requests == []


@pytest.mark.parametrize("deadline", [0, -0.5])
async def test_a_deadline_that_has_passed_already_spends_no_call(gateway, investor, deadline):
    async with gateway.client() as koscom:
        with pytest.raises(DeadlineExceededError) as caught:
            await koscom.holdings(investor, deadline=deadline)
    assert caught.value.message == f"the deadline of {deadline:g} s passed before a call was made"
    assert gateway.requests == []


async def test_two_investors_at_once_do_not_mix():
    met, waiting, books = anyio.Event(), [], {}
    people = [
        (investor_of(mark, f"홍길동{mark}"), f"16063547336760{place:04d}")
        for place, mark in enumerate("ABCDEF")
    ]
    lists = {person.ci: number for person, number in people}
    tokens = {f"Bearer {person.token.access}": number for person, number in people}
    for place, (_, number) in enumerate(people, 1):
        books[number] = Book({"EQTY": [share(quantity=place, value=place)]}, cash(place))

    async def script(question):
        assert tokens[question.headers["authorization"]] == question.number, "each with a token of his own"
        waiting.append(question.number)
        if len(waiting) == len(people):
            met.set()
        await met.wait()
        return books[question.number](question)

    gateway = FakeGateway(
        {number: script for _, number in people},
        consent=lambda question: ok(
            {"vtAccList": [link("diamond", lists[question.body["commonHeader"]["ci"]])]}
        ),
    )
    answers = {}

    async def ask(koscom, place, person):
        answers[place] = await koscom.holdings(person)

    async with gateway.client() as koscom, anyio.create_task_group() as group:
        for place, (person, _) in enumerate(people, 1):
            group.start_soon(ask, koscom, place, person)
    for place, (_, number) in enumerate(people, 1):
        assert answers[place].outcomes[0].account.number == number
        assert (answers[place].positions[0].quantity, answers[place].totals.cash) == (place, place)
