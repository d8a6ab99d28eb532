"""The colours of the report; whatever they say is also said by a sign or a word."""

from decimal import Decimal

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
