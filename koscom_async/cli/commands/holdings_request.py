"""What `koscom holdings` can be asked for: its options, and which of them exclude each other.

Does not read or write anything but the arguments.
"""

from collections.abc import Mapping
from functools import wraps
from pathlib import Path
from typing import Any, Literal, cast

import click
from attrs import frozen

from koscom_async.cli.access import GatewayOptions
from koscom_async.cli.files import savable
from koscom_async.cli.options import (
    ROWS,
    Command,
    Format,
    OutputOptions,
    Word,
    add_options,
    answer_options,
    refuse_other,
)
from koscom_async.cli.views.groups import HEADINGS
from koscom_async.models.breakdown import GroupBy

View = Literal["whole", "by", "diff", "explain", "watch", "live"]

FORMATS: Mapping[View, tuple[Format, ...]] = {
    "whole": ("table", "json", "csv", "parquet", "xlsx", "html"),
    "by": ROWS,
    "diff": ("table", "json"),
    "explain": ("table", "json"),
    "watch": ("table",),
    "live": ROWS,
}
"""The formats of each view."""

WATCH_SECONDS = 60.0
LEAST_WATCH_SECONDS = 10.0
"""Each time costs several calls, and a day has 50,000."""


@frozen(kw_only=True)
class HoldingsRequest:
    """A view of the holdings in a format, and what else is done with them."""

    view: View
    output: OutputOptions
    by: GroupBy | None
    earlier: Path | None
    term: str | None
    with_lots: bool
    save: Path | None
    interval: float | None


def _interval(_: click.Context, __: click.Parameter, seconds: float | None) -> float | None:
    if seconds is not None and not LEAST_WATCH_SECONDS <= seconds < float("inf"):
        raise click.BadParameter(
            f"must be {LEAST_WATCH_SECONDS:g} seconds or more, to spare the brokers; got {seconds:g}"
        )
    return seconds


_FILE = click.Path(path_type=Path)

_OPTIONS = (
    click.option(
        "--by",
        type=Word(tuple(HEADINGS)),
        help="Show sums by asset class, product, broker, account or currency.",
    ),
    click.option(
        "--lots",
        "with_lots",
        is_flag=True,
        help="Show the lots of each position, one per account row. JSON always has them.",
    ),
    click.option(
        "--explain",
        "term",
        metavar="CODE_OR_NAME",
        help="Show why a position's numbers are what they are, down to the brokers' rows.",
    ),
    click.option(
        "--diff",
        "earlier",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Show what changed since the holdings that --save wrote to FILE.",
    ),
    click.option(
        "--live",
        "live",
        is_flag=True,
        help="Show each listed position at the market's last price, beside the broker's value.",
    ),
    click.option(
        "--save",
        type=_FILE,
        callback=savable,
        metavar="FILE",
        help="Also save the holdings for a later --diff, in a file that only you can read.",
    ),
    click.option(
        "--watch",
        "interval",
        type=float,
        is_flag=False,
        flag_value=WATCH_SECONDS,
        metavar="[SECONDS]",
        callback=_interval,
        help=f"Repeat every SECONDS (default {WATCH_SECONDS:g}, at least {LEAST_WATCH_SECONDS:g}) and show changes, "
        "until Ctrl-C.",
    ),
)


def holdings_options(command: Command) -> Command:
    """Add the options of `koscom holdings`; the command gets `request` and `gateway`."""

    @wraps(command)
    def collected(*arguments: Any, gateway: GatewayOptions, **options: Any) -> Any:
        return command(*arguments, request=_request(**options), gateway=gateway)

    return add_options(collected, (*_OPTIONS, answer_options(*FORMATS["whole"])))


def _request(
    *,
    by: str | None,
    earlier: Path | None,
    term: str | None,
    interval: float | None,
    live: bool,
    **others: Any,
) -> HoldingsRequest:
    """Return what the options ask for, or refuse those that exclude each other."""
    request = HoldingsRequest(
        view=_view(by=by, earlier=earlier, term=term, interval=interval, live=live or None),
        by=cast("GroupBy | None", by),
        earlier=earlier,
        term=term,
        interval=interval,
        **others,
    )
    _check(request)
    return request


def _view(
    *, by: str | None, earlier: Path | None, term: str | None, interval: float | None, live: bool | None
) -> View:
    given: dict[str, object] = {"--by": by, "--diff": earlier, "--explain": term, "--live": live}
    asked = [option for option, value in given.items() if value is not None]
    if interval is not None:
        # Groups can be watched; what is compared or explained once cannot.
        asked = [*(option for option in asked if option != "--by"), "--watch"]
    if len(asked) > 1:
        raise click.UsageError(f"{asked[0]} and {asked[1]} exclude each other")
    return cast("View", asked[0].removeprefix("--")) if asked else "whole"


def _check(request: HoldingsRequest) -> None:
    if request.term is not None and not request.term.strip():
        raise click.BadParameter("must not be empty: give a code or a name", param_hint="--explain")
    name = f"--{request.view}"
    refuse_other(request.output.format, FORMATS[request.view], name)
    if request.with_lots and (request.view in {"diff", "explain", "live"} or request.by is not None):
        shown = "--by" if request.by is not None else name
        raise click.UsageError(f"--lots and {shown} exclude each other: lots stand below positions")
    if request.interval is not None and (request.save or request.output.file):
        option = "--save" if request.save else "--output"
        raise click.UsageError(f"--watch and {option} exclude each other: there is no last answer to write")
