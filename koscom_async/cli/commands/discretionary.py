"""`koscom discretionary`: the firm's contract accounts, their holdings, orders, settlements and trades."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from functools import wraps
from typing import Any, TypeVar

import anyio
import click
from attrs import frozen
from rich.console import RenderableType

from koscom_async._clock import korean_now
from koscom_async._hints import near
from koscom_async.brokers import BROKERS, Broker, find_broker
from koscom_async.cli.access import Access, GatewayOptions, open_client
from koscom_async.cli.commands.holdings import whole_renderers
from koscom_async.cli.commands.holdings_request import FORMATS
from koscom_async.cli.ending import finish
from koscom_async.cli.main import CommandGroup, exit_codes
from koscom_async.cli.options import (
    DAY,
    ROWS,
    Command,
    Format,
    OutputOptions,
    add_options,
    answer_options,
    in_order,
)
from koscom_async.cli.views.discretionary import (
    ORDERS,
    SETTLEMENTS,
    TRADES,
    ContractsTable,
    RowsTable,
    Shown,
    answers_data,
    contracts_sheet,
    rows_sheet,
)
from koscom_async.cli.views.layout import page
from koscom_async.cli.views.progress import CONTRACTS, reporter
from koscom_async.client import Koscom
from koscom_async.errors import KoscomError
from koscom_async.export.rows import plain
from koscom_async.export.texts import counted
from koscom_async.models.discretionary.account import DiscretionaryAccount
from koscom_async.models.discretionary.answers import (
    DiscretionaryAnswers,
    DiscretionaryOutcome,
    DiscretionaryRows,
)
from koscom_async.models.member import VirtualAccount
from koscom_async.settings import Settings

Answer = TypeVar("Answer")


@click.group(name="discretionary", cls=CommandGroup)
def discretionary_group() -> None:
    """Show the accounts under discretionary contract with the firm, at all brokers.

    In Korean: 일임매매. The firm asks by its key and secret, for no investor.
    KOSCOM_DISCRETIONARY_BROKERS, or --broker, lists the brokers to ask.
    """


@frozen(kw_only=True)
class Question:
    """What every command of the firm is asked with."""

    brokers: Sequence[str]
    include_ended: bool
    output: OutputOptions
    gateway: GatewayOptions

    @property
    def options(self) -> dict[str, Any]:
        """The keywords that every question across brokers takes."""
        return {
            "brokers": self.brokers or None,
            "include_ended": self.include_ended,
            "deadline": self.output.deadline,
        }


def _question_options(*formats: Format) -> Callable[[Command], Command]:
    """Add what every command of the firm is asked with; the command gets `question`."""

    def added(command: Command) -> Command:
        @wraps(command)
        def collected(
            *arguments: Any, brokers: Any, include_ended: bool, output: OutputOptions, gateway: GatewayOptions,
            **others: Any,
        ) -> Any:  # fmt: skip
            question = Question(brokers=brokers, include_ended=include_ended, output=output, gateway=gateway)
            return command(*arguments, question=question, **others)

        options = (
            click.option(
                "--broker", "brokers", multiple=True, metavar="NAME", help="Ask this broker. Repeatable."
            ),
            click.option("--ended", "include_ended", is_flag=True, help="Ask ended contracts, too."),
            answer_options(*formats),
        )
        return add_options(collected, options)

    return added


def _ask(ask: Callable[[Koscom], Awaitable[Answer]], question: Question) -> Answer:
    async def read() -> Answer:
        async with open_client(question.gateway, for_investor=False) as access:
            brokers = _brokers(access, question.brokers)
            with reporter(access, quiet=question.output.quiet, first=CONTRACTS) as reporting:
                reporting.asking_for(counted(len(brokers), "broker"))
                return await ask(access.koscom)

    return asyncio.run(read())


def _brokers(access: Access, names: Sequence[str]) -> Sequence[Broker]:
    """Return the brokers to ask; a name that is neither registered nor in the settings is refused before a call."""
    for name in (each.strip().lower() for each in names):
        if not (find_broker(short_name=name) or find_broker(code=name) or name in _settled(access.settings)):
            known = (*(each.short_name for each in BROKERS), *_settled(access.settings))
            meant = near(name, known) or "run `koscom brokers` for the list"
            raise click.BadParameter(f"unknown broker {name!r}; {meant}", param_hint="--broker")
    return access.koscom.discretionary.brokers_of(names or None)


def _settled(settings: Settings) -> set[str]:
    return {str(name) for name in (*settings.brokers, *(settings.discretionary_brokers or ()))}


@discretionary_group.command(
    name="accounts",
    short_help="List the accounts under contract.",
    epilog=exit_codes("every broker's list was read", "an error: no list was read"),
)
@_question_options(*ROWS)
def accounts_command(*, question: Question) -> None:
    """List the accounts under contract; with --ended those, too, whose contract has ended."""

    async def ask(koscom: Koscom) -> DiscretionaryAnswers[DiscretionaryAccount]:
        return await _read_contracts(koscom, question)

    contracts = _ask(ask, question)
    renderers = {
        "table": lambda: page("Contract accounts", contracts, ContractsTable(contracts), noun="broker"),
        "json": lambda: {"accounts": plain(contracts.rows)},
        **contracts_sheet(contracts).formats(),
    }
    finish(contracts, renderers, question.output, noun="broker")


async def _read_contracts(koscom: Koscom, question: Question) -> DiscretionaryAnswers[DiscretionaryAccount]:
    """Ask every broker at once for its list; the outcome of each is independent of the others."""
    asked_at = korean_now()
    asked = koscom.discretionary.brokers_of(question.brokers or None)
    outcomes: dict[str, Any] = {}

    async def read(broker: Broker) -> None:
        # The list is the broker's: an account without a number stands for all of its accounts.
        account, answer, failure = VirtualAccount(broker=broker, number=""), None, None
        try:
            listed = await koscom.discretionary.accounts(broker, deadline=question.output.deadline)
        except KoscomError as error:
            failure = error
        else:
            rows = listed.accounts if question.include_ended else listed.active
            answer = DiscretionaryRows(account=account, rows=rows, notes=listed.notes)
        outcomes[broker.short_name] = DiscretionaryOutcome(
            account=account, answer=answer, error=failure, as_of=korean_now()
        )

    async with anyio.create_task_group() as group:
        for broker in asked:
            group.start_soon(read, broker)
    return DiscretionaryAnswers(
        outcomes=tuple(outcomes[broker.short_name] for broker in asked), as_of=asked_at
    )


@discretionary_group.command(
    name="holdings", short_help="Holdings of all contract accounts, merged.", epilog=exit_codes()
)
@click.option("--lots", "with_lots", is_flag=True, help="Show the lots of each position.")
@_question_options(*FORMATS["whole"])
def holdings_command(*, with_lots: bool, question: Question) -> None:
    """Show what all contract accounts hold, merged; between 08:30 and 16:00 KST the platform does not answer."""
    holdings = _ask(lambda koscom: koscom.discretionary_holdings(**question.options), question)
    finish(holdings, whole_renderers(holdings, with_lots=with_lots), question.output)


def _end_rows(
    answers: DiscretionaryAnswers[Any],
    columns: Sequence[Shown],
    noun: str,
    question: Question,
) -> None:
    def table() -> RenderableType:
        return page(f"{noun.capitalize()}s", answers, RowsTable(answers, columns, noun))

    renderers = {
        "table": table,
        "json": lambda: answers_data(answers),
        **rows_sheet(f"{noun}s", answers, columns).formats(),
    }
    finish(answers, renderers, question.output)


@discretionary_group.command(name="orders", short_help="Orders of a day.", epilog=exit_codes())
@click.option("--on", type=DAY, help="The day on which they were placed.  [default: today]")
@_question_options(*ROWS)
def orders_command(*, on: date | None, question: Question) -> None:
    """Show the orders of a day and what was executed of them."""
    answers = _ask(lambda koscom: koscom.discretionary.all_orders(on=on, **question.options), question)
    _end_rows(answers, ORDERS, "order", question)


@discretionary_group.command(
    name="settlements", short_help="What is to be settled, with costs.", epilog=exit_codes()
)
@click.option(
    "--on", type=DAY, help="Only of orders placed on this day.  [default: all that are not settled]"
)
@_question_options(*ROWS)
def settlements_command(*, on: date | None, question: Question) -> None:
    """Show what is to be settled, with costs; between 08:30 and 16:00 KST the platform does not answer."""
    answers = _ask(lambda koscom: koscom.discretionary.all_settlements(on=on, **question.options), question)
    _end_rows(answers, SETTLEMENTS, "settlement", question)


@discretionary_group.command(name="trades", short_help="The trade books, with costs.", epilog=exit_codes())
@click.option("--since", type=DAY, required=True, help="The first day.")
@click.option("--until", type=DAY, help="The last day.  [default: today]")
@_question_options(*ROWS)
def trades_command(*, since: date, until: date | None, question: Question) -> None:
    """Show the trade books, with costs."""
    until = until or korean_now().date()
    in_order(since, until)
    answers = _ask(lambda koscom: koscom.discretionary.all_trades(since, until, **question.options), question)
    _end_rows(answers, TRADES, "trade", question)
