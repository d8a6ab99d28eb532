"""What every view of holdings has around it: a title, the alarm of a partial answer, headings, notes."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from attrs import frozen
from rich.box import HEAVY
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text

from koscom_async._clock import KST
from koscom_async.export.notes import failure_lines, headline
from koscom_async.export.texts import account_name, clean, counted
from koscom_async.models.holdings import Holdings

# Text from the network, made fit for a terminal: no control character gets through, and no markup is read.


def plain_text(text: str, style: str = "") -> Text:
    """Return foreign text for rich, which reads no markup in it."""
    return Text(clean(text), style=style)


# The colours of the report; whatever they say is also said by a sign or a word.

HEADING = "bold"
FAINT = "dim"
GOOD = "green"
BAD = "bold red"
ALARM = "bold white on red"
WARNING = "yellow"
BAR = "cyan"

# Korean brokers show what has risen in red and what has fallen in blue.
GAIN = "red"
LOSS = "bright_blue"


def of_change(value: Decimal | None) -> str:
    """Return the colour of a gain or a loss."""
    if not value:
        return FAINT if value is None else ""
    return GAIN if value > 0 else LOSS


def title(holdings: Holdings, name: str = "Holdings") -> Text:
    """Return what is shown, of how many accounts, and when they were asked."""
    asked, failed = len(holdings.outcomes), len(holdings.failures)
    accounts = counted(asked, "account") if not failed else f"{asked - failed} of {counted(asked, 'account')}"
    return Text.assemble((name, HEADING), (f"  {accounts}, asked at {moment(holdings)}", FAINT))


def moment(holdings: Holdings) -> str:
    """Return when the question was asked; what was saved knows the zone by its offset alone."""
    return f"{holdings.as_of.astimezone(KST):%Y-%m-%d %H:%M:%S %Z}"


def alarm(holdings: Holdings) -> list[RenderableType]:
    """Return what must not be missed of a partial answer; nothing of a whole one."""
    text = headline(holdings)
    if text is None:
        return []
    lines = [Text(text)]
    lines.extend(
        Text(f"{account_name(failure.account)}: {failure_lines(failure)[0]}", "not bold")
        for failure in holdings.failures
    )
    return [Text(), Panel(Text("\n").join(lines), box=HEAVY, style=ALARM, padding=(0, 1))]


def section(name: str, *parts: RenderableType) -> Iterator[RenderableType]:
    """Yield a heading, and what stands below it."""
    yield Text()
    yield _Heading(name)
    yield from parts


def notes_section(lines: Sequence[str]) -> Iterator[RenderableType]:
    """Yield notes, if there are any."""
    if lines:
        yield from section("Notes")
        for line in lines:
            yield Text.assemble(("• ", WARNING), line)


@frozen
class _Heading:
    """The title of a section on a rule, which is left out where it would cut the title."""

    title: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        text = Text(self.title, HEADING)
        has_room = cell_len(self.title) + len(" ─") < options.max_width
        yield Rule(text, align="left", style=FAINT) if has_room else text
