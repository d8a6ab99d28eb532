"""The firm's contract accounts of several brokers: read at once, each broker by itself, and shown."""

from collections.abc import Iterator, Sequence
from typing import Any

import anyio
from attrs import field, frozen
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from koscom_async.brokers import Broker
from koscom_async.cli.output import csv_table
from koscom_async.cli.views.grid import Column, Grid, Row, fitting
from koscom_async.cli.views.sections import ALARM, FAINT, plain_text
from koscom_async.client import Koscom
from koscom_async.errors import KoscomError
from koscom_async.export.rows import plain
from koscom_async.export.texts import counted
from koscom_async.models.discretionary.account import DiscretionaryAccount

_STATES = {"0": "in force", "1": "terminated", "2": "matured"}
_COLUMNS = (
    Column("Code", least=None),
    Column("Broker", least=None),
    Column("Account", least=None),
    Column("Virtual account", least=None),
    Column("Contract", least=None),
)


@frozen(kw_only=True)
class BrokerList:
    """How one broker's list ended."""

    broker: Broker
    accounts: tuple[DiscretionaryAccount, ...] = ()
    error: KoscomError | None = None


@frozen
class Contracts:
    """The lists of all brokers, in the order in which they were asked for."""

    outcomes: tuple[BrokerList, ...] = field()

    @property
    def failures(self) -> tuple[BrokerList, ...]:
        """The brokers whose list could not be read."""
        return tuple(each for each in self.outcomes if each.error is not None)

    @property
    def complete(self) -> bool:
        """Whether every list was read."""
        return not self.failures

    @property
    def accounts(self) -> tuple[DiscretionaryAccount, ...]:
        """The accounts of all lists."""
        return tuple(account for each in self.outcomes for account in each.accounts)


async def read_contracts(
    koscom: Koscom, brokers: Sequence[str] | None, *, include_ended: bool, deadline: float | None
) -> Contracts:
    """Ask every broker at once; none that fails disturbs another."""
    asked = koscom.discretionary.brokers_of(brokers)
    lists: dict[str, BrokerList] = {}

    async def read(broker: Broker) -> None:
        try:
            listed = await koscom.discretionary.accounts(broker, deadline=deadline)
        except KoscomError as error:
            lists[broker.short_name] = BrokerList(broker=broker, error=error)
        else:
            kept = listed.accounts if include_ended else listed.active
            lists[broker.short_name] = BrokerList(broker=broker, accounts=kept)

    async with anyio.create_task_group() as group:
        for broker in asked:
            group.start_soon(read, broker)
    return Contracts(tuple(lists[broker.short_name] for broker in asked))


def contracts_plain(listed: Contracts) -> dict[str, Any]:
    """Return the lists as plain data."""
    failures = [{"broker": each.broker.short_name, "error": plain(each.error)} for each in listed.failures]
    return {"complete": listed.complete, "accounts": plain(listed.accounts), "failures": failures}


def contracts_csv(listed: Contracts) -> str:
    """Return one row an account, numbers masked."""
    return csv_table(
        ("broker", "account", "virtual_account", "status"),
        (
            {
                "broker": each.broker.short_name,
                "account": each.masked_number,
                "virtual_account": plain(each)["virtual_number"],
                "status": each.status,
            }
            for each in listed.accounts
        ),
    )


@frozen
class ContractsTable:
    """One line an account, and one for each broker whose list could not be read."""

    listed: Contracts

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the lines."""
        rows = tuple(self._rows())
        if rows:
            yield fitting([Grid(_COLUMNS, rows)], options.max_width)
        yield Text(counted(len(rows), "account") + " under contract", FAINT)
        for failure in self.listed.failures:
            yield Text(f"INCOMPLETE: {failure.broker.short_name}: ", ALARM) + plain_text(str(failure.error))

    def _rows(self) -> Iterator[Row]:
        for each in self.listed.accounts:
            virtual = plain(each)["virtual_number"]
            status = "not known" if each.status is None else _STATES.get(str(each.status), str(each.status))
            yield Row(
                (
                    plain_text(each.broker.code, FAINT),
                    plain_text(each.broker.short_name),
                    plain_text(each.masked_number),
                    plain_text(virtual or ""),
                    plain_text(status),
                )
            )
