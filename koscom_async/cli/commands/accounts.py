"""`koscom accounts`: which accounts the investor has linked."""

import asyncio

import click
from attrs import frozen
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.text import Text

from koscom_async._clock import korean_now
from koscom_async.cli.main import exit_codes
from koscom_async.cli.options import JSON_HELP, GatewayOptions, gateway_options, open_client
from koscom_async.cli.output import json_text, print_report, versioned, write_stdout
from koscom_async.cli.views.layout import FAINT, Column, Grid, Row, fitting, plain_text
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


@click.command(
    name="accounts",
    epilog=exit_codes("the accounts are listed", "an error: there is no list", is_partial=False),
)
@click.option("--json", "as_json", is_flag=True, help=JSON_HELP)
@gateway_options
def accounts_command(*, as_json: bool, gateway: GatewayOptions) -> None:
    """List the accounts that the investor has linked."""
    as_of = korean_now()
    linked = asyncio.run(_read(gateway))
    if as_json:
        write_stdout(json_text(versioned({"as_of": plain(as_of), **plain(linked)})))
    else:
        print_report(LinkedAccountsTable(linked))


async def _read(gateway: GatewayOptions) -> LinkedAccounts:
    async with open_client(gateway) as access:
        return await access.koscom.member.accounts(access.investor)


@frozen
class LinkedAccountsTable:
    """One line per account, and when the investor's consent ends."""

    linked: LinkedAccounts

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
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
