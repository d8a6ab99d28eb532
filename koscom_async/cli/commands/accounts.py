"""`koscom accounts`: which accounts the investor has linked."""

import asyncio
from collections.abc import Mapping

import click
from attrs import frozen
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.text import Text

from koscom_async._clock import korean_now
from koscom_async.cli.access import GatewayOptions, open_client
from koscom_async.cli.ending import single_data, write
from koscom_async.cli.main import exit_codes
from koscom_async.cli.options import ROWS, OutputOptions, answer_options
from koscom_async.cli.views.layout import FAINT, Column, Grid, Row, fitting, plain_text
from koscom_async.cli.views.records import Sheet
from koscom_async.export.rows import plain
from koscom_async.export.tables import Type
from koscom_async.export.texts import broker_name, clean
from koscom_async.models.member import LinkedAccounts, VirtualAccount

COLUMNS: Mapping[str, Type] = dict.fromkeys(
    ("broker_code", "broker", "broker_name", "account", "alias"), "text"
)
_COLUMNS = (
    Column("Code", least=None),
    Column("Broker", least=None),
    Column("Name", least=10),
    Column("Account", least=None),
    Column("Alias", least=6),
)


@click.command(
    name="accounts",
    epilog=exit_codes("the accounts are listed", "an error: there is no list", partial=None),
)
@answer_options(*ROWS)
def accounts_command(*, output: OutputOptions, gateway: GatewayOptions) -> None:
    """List the accounts that the investor has linked."""
    as_of = korean_now()
    linked = asyncio.run(_read(gateway, output.deadline))
    renderers = {
        "table": lambda: LinkedAccountsTable(linked),
        "json": lambda: single_data(plain(linked), as_of=as_of),
        **Sheet("accounts", COLUMNS, list(map(_record, linked.accounts))).formats(),
    }
    write(renderers, output)


async def _read(gateway: GatewayOptions, deadline: float | None) -> LinkedAccounts:
    async with open_client(gateway) as access:
        return await access.koscom.member.accounts(access.investor, deadline=deadline)


def _record(account: VirtualAccount) -> dict[str, object]:
    return {
        "broker_code": account.broker.code,
        "broker": account.broker.short_name,
        "broker_name": broker_name(account),
        "account": account.masked_number,
        "alias": account.alias,
    }


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
