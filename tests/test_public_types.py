"""What a type checker sees of the public face. Checked by mypy; at run time only that it still imports."""

import inspect
import pydoc
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cached_property
from importlib import import_module
from typing import Any, assert_type, get_type_hints

import pytest
from beartype import beartype
from beartype.roar import BeartypeCallHintParamViolation

import koscom_async
from koscom_async import (
    AccountOutcome,
    Answer,
    Balance,
    DiscretionaryAnswers,
    DiscretionaryOrder,
    DiscretionaryRows,
    DiscretionarySettlement,
    DiscretionaryTrade,
    FileTokenStore,
    Holdings,
    Investor,
    Koscom,
    KoscomError,
    LinkedAccounts,
    Portfolios,
    Position,
    Product,
    Registration,
    Settings,
    Token,
    Transaction,
    TransactionHistory,
    VirtualAccount,
    Watchlists,
)
from koscom_async.batch import (
    BatchReport,
    JsonLinesSink,
    ParquetSink,
    Segment,
    aggregate,
    aggregate_partition,
)
from koscom_async.integrations.redis import RedisTokenStore
from koscom_async.models.outcome import AccountFailure, AccountSuccess, TransactionsFailure
from koscom_async.tokens import FernetSeal, KeyringSeal

INTEGRATIONS = ("integrations.fastapi", "integrations.opentelemetry", "integrations.redis")


async def holdings_are_typed(settings: Settings, investor: Investor, account: VirtualAccount) -> None:
    async with Koscom(settings) as koscom:
        holdings = await koscom.holdings(investor, deadline=8.0)
        assert_type(holdings, Holdings)
        assert_type(holdings.positions, tuple[Position, ...])
        assert_type(holdings.positions[0].value, Decimal | None)
        assert_type(holdings.positions[0].instrument.product, Product | None)
        assert_type(holdings.totals.net_worth, Decimal | None)
        assert_type(holdings.failures, tuple[AccountFailure, ...])
        assert_type(holdings.failures[0].error, KoscomError)
        assert_type(holdings.as_of, datetime)
        assert_type(holdings.require_complete(), Holdings)
        assert_type(holdings.to_dicts(), dict[str, Any])
        async with koscom.stream_holdings(investor) as stream:
            async for outcome in stream:
                assert_type(outcome, AccountSuccess | AccountFailure)
                assert_type(outcome.balance if outcome.ok else outcome.error, Balance | KoscomError)
                either: AccountOutcome = outcome
                assert_type(either.balance, Balance | None)
            assert_type(stream.holdings, Holdings)
        assert_type(await koscom.member.registration(investor), Registration)
        assert_type(await koscom.member.accounts(investor), LinkedAccounts)
        assert_type(await koscom.account.balance(investor, account), Balance)


async def whole_answers_and_streams_are_typed(koscom: Koscom, investor: Investor) -> None:
    history = await koscom.transactions(investor, date(2024, 1, 1), date(2024, 3, 31), side="BID")
    assert_type(history, TransactionHistory)
    assert_type(history.require_complete(), TransactionHistory)
    assert_type(history.rows[0].on, date | None)
    assert_type(history.failures, tuple[TransactionsFailure, ...])
    async with koscom.stream_transactions(investor, date(2024, 1, 1), date(2024, 3, 31)) as rows:
        async for row in rows:
            assert_type(row, Transaction)
    assert_type(await koscom.portfolios(investor), Portfolios)
    async with koscom.stream_portfolios(investor) as portfolios:
        assert_type(portfolios.portfolios, Portfolios)
        assert_type(await portfolios.merged(), Portfolios)
    assert_type(await koscom.watchlists(investor), Watchlists)
    assert_type(await koscom.discretionary_holdings(["samsung"]), Holdings)
    orders = await koscom.discretionary.all_orders("samsung", on=date(2024, 3, 4), include_ended=True)
    assert_type(orders, DiscretionaryAnswers[DiscretionaryOrder])
    trades = await koscom.discretionary.all_trades(date(2024, 3, 4), date(2024, 3, 5))
    assert_type(trades.rows, tuple[DiscretionaryTrade, ...])
    async with koscom.discretionary.stream_settlements() as settlements:
        async for outcome in settlements:
            if outcome.ok:
                assert_type(outcome.answer, DiscretionaryRows[DiscretionarySettlement])
            else:
                assert_type(outcome.error, KoscomError)


class OwnSeal:
    """What a user writes for a key service."""

    def seal(self, data: bytes) -> bytes:
        return data

    def open(self, sealed: bytes) -> bytes:
        return sealed


async def tokens_are_typed(koscom: Koscom, investor: Investor) -> None:
    verifier = koscom.oauth.new_verifier()
    assert_type(koscom.oauth.authorize_url(state="s", verifier=verifier), str)
    token = await koscom.oauth.exchange("c", verifier=verifier, investor=investor)
    assert_type(token.scope, str | None)
    for seal in (FernetSeal("a", b"b"), KeyringSeal(), OwnSeal()):
        assert_type(await FileTokenStore(seal=seal).load("k"), Token | None)
    RedisTokenStore.from_url("redis://localhost", seal=OwnSeal(), keep_days=30)
    FileTokenStore(seal="key")  # type: ignore[arg-type]


class OwnSink:
    """What a user writes for a table of their own."""

    def has(self, segment: int) -> bool:
        return False

    def commit(self, segment: Segment) -> None:
        for entry in segment.entries:
            assert_type(entry.holdings, Holdings | None)
            assert_type(entry.error, KoscomError | None)


async def batches_are_typed(koscom: Koscom, investor: Investor) -> None:
    for sink in (ParquetSink("out"), JsonLinesSink("out.jsonl"), OwnSink()):
        assert_type(await aggregate(koscom, [("customer 1", investor)], sink=sink), BatchReport)

    def load(keys: Sequence[str]) -> Iterator[tuple[str, Investor]]:
        return ((key, investor) for key in keys)

    async def coroutine(keys: Sequence[str]) -> list[tuple[str, Investor]]:
        return list(load(keys))

    for shared in (ParquetSink("out"), JsonLinesSink("out")):
        assert_type(await aggregate_partition(koscom, 0, ["a"], load, sink=shared), BatchReport)
        await aggregate_partition(koscom, 0, ["a"], coroutine, sink=shared, again=True)
    await aggregate_partition(koscom, 0, ["a"], load, sink=OwnSink())  # type: ignore[arg-type]


def what_does_not_exist_is_an_error(koscom: Koscom) -> None:
    koscom_async.Kosmos  # type: ignore[attr-defined]  # noqa: B018
    koscom.discretionary.stream_orders(onn=None)  # type: ignore[call-arg]
    koscom.discretionary.all_orders(onn=None)  # type: ignore[call-arg,unused-coroutine]


def functions_of(kind: type) -> Iterator[Callable[..., Any]]:
    """The public functions of a class: methods, and what is behind properties."""
    for name in dir(kind):
        if name == "__init__" or not name.startswith("_"):
            member = inspect.getattr_static(kind, name)
            for behind in ("__func__", "fget", "func"):
                member = getattr(member, behind, member)
            if inspect.isfunction(member):
                yield member


def public_items() -> dict[str, Any]:
    """The classes and functions that a program imports from the package, and from its rooms that are documented."""
    rooms = (
        "batch",
        "batch.dask",
        "errors",
        "notebook",
        "observer",
        "sandbox",
        "settings",
        "tokens",
        *INTEGRATIONS,
    )
    modules = [koscom_async, *(import_module(f"koscom_async.{room}") for room in rooms)]
    named = {
        f"{module.__name__}.{name}": getattr(module, name) for module in modules for name in module.__all__
    }
    return {name: each for name, each in named.items() if inspect.isroutine(each) or inspect.isclass(each)}


def test_the_hints_of_everything_public_can_be_resolved() -> None:
    failed = []
    for name, public in (public_items() | services()).items():
        for documented in (public, *(functions_of(public) if inspect.isclass(public) else ())):
            try:
                get_type_hints(documented)
            except Exception as error:
                failed.append(f"{name} {documented}: {error!r}")
    assert failed == []


def test_every_argument_of_a_constructor_has_a_hint() -> None:
    """Containers that fill constructors, such as dishka's, refuse a class where one has none."""
    missing = {}
    for name, kind in (public_items() | services()).items():
        if inspect.isclass(kind) and not issubclass(kind, Enum) and not getattr(kind, "_is_protocol", False):
            missing[name] = set(inspect.signature(kind).parameters) - get_type_hints(kind.__init__).keys()
    assert {name: found for name, found in missing.items() if found} == {}


def test_a_user_can_have_every_public_type_checked_at_run_time() -> None:
    def takes(value: Any) -> Any:
        return value

    failed = []
    for name, kind in (public_items() | services()).items():
        if inspect.isclass(kind):
            takes.__annotations__ = {"value": kind, "return": kind | None}
            try:
                checked = beartype(takes)
            except Exception as error:
                failed.append(f"{name}: {error!r}")
            else:
                with pytest.raises(BeartypeCallHintParamViolation):
                    checked("a text that is none of them")
    assert failed == []


def services() -> dict[str, Any]:
    """The services of the client, as its own hints have them."""
    members = {
        name: each
        for name, each in vars(Koscom).items()
        if isinstance(each, cached_property) and not name.startswith("_")
    }
    return {name: get_type_hints(each.func)["return"] for name, each in members.items()}


def test_the_services_are_typed_where_a_program_finds_them() -> None:
    assert {name: kind.__name__ for name, kind in services().items()} == {
        "account": "AccountService",
        "ask": "Ask",
        "companies": "CompanyService",
        "discretionary": "Discretionary",
        "fraud": "FraudService",
        "market": "MarketService",
        "member": "MemberService",
        "oauth": "OAuthService",
        "orders": "OrderService",
        "robo_advisors": "RoboAdvisorService",
    }


def test_the_whole_answer_takes_what_its_stream_takes() -> None:
    kind = services()["discretionary"]
    for name in ("orders", "settlements", "trades"):
        whole, stream = getattr(kind, f"all_{name}"), getattr(kind, f"stream_{name}")
        assert inspect.signature(whole).parameters == inspect.signature(stream).parameters
        assert get_type_hints(whole)["return"].__origin__ is DiscretionaryAnswers
        assert whole.__doc__.startswith("Return ")
        assert whole.__qualname__ == f"Discretionary.all_{name}"
    for name in ("holdings", "portfolios", "watchlists", "transactions"):
        whole, stream = getattr(Koscom, name), getattr(Koscom, f"stream_{name}")
        assert inspect.signature(whole).parameters == inspect.signature(stream).parameters


def test_help_shows_what_an_editor_shows() -> None:
    text = pydoc.plain(pydoc.render_doc(Koscom))
    names = {name for name in dir(Koscom) if not name.startswith("_")}
    assert names >= {"account", "discretionary", "holdings", "stream_transactions", "transactions"}
    assert {name for name in names if name not in text} == set()


def test_the_types_are_there_to_be_checked() -> None:
    assert holdings_are_typed.__annotations__["settings"] is Settings


async def asking_is_typed(koscom: Koscom) -> Answer:
    """Checked by mypy and never run: each `ignore` that is not needed is an error."""
    await koscom.ask("market.stocks.price", issue="005930", isue="005930")  # type: ignore[call-overload]
    await koscom.ask("market.stocks.prize", issue="005930")  # type: ignore[call-overload]
    await koscom.ask("market.stocks.history", issue="005930")  # type: ignore[call-overload]
    await koscom.ask("market.stocks.history", issue="005930", since="2026-01-02", every="hour")  # type: ignore[call-overload]
    await koscom.ask("orders.place")  # type: ignore[call-overload]
    await koscom.ask(koscom.operations["orders.place"], anything=1, deadline=2.0)
    return await koscom.ask("market.stocks.history", issue="005930", since=date(2026, 1, 2), every="week")
