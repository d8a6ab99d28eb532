"""Text from the network, made fit for a terminal: no control character gets through, and no markup is read."""

from rich.text import Text

from koscom_async.export.texts import clean


def plain_text(text: str, style: str = "") -> Text:
    """Return foreign text for rich, which reads no markup in it."""
    return Text(clean(text), style=style)
