"""Text from the network, made fit for a terminal: no control character gets through, and no markup is read."""

from rich.text import Text

from koscom_async.models.member import VirtualAccount


def clean(text: str) -> str:
    """Return foreign text in one line, without control, direction and other invisible characters."""
    visible = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(visible.split())


def plain_text(text: str, style: str = "") -> Text:
    """Return foreign text for rich, which reads no markup in it."""
    return Text(clean(text), style=style)


def broker_name(account: VirtualAccount) -> str:
    """Return the broker's Korean name, or its short one where the registry does not know it."""
    return clean(account.broker.name_ko or account.broker.short_name)


def account_name(account: VirtualAccount) -> str:
    """Return broker and masked number."""
    return f"{broker_name(account)} {clean(account.masked_number)}"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 call`, `5 calls`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
