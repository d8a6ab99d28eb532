"""One account's balance: `ALL` or class by class, what is learned of a broker, and what comes out."""

from decimal import Decimal

import anyio
import pytest

from koscom_async import (
    AccountUnavailableError,
    AssetClass,
    BrokerOverrides,
    DeadlineExceededError,
    RequestRejectedError,
    SettingsError,
    TruncatedResponseError,
)
from tests.client.fake_gateway import Book, FakeGateway, bond, cash, fund, ok, refusal, said, share

CLASSES = ["CASH", "EQTY", "FUND", "ETC"]
ROWS = {"EQTY": [share("A01"), share("B01")], "FUND": [fund()], "ETC": [bond()]}


async def test_a_broker_that_supports_all_is_asked_once(investor, account):
    gateway = FakeGateway({"diamond": Book(ROWS, cash(6976542))})
    async with gateway.client() as koscom:
        balance = await koscom.account.balance(investor, account("diamond"))
    assert gateway.asked == ["diamond ALL"]
    assert [row.code for row in balance.equities] == ["A01", "B01"]
    assert [row.asset_class for row in balance.rows] == [
        AssetClass.EQUITY,
        AssetClass.EQUITY,
        AssetClass.FUND,
        AssetClass.OTHER,
    ]
    assert balance.summary is not None
    assert balance.summary.cash == 6976542


async def test_the_question_carries_the_envelope_the_token_and_the_first_pages_key(investor, account):
    gateway = FakeGateway({"diamond": Book(ROWS)})
    async with gateway.client() as koscom:
        await koscom.account.balance(investor, account("diamond"))
    (question,) = gateway.questions
    assert question.path == "/v1/diamond/account/balance/search"
    assert question.headers["authorization"] == "Bearer TOKEN-MARK-A"
    assert question.headers["apikey"] == "KEY-MARK-0000"
    assert question.body["balanceRequestBody"] == {
        "queryType": {"assetType": "ALL", "count": 0, "page": "null"}
    }
    assert question.body["devInfo"] == {"ipAddr": "123045012034", "macAddr": "7054D27EE247"}
    assert len(question.request_id) == 20


async def test_a_broker_that_does_not_is_asked_for_four_classes_at_once(investor, account):
    together = anyio.Event()
    waiting = set()
    book = Book(ROWS, cash(5))

    async def script(question):
        waiting.add(question.asset_class)
        if len(waiting) == 4:
            together.set()
        await together.wait()  # no call is answered before all four are there
        return book(question)

    gateway = FakeGateway({"star": script})
    async with gateway.client() as koscom:
        with anyio.fail_after(5):
            balance = await koscom.account.balance(investor, account("star"))
    assert sorted(waiting) == sorted(CLASSES)
    assert (len(balance.equities), len(balance.funds), len(balance.others)) == (2, 1, 1)


@pytest.mark.parametrize("page_size", [None, 1, 2, 3])
async def test_all_or_class_by_class_and_in_pages_of_any_size_it_is_the_same_balance(
    investor, account, page_size
):
    whole, paged = (
        FakeGateway({"diamond": Book(ROWS)}),
        FakeGateway({"diamond": Book(ROWS, page_size=page_size)}),
    )
    per_class = {"diamond": BrokerOverrides(supports_all=False)}
    async with whole.client() as one, paged.client(brokers=per_class) as other:
        expected = await one.account.balance(investor, account("diamond"))
        balance = await other.account.balance(investor, account("diamond"))
    assert (balance.rows, balance.summary) == (expected.rows, expected.summary)


async def test_an_unknown_broker_is_asked_all_first_and_its_no_is_learned_for_the_account(investor, account):
    gateway = FakeGateway({"newcomer": Book(ROWS, answers_all=False)})
    async with gateway.client() as koscom:
        first = await koscom.account.balance(investor, account("newcomer"))
        assert gateway.asked[0] == "newcomer ALL"
        assert sorted(gateway.asked[1:]) == sorted(f"newcomer {each}" for each in CLASSES)
        gateway.questions.clear()
        second = await koscom.account.balance(investor, account("newcomer"))
        assert sorted(gateway.asked) == sorted(f"newcomer {each}" for each in CLASSES)
    assert len(first.rows) == len(second.rows) == 4
    assert "ALL was refused (6001); each class was asked for" in first.notes
    assert "ALL was refused (6001); each class was asked for" not in second.notes
    gateway.questions.clear()
    async with gateway.client() as another:
        await another.account.balance(investor, account("newcomer"))
    assert gateway.asked[0] == "newcomer ALL", "what one client learned is no other's"


async def test_a_no_that_comes_with_http_200_is_learned_too(investor, account):
    book = Book(ROWS)

    def script(question):
        if question.asset_class == "ALL":
            return ok({"resp": {"respCode": "6001", "respMsg": "Invalid Asset Type"}})
        return book(question)

    gateway = FakeGateway({"newcomer": script})
    async with gateway.client() as koscom:
        await koscom.account.balance(investor, account("newcomer"))
        await koscom.account.balance(investor, account("newcomer"))
    assert gateway.asked.count("newcomer ALL") == 1


async def test_too_many_results_fall_back_to_classes_without_learning(investor, account):
    book = Book(ROWS)

    def script(question):
        return refusal("6005", category="diamond") if question.asset_class == "ALL" else book(question)

    gateway = FakeGateway({"diamond": script})
    async with gateway.client() as koscom:
        first = await koscom.account.balance(investor, account("diamond"))
        await koscom.account.balance(investor, account("diamond"))
    assert gateway.asked.count("diamond ALL") == 2
    assert len(first.rows) == 4
    assert first.notes == ("ALL was refused (6005); each class was asked for",)


async def test_an_all_answer_that_comes_short_falls_back_to_classes_without_learning(investor, account):
    book = Book(ROWS)

    def script(question):
        if question.asset_class == "ALL":
            return ok(said(question, {"summary": cash(), "equityList": [share("A01")]}, total=4))
        return book(question)

    gateway = FakeGateway({"diamond": script})
    async with gateway.client() as koscom:
        first = await koscom.account.balance(investor, account("diamond"))
        await koscom.account.balance(investor, account("diamond"))
    assert gateway.asked.count("diamond ALL") == 2
    assert [row.code for row in first.equities] == ["A01", "B01"], "and no row is there twice"
    assert first.notes == ("ALL came short (ALL: 1 of 4 rows came); each class was asked for",)


async def test_another_refusal_of_all_is_the_accounts_failure_and_no_reason_to_ask_again(investor, account):
    gateway = FakeGateway({"diamond": lambda question: refusal("4001", category=question.broker)})
    async with gateway.client() as koscom:
        with pytest.raises(AccountUnavailableError) as caught:
            await koscom.account.balance(investor, account("diamond"))
    assert gateway.asked == ["diamond ALL"]
    assert (caught.value.broker, caught.value.endpoint, caught.value.account) == (
        "diamond",
        "account.balance",
        "1606…0099",
    )


@pytest.mark.parametrize(
    ("broker", "supports_all", "expected"),
    [("diamond", False, CLASSES), ("star", True, ["ALL"]), ("newcomer", False, CLASSES)],
)
async def test_settings_know_better_than_the_registry(investor, account, broker, supports_all, expected):
    gateway = FakeGateway({broker: Book(ROWS)})
    overrides = {broker: BrokerOverrides(supports_all=supports_all)}
    async with gateway.client(brokers=overrides) as koscom:
        balance = await koscom.account.balance(investor, account(broker))
    assert sorted(gateway.asked) == sorted(f"{broker} {each}" for each in expected)
    assert len(balance.rows) == 4


async def test_the_failure_of_one_class_ends_the_others_and_is_raised_bare(investor, account):
    book, others_asked = Book(ROWS), anyio.Event()

    async def script(question):
        if question.asset_class == "FUND":
            await others_asked.wait()
            return refusal("5000", category="star")
        if question.asset_class == "ETC":
            others_asked.set()
            await anyio.Event().wait()
        return book(question)

    gateway = FakeGateway({"star": script})
    async with gateway.client() as koscom:
        with anyio.fail_after(5), pytest.raises(Exception, match="5000") as caught:
            await koscom.account.balance(investor, account("star"))
    assert not isinstance(caught.value, BaseExceptionGroup)
    assert gateway.cancelled == ["star"]


async def test_a_truncated_class_names_broker_endpoint_code_and_masked_account(investor, account):
    def script(question):
        lists = {"CASH": {"summary": cash()}, "EQTY": {"equityList": [share()]}}
        return ok(
            said(
                question,
                lists.get(question.asset_class, {}),
                total=0 if question.asset_class != "EQTY" else 2,
            )
        )

    gateway = FakeGateway({"star": script})
    async with gateway.client() as koscom:
        with pytest.raises(TruncatedResponseError) as caught:
            await koscom.account.balance(investor, account("star"))
    error = caught.value
    assert (error.broker, error.endpoint, error.code, error.account) == (
        "star",
        "account.balance",
        "truncated",
        "1606…0099",
    )
    assert str(error).startswith(
        "star account.balance truncated: EQTY: 1 of 2 rows came; account 1606…0099; asked 2 times. What to do:"
    )


async def test_totals_that_cannot_be_trusted_are_noted_and_fail_nothing(investor, account):
    gateway = FakeGateway(
        {"diamond": lambda question: ok(said(question, {"equityList": [share()]}, total="157.0"))}
    )
    overrides = {"diamond": BrokerOverrides(trust_totals=False)}
    async with gateway.client(brokers=overrides) as koscom:
        balance = await koscom.account.balance(investor, account("diamond"))
    assert len(balance.rows) == 1
    assert balance.notes == ("ALL: 1 of 157 rows came, which the settings allow",)


@pytest.mark.parametrize(
    ("total", "note"),
    [
        (None, "ALL: the broker announced no number of rows to hold them against"),
        (0, "ALL: 1 rows came beside a total of 0, which announces nothing"),
    ],
)
async def test_a_total_that_says_nothing_is_noted(investor, account, total, note):
    gateway = FakeGateway(
        {"diamond": lambda question: ok(said(question, {"equityList": [share()]}, total=total))}
    )
    async with gateway.client() as koscom:
        balance = await koscom.account.balance(investor, account("diamond"))
    assert balance.notes == (note,)
    assert balance.equities[0].quantity == Decimal(10)


async def test_a_deadline_names_the_account_whose_answer_did_not_come(investor, account, jump):
    async def script(question):
        jump(9)
        await anyio.Event().wait()

    gateway = FakeGateway({"diamond": script})
    async with gateway.client() as koscom:
        with pytest.raises(DeadlineExceededError) as caught:
            await koscom.account.balance(investor, account("diamond"), deadline=8)
    assert (caught.value.broker, caught.value.account, caught.value.retriable) == (
        "diamond",
        "1606…0099",
        True,
    )
    assert caught.value.message == "the deadline of 8 s passed before the balance arrived"
    assert gateway.cancelled == ["diamond"]


async def test_an_impossible_deadline_is_an_error_of_the_caller_and_of_no_account(investor, account):
    gateway = FakeGateway()
    async with gateway.client() as koscom:
        with pytest.raises(SettingsError, match="deadline") as caught:
            await koscom.account.balance(investor, account(), deadline="soon")
    assert (caught.value.setting, caught.value.account) == ("deadline", None)


async def test_all_is_refused_where_every_class_is_refused_too(investor, account):
    gateway = FakeGateway({"newcomer": lambda question: refusal("6001", category="newcomer")})
    async with gateway.client() as koscom:
        with pytest.raises(RequestRejectedError) as caught:
            await koscom.account.balance(investor, account("newcomer"))
    assert caught.value.code == "6001"
