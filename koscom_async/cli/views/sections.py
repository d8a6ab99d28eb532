"""What every view has around it: a title, the alarm of a partial answer, headings, notes; and the colours.

Does not know what stands between them.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from attrs import frozen
from rich.box import HEAVY
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text

from koscom_async._clock import KST
from koscom_async.export.notes import Answered, failure_lines, headline
from koscom_async.export.texts import account_name, broker_name, clean, counted
from koscom_async.models.member import VirtualAccount

# The colours; what a colour means, a sign or a word means too.

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


def plain_text(text: str, style: str = "") -> Text:
    """Return text from the network for a terminal, without control characters and without markup."""
    return Text(clean(text), style=style)


def of_change(value: Decimal | None) -> str:
    """Return the colour of a gain or a loss."""
    if not value:
        return FAINT if value is None else ""
    return GAIN if value > 0 else LOSS


def page(
    name: str, answer: Answered, body: RenderableType, notes: Sequence[str] = (), *, noun: str = "account"
) -> RenderableType:
    """Return a whole page: title, alarm, body, notes, and the alarm once more."""
    panel = alarm(answer, noun)
    return Group(title(answer, name, noun), *panel, Text(), body, *notes_section(notes), *panel)


def title(answer: Answered, name: str = "Holdings", noun: str = "account") -> Text:
    """Return the name of what is shown, of how many accounts, and when they were asked."""
    asked, failed = len(answer.outcomes), len(answer.failures)
    accounts = counted(asked, noun) if not failed else f"{asked - failed} of {counted(asked, noun)}"
    return Text.assemble((name, HEADING), (f"  {accounts}, asked at {moment(answer.as_of)}", FAINT))


def moment(when: datetime) -> str:
    """Return a time in Korea; a saved one knows its zone by the offset alone."""
    return f"{when.astimezone(KST):%Y-%m-%d %H:%M:%S %Z}"


def alarm_lines(answer: Answered, noun: str = "account") -> list[str]:
    """Return the warning of a partial answer, a line for each account; nothing for a whole one."""
    text = headline(answer, noun)
    if text is None:
        return []
    return [
        text,
        *(f"  {name_of(each.account)}: {' '.join(failure_lines(each))}" for each in answer.failures),
    ]


def alarm(answer: Answered, noun: str = "account") -> list[RenderableType]:
    """Return the same in a panel."""
    lines = alarm_lines(answer, noun)
    if not lines:
        return []
    first, *others = lines
    texts = [Text(first), *(Text(line.strip(), "not bold") for line in others)]
    return [Text(), Panel(Text("\n").join(texts), box=HEAVY, style=ALARM, padding=(0, 1))]


def name_of(account: VirtualAccount) -> str:
    """Return broker and masked number; the broker alone where its list of accounts could not be read."""
    return account_name(account) if account.number else f"{broker_name(account)} (list of accounts)"


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
            yield Text.assemble(("• ", WARNING), clean(line))


@frozen
class _Heading:
    """The title of a section on a rule, which is left out where it would cut the title."""

    title: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        text = Text(self.title, HEADING)
        has_room = cell_len(self.title) + len(" ─") < options.max_width
        yield Rule(text, align="left", style=FAINT) if has_room else text
