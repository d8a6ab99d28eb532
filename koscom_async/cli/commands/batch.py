"""`koscom batch`: what many investors own, read once each, and written into files that a killed run goes on with."""

import asyncio
import math
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import click
from attrs import evolve, frozen

from koscom_async.batch import (
    BatchEstimate,
    BatchReport,
    JsonLinesSink,
    ParquetSink,
    Sink,
    aggregate,
    estimate,
    read_investors,
)
from koscom_async.cli import INTERRUPTED
from koscom_async.cli.access import GatewayOptions, open_client
from koscom_async.cli.ending import write
from koscom_async.cli.main import FAILED, PARTIAL, STOPPED, WHOLE, Failed, exit_codes
from koscom_async.cli.options import QUIET, OutputOptions, Word, rates_by_broker
from koscom_async.cli.output import write_stderr
from koscom_async.cli.views.batch import BatchReporter, EstimateTable, ReportTable, batch_reporter
from koscom_async.export.rows import plain
from koscom_async.export.texts import clean
from koscom_async.models.investor import Investor
from koscom_async.settings import BrokerLimits, Limits

_LINES = {".jsonl", ".ndjson"}
_PLATFORM = GatewayOptions(sandbox=False, faults=(), latency=None)


@frozen
class InvestorsFile:
    """A file of investors; its rows are counted and checked before the first call, and read again for the run."""

    path: Path
    count: int

    @classmethod
    def checked(cls, path: Path) -> "InvestorsFile":
        """Return the file, or raise the `SettingsError` of the first row that is wrong."""
        return cls(path, sum(1 for _ in read_investors(path)))

    def __iter__(self) -> Iterator[tuple[str, Investor]]:
        return read_investors(self.path)

    def __len__(self) -> int:
        return self.count


def _limits(context: click.Context, option: click.Parameter, texts: Sequence[str]) -> Limits:
    """Return the limits that --rate gives; a rate without a broker holds for those that are not named."""
    rates = rates_by_broker(context, option, texts)
    named = {broker: _broker_limits(rate) for broker, rate in rates.items()}
    total = max([Limits().in_flight, *(len(named) * limits.in_flight for limits in named.values())])
    default = named.pop("", BrokerLimits())
    return Limits(default=default, brokers=named, in_flight=total)


def _broker_limits(rate: float) -> BrokerLimits:
    burst = max(1, math.ceil(rate))
    return BrokerLimits(rate=rate, burst=burst, in_flight=max(BrokerLimits().in_flight, burst))


@click.command(
    name="batch",
    epilog=exit_codes(
        "every account of every investor was read",
        "an error, or no account was read",
        others={STOPPED: "stopped: the day's calls are spent; go on with --resume"},
    ),
)
@click.argument("investors", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Write to FOLDER, or to one file NAME.jsonl.",
)
@click.option(
    "--format",
    "format_",
    type=Word(("parquet", "jsonl")),
    help="Parquet tables, or a line of JSON for each investor.  [default: parquet, or by the suffix of --output]",
)
@click.option("--resume", is_flag=True, help="Go on with a run that was ended; begin it where there is none.")
@click.option(
    "--estimate",
    "estimating",
    is_flag=True,
    help="Only say how many calls and hours it takes. Reads ten investors, unless the run has begun.",
)
@click.option(
    "--rate",
    "limits",
    metavar="[BROKER=]N",
    multiple=True,
    callback=_limits,
    help="Calls a second to a broker, or to each (50, samsung=30). Repeatable.  [default: 10]",
)
@click.option(
    "--reserve",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="SHARE",
    help="Leave this share of the day's calls to others, such as 0.2.",
)
@click.option("--json", "as_json", is_flag=True, help="Write the summary as JSON.")
@QUIET
def batch_command(
    *,
    investors: Path,
    output: Path | None,
    format_: str | None,
    resume: bool,
    estimating: bool,
    limits: Limits,
    reserve: float,
    as_json: bool,
    quiet: bool,
) -> None:
    """Read what many investors own, and write each of them once.

    INVESTORS is a .csv or .parquet file with the columns key, ci, name, ip and mac, and, where `koscom login` saved
    none, access_token. A broker that is slow or down holds up no other: its accounts are asked again at the end.

    What is needed to go on is kept in FOLDER.checkpoint. A run that was ended, at any moment, goes on with --resume,
    and has each investor in the output once. It asks again at most the last 1,000 investors and those who were open;
    these, after a kill, one at a time at the end, so that one who kills the process is found.
    """
    limits = evolve(limits, quota_reserve=reserve)
    summary = OutputOptions(format="json" if as_json else "table")
    has_begun = output is not None and _has_begun(output)
    if estimating:
        begun = _checkpoint_of(output) if output is not None and has_begun else None
        _end_estimate(asyncio.run(_estimate(InvestorsFile.checked(investors), begun, limits)), summary)
    if output is None:
        raise click.UsageError("--output is missing: name a folder, or add --estimate")
    if has_begun and not resume:
        raise click.UsageError(
            f"{clean(str(_checkpoint_of(output)))} is of a run that began:"
            " go on with --resume, or name another --output"
        )
    listed, sink = InvestorsFile.checked(investors), _sink(output, format_)
    with batch_reporter(quiet=quiet) as reporter:
        try:
            with _ended_as_by_ctrl_c():
                report = asyncio.run(_read(listed, sink, output, limits, reporter))
        except KeyboardInterrupt:
            reporter.stop()
            write_stderr("interrupted: what was written stays; go on with --resume")
            click.get_current_context().exit(INTERRUPTED)
    _end(report, output, summary)


def _sink(output: Path, format_: str | None) -> Sink:
    is_lines = format_ == "jsonl" if format_ else any(suffix in _LINES for suffix in output.suffixes)
    try:
        return JsonLinesSink(output) if is_lines else ParquetSink(output)
    except ImportError as error:
        raise Failed(str(error)) from error


async def _read(
    listed: InvestorsFile, sink: Sink, output: Path, limits: Limits, reporter: BatchReporter
) -> BatchReport:
    reporter.begin(len(listed), output)
    async with open_client(_PLATFORM, for_investor=False, limits=limits) as access:
        return await aggregate(
            access.koscom, listed, sink=sink, checkpoint=_checkpoint_of(output), on_progress=reporter.show
        )


@contextmanager
def _ended_as_by_ctrl_c() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the run as Ctrl-C does: who shuts down or logs off makes no investor suspect.

    What is ignored stays so, as under `nohup`.
    """
    every = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    caught = [each for each in every if signal.getsignal(each) is signal.SIG_DFL]
    for each in caught:
        signal.signal(each, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        for each in caught:
            signal.signal(each, signal.SIG_DFL)


def _checkpoint_of(output: Path) -> Path:
    return output.with_name(f"{output.name}.checkpoint")


def _has_begun(output: Path) -> bool:
    if output.name in ("", ".."):
        raise click.UsageError("--output has no name of its own: name a folder, such as night, or NAME.jsonl")
    try:
        return _checkpoint_of(output).exists()
    except OSError as error:
        raise click.UsageError(f"--output cannot be written: {error.strerror}") from None


async def _estimate(listed: InvestorsFile, checkpoint: Path | None, limits: Limits) -> BatchEstimate:
    async with open_client(_PLATFORM, for_investor=False, limits=limits) as access:
        return await estimate(access.koscom, listed, checkpoint=checkpoint)


def _end_estimate(estimated: BatchEstimate, summary: OutputOptions) -> NoReturn:
    write({"table": partial(EstimateTable, estimated), "json": partial(plain, estimated)}, summary)
    click.get_current_context().exit(WHOLE)


def _end(report: BatchReport, output: Path, summary: OutputOptions) -> NoReturn:
    write({"table": partial(ReportTable, report, output), "json": partial(_data, report, output)}, summary)
    click.get_current_context().exit(_exit_code(report))


def _data(report: BatchReport, output: Path) -> dict[str, Any]:
    """Return the summary as JSON, in which `complete` is what it is in every answer."""
    counts: dict[str, Any] = plain(report)
    investors = {"complete_investors": counts.pop("complete")}
    return {"complete": report.ok, "output": str(output)} | counts | investors


def _exit_code(report: BatchReport) -> int:
    if report.stopped is not None:
        return STOPPED
    if report.ok:
        return WHOLE
    return PARTIAL if report.read or report.skipped else FAILED
