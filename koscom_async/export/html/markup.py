"""Elements of HTML, in which every text is cleaned and escaped; knows nothing of holdings."""

from collections.abc import Iterable
from html import escape

from koscom_async.export.texts import clean


class Markup(str):
    """HTML that is done, and is not escaped again."""

    __slots__ = ()


Child = Markup | str | None | Iterable["Child"]

_VOID = {"br", "meta"}


def element(tag: str, *children: Child, kind: str = "", **attributes: str | None) -> Markup:
    """Return an element; `kind` is its class, and an attribute that is `None` is left out."""
    named = {"class": kind or None} | {
        name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()
    }
    written = "".join(f' {name}="{escape(value)}"' for name, value in named.items() if value is not None)
    end = "" if tag in _VOID else f"</{tag}>"
    return Markup(f"<{tag}{written}>{joined(*children)}{end}")


def joined(*children: Child) -> Markup:
    """Return what stands side by side: markup as it is, text cleaned and escaped, `None` as nothing."""
    return Markup("".join(map(_written, children)))


def _written(child: Child) -> str:
    match child:
        case None:
            return ""
        case Markup():
            return child
        case str():
            return escape(_spaced(child))
        case _:
            return joined(*child)


def _spaced(text: str) -> str:
    """Clean a text, and keep it apart from its neighbours where it was."""
    before, after = " " * text.startswith(" "), " " * text.endswith(" ")
    return f"{before}{clean(text)}{after}" if text.strip() else before
