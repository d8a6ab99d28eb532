"""`koscom holdings`: what the investor owns, everywhere, right now."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

import click

from koscom_async.cli.main import EXIT_CODES_HELP, FAILED, code_of
from koscom_async.cli.options import Access, Wish, gateway_options, holdings_options, opened, wish_of
from koscom_async.cli.output import drawn_text, give, save, saved_holdings, say, show, write
from koscom_async.cli.progress import progress
from koscom_async.cli.views.choice import Answer, drawn, written
from koscom_async.cli.watch.loop import watch
from koscom_async.cli.watch.watchers import watcher
from koscom_async.client import Koscom
from koscom_async.export.notes import failure_lines, headline
from koscom_async.export.texts import account_name, clean
from koscom_async.models.holdings import Holdings

Gateway = Callable[[], AbstractAsyncContextManager[Access]]


@click.command(name="holdings", epilog=EXIT_CODES_HELP)
@holdings_options
@gateway_options
@click.pass_context
def holdings_command(
    context: click.Context,
    /,
    *,
    sandbox: bool,
    faults: Sequence[str],
    latency: float | None,
    **wishes: Any,
) -> None:
    """Show what the investor owns at every linked broker, merged.

    Amounts in KRW are whole won, gains are red and losses blue as Korean brokers show them; — is not known. The other
    formats have every digit.
    """
    wish = wish_of(**wishes)
    gateway = partial(opened, sandbox=sandbox, faults=faults, latency=latency)
    if wish.interval is not None:
        asyncio.run(_watch(gateway, wish, wish.interval))
    # Read first: where the file is not what it should be, nothing need be asked.
    earlier = saved_holdings(wish.earlier) if wish.earlier else None
    holdings = asyncio.run(_read(gateway, wish))
    if wish.save:
        _save(holdings, wish)
    _deliver(Answer(wish, holdings, earlier))
    context.exit(code_of(holdings))


async def _read(gateway: Gateway, wish: Wish) -> Holdings:
    async with gateway() as access, Koscom(access.settings, tokens=access.tokens) as koscom:
        return await read_holdings(koscom, access, deadline=wish.deadline)


async def _watch(gateway: Gateway, wish: Wish, interval: float) -> None:
    async with gateway() as access, Koscom(access.settings, tokens=access.tokens) as koscom:
        first = await read_holdings(koscom, access, deadline=wish.deadline)
        again = partial(koscom.holdings, access.investor, deadline=wish.deadline)
        with watcher(interval=interval, by=wish.by, with_lots=wish.with_lots) as seen:
            await watch(first, again, seen, interval=interval)


async def read_holdings(koscom: Koscom, access: Access, *, deadline: float | None) -> Holdings:
    """Read every account, and tell whoever watches how it goes."""
    with progress(access.sandbox_url) as seen:
        async with koscom.stream_holdings(access.investor, deadline=deadline) as stream:
            seen.asking(stream)
            async for outcome in stream:
                seen.settled(outcome)
            return stream.holdings


def _save(holdings: Holdings, wish: Wish) -> None:
    if wish.save is None:
        return
    if code_of(holdings) == FAILED:
        say(f"not saved to {clean(str(wish.save))}: nothing could be read")
        return
    save(holdings, wish.save)
    partial_answer = "" if holdings.complete else ", INCOMPLETE as it is,"
    say(
        f"saved{partial_answer} to {clean(str(wish.save))}, with account numbers in full: keep it to yourself"
    )


def _deliver(answer: Answer) -> None:
    """Give what was asked for, and say on stderr what the format may not."""
    wish = answer.wish
    if wish.format == "table" and wish.output is None:
        show(drawn(answer))
        return
    data = drawn_text(drawn(answer)).encode() if wish.format == "table" else written(answer)
    if wish.output is None:
        give(data)
    else:
        write(wish.output, data)
        say(f"written to {clean(str(wish.output))}")
    _say_what_is_missing(answer.holdings)


def _say_what_is_missing(holdings: Holdings) -> None:
    text = headline(holdings)
    if text is None:
        return
    say(text)
    for failure in holdings.failures:
        say(f"  {account_name(failure.account)}: {' '.join(failure_lines(failure))}")
