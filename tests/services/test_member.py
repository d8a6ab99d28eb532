"""The member service: registration, and the list of linked accounts."""

from datetime import date

import httpx
import pytest

from koscom_async import (
    AuthenticationError,
    DeadlineExceededError,
    MalformedResponseError,
    ResponseMismatchError,
    SettingsError,
    UntrustedEndpointError,
)
from koscom_async._services.operation import Deadline
from tests.client.fake_gateway import NUMBERS, Book, FakeGateway, link, ok, refusal


async def test_registration_is_asked_with_the_key_and_the_korean_name_and_no_token(investor):
    gateway = FakeGateway(consent=lambda _: ok({"result": "member", "commonTermsExpireDate": "20281105"}))
    async with gateway.client() as koscom:
        registration = await koscom.member.registration(investor)
    assert (registration.is_member, registration.terms_expire_on) == (True, date(2028, 11, 5))
    (request,) = gateway.requests
    assert request.url.path == "/v1/common/member/register/search"
    assert request.headers["apikey"] == "KEY-MARK-0000"
    assert "authorization" not in request.headers
    assert '"body":{"korName":"홍길동"}' in request.content.decode()


async def test_who_is_no_member_is_told_so_and_has_no_expiry(investor):
    gateway = FakeGateway(consent=lambda _: ok({"result": "nonMember", "commonTermsExpireDate": ""}))
    async with gateway.client() as koscom:
        registration = await koscom.member.registration(investor)
    assert (registration.is_member, registration.terms_expire_on) == (False, None)


async def test_a_registration_that_says_neither_is_not_guessed_at(investor):
    gateway = FakeGateway(consent=lambda _: ok({"result": "perhaps"}))
    async with gateway.client() as koscom:
        with pytest.raises(
            MalformedResponseError, match=r"\$.result: expected member or nonMember"
        ) as caught:
            await koscom.member.registration(investor)
    assert (caught.value.endpoint, caught.value.broker) == ("member.register", "common")


async def test_accounts_are_listed_as_they_came_with_alias_and_address(investor):
    gateway = FakeGateway(
        linked=[
            link("diamond", vtAccAlias="노후 자금"),
            link("cyber", endpoint=None),
            link("star", vtAccAlias="null"),
        ]
    )
    async with gateway.client() as koscom:
        linked = await koscom.member.accounts(investor)
    assert [(each.broker.short_name, each.number, each.alias) for each in linked.accounts] == [
        ("diamond", NUMBERS["diamond"], "노후 자금"),
        ("cyber", NUMBERS["cyber"], "cyber"),
        ("star", NUMBERS["star"], None),
    ]
    assert linked.accounts[1].endpoint is None
    assert gateway.requests[0].url.path == "/v1/common/member/consent/search"


async def test_a_refusal_of_the_list_names_the_endpoint_and_carries_the_platforms_code(investor):
    gateway = FakeGateway(consent=lambda _: refusal("401", 401, "op-apim"))
    async with gateway.client() as koscom:
        with pytest.raises(AuthenticationError) as caught:
            await koscom.member.accounts(investor)
    assert (caught.value.endpoint, caught.value.code, caught.value.attempts) == ("member.consent", "401", 1)


@pytest.mark.parametrize("deadline", [float("nan"), float("inf"), True, "8", 10**400])
@pytest.mark.parametrize("method", ["registration", "accounts"])
async def test_an_impossible_deadline_is_refused_before_anything_is_sent(investor, method, deadline):
    gateway = FakeGateway()
    async with gateway.client() as koscom:
        with pytest.raises(SettingsError, match="deadline must be a number of seconds, at most") as caught:
            await getattr(koscom.member, method)(investor, deadline=deadline)
    assert caught.value.setting == "deadline"
    assert gateway.requests == []


@pytest.mark.parametrize("deadline", [0, -0.0, -1])
@pytest.mark.parametrize("method", ["registration", "accounts"])
async def test_a_deadline_that_has_passed_already_spends_no_call(investor, method, deadline):
    gateway = FakeGateway()
    async with gateway.client() as koscom:
        with pytest.raises(DeadlineExceededError, match="passed before a call was made") as caught:
            await getattr(koscom.member, method)(investor, deadline=deadline)
    assert (caught.value.code, caught.value.retriable, caught.value.attempts) == ("deadline", True, 0)
    assert gateway.requests == []


async def test_an_address_on_another_host_is_never_asked_and_no_token_leaves(investor):
    gateway = FakeGateway(
        {"star": Book()}, linked=[link("star", endpoint="https://evil.example/v1/star/account/")]
    )
    async with gateway.client() as koscom:
        (account,) = (await koscom.member.accounts(investor)).accounts
        with pytest.raises(UntrustedEndpointError) as caught:
            await koscom.account.balance(investor, account)
    assert gateway.questions == []
    assert (caught.value.broker, caught.value.account, caught.value.attempts) == ("star", "1606…0099", 0)


async def test_a_broker_code_and_an_address_that_contradict_each_other_are_refused(investor):
    gateway = FakeGateway({"star": Book()}, linked=[link("star", comId="00991")])
    async with gateway.client() as koscom:
        (account,) = (await koscom.member.accounts(investor)).accounts
        with pytest.raises(
            ResponseMismatchError, match="the linked account is broker 00991's, but its address is star's"
        ):
            await koscom.account.balance(investor, account)
    assert gateway.questions == []


async def test_a_deadline_that_strikes_names_the_list_that_did_not_come(investor):
    def unanswered(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    gateway = FakeGateway(consent=unanswered)
    async with gateway.client() as koscom:
        with pytest.raises(DeadlineExceededError) as caught:
            await koscom.member.read_accounts(investor, deadline=Deadline(0.25, at=float("-inf")))
    assert (caught.value.endpoint, caught.value.attempts) == ("member.consent", 0)
    assert caught.value.message == "the deadline of 0.25 s passed before the list of accounts arrived"
