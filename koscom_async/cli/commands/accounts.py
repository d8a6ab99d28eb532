"""`koscom accounts`: which accounts the investor has linked."""

import asyncio
from collections.abc import Sequence

import click
from attrs import frozen
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.text import Text

from koscom_async.cli.main import EXIT_CODES_HELP
from koscom_async.cli.options import gateway_options, opened
from koscom_async.cli.output import give, json_text, show
from koscom_async.cli.views.grid import Column, Grid, Row, fitting
from koscom_async.cli.views.sections import FAINT, plain_text
from koscom_async.client import Koscom
from koscom_async.export.rows import plain
from koscom_async.export.texts import broker_name, clean
from koscom_async.models.member import LinkedAccounts

_COLUMNS = (
    Column("Code", least=None),
    Column("Broker", least=None),
    Column("Name", least=10),
    Column("Account", least=None),
    Column("Alias", least=6),
)


@click.command(name="accounts", epilog=EXIT_CODES_HELP)
@click.option("--json", "as_json", is_flag=True, help="Write them as JSON.")
@gateway_options
def accounts_command(*, as_json: bool, sandbox: bool, faults: Sequence[str], latency: float | None) -> None:
    """List the accounts that the investor has linked."""
    linked = asyncio.run(_read(sandbox=sandbox, faults=faults, latency=latency))
    if as_json:
        give(json_text(plain(linked)))
    else:
        show(LinkedAccountsTable(linked))


async def _read(*, sandbox: bool, faults: Sequence[str], latency: float | None) -> LinkedAccounts:
    async with (
        opened(sandbox=sandbox, faults=faults, latency=latency) as access,
        Koscom(access.settings, tokens=access.tokens) as koscom,
    ):
        return await koscom.member.accounts(access.investor)


@frozen
class LinkedAccountsTable:
    """One line an account, and until when the investor agreed."""

    linked: LinkedAccounts

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the lines."""
        if not self.linked.accounts:
            yield Text("No accounts are linked.")
        else:
            yield fitting([Grid(_COLUMNS, tuple(self._rows()))], options.max_width)
        until = self.linked.terms_expire_on
        consent = "is not known" if until is None else f"ends on {until.isoformat()}"
        yield Group(Text(), Text(f"The consent to provide information {consent}.", FAINT))

    def _rows(self) -> list[Row]:
        return [
            Row(
                (
                    plain_text(account.broker.code, FAINT),
                    plain_text(account.broker.short_name),
                    Text(broker_name(account)),
                    Text(clean(account.masked_number)),
                    plain_text(account.alias or ""),
                )
            )
            for account in self.linked.accounts
        ]
