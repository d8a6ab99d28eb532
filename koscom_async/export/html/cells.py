"""What every page is made of: escaped elements, signed changes, account names, table cells, sections."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from html import escape

from koscom_async.export import amounts
from koscom_async.export.html.style import STYLE, VIEW
from koscom_async.export.texts import broker_name, clean
from koscom_async.models.account import WON
from koscom_async.models.member import VirtualAccount


class Markup(str):
    """HTML that is ready: `element` and `joined` clean and escape every other text, and leave this as it is."""

    __slots__ = ()


Child = Markup | str | None | Iterable["Child"]

_VOID = {"br", "input", "meta"}


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


GAIN, LOSS = "▲", "▼"


def view(*children: Child) -> Markup:
    """Return a page for a notebook's cell: its style, and a box that the style holds for."""
    # The two classes keep MathJax from reading formulas into names with dollar signs.
    box = element("div", *children, kind=f"{VIEW} tex2jax_ignore mathjax_ignore")
    return joined(element("style", Markup(STYLE)), box)


def moment(when: datetime) -> str:
    """Return a time of day with its zone."""
    return f"{when:%Y-%m-%d %H:%M:%S %Z}".strip()


def change_kind(value: Decimal | None) -> str:
    """Return the class of a gain or a loss."""
    return ("kv-gain" if value > 0 else "kv-loss") if value else ""


def change(value: Decimal | None, currency: str = WON) -> str:
    """Return a gain or a loss, marked by arrow and sign and not only by colour."""
    shown = amounts.change(value, currency)
    return f"{GAIN if value > 0 else LOSS} {shown}" if value else shown


def korean(text: str) -> Markup:
    """Return a name marked as Korean, so that no Chinese or Japanese letter forms are used."""
    return element("span", text, lang="ko")


def named(account: VirtualAccount) -> Markup:
    """Return broker and masked number."""
    return joined(korean(broker_name(account)), f" {account.masked_number}")


def account_cell(account: VirtualAccount, *remarks: str) -> Markup:
    """Return broker, and below it the masked number, the alias and what else there is."""
    below = [clean(account.masked_number), clean(account.alias or ""), *remarks]
    return joined(korean(broker_name(account)), second_line(" · ".join(filter(None, below))))


def number(upper: Child, lower: Child = None, *, kind: str = "") -> Markup:
    """Return a cell with a number, and perhaps a smaller one below."""
    return element("td", upper, second_line(lower), kind=kind)


def second_line(lower: Child) -> Markup | None:
    """Return what stands smaller below a text: on a line of its own also where a notebook strips the style."""
    return joined(element("br"), element("small", lower)) if lower else None


def text_cell(*children: Child, kind: str = "", tag: str = "td", colspan: int | None = None) -> Markup:
    """Return a cell with text, perhaps over several columns."""
    span = None if colspan is None else str(colspan)
    return element(tag, *children, kind=f"kv-text {kind}".strip(), colspan=span)


def header(*columns: tuple[str, str, str]) -> Markup:
    """Return the head of a table: of each column what stands above, what below it, and its classes."""
    cells = [
        element("th", upper, second_line(lower), kind=kind, scope="col") for upper, lower, kind in columns
    ]
    return element("thead", element("tr", cells))


def table(head: Markup, bodies: Iterable[Child], foot: Child = None, *, is_long: bool = False) -> Markup:
    """Return a table in its frame; a long one scrolls below its head."""
    foot = element("tfoot", foot) if foot else None
    return element(
        "div",
        element("table", head, bodies, foot, kind="kv-table"),
        kind="kv-frame kv-long" if is_long else "kv-frame",
        tabindex="0" if is_long else None,
    )


def section(title: str, remark: str, *children: Child) -> Markup:
    """Return a part of the page under its title."""
    return joined(element("h3", title, " ", element("small", remark) if remark else None), *children)


def remarks_list(lines: Sequence[str]) -> Markup | None:
    """Return what else must be known, a line each; `None` where nothing must."""
    return element("ul", [element("li", line) for line in lines], kind="kv-notes") if lines else None


def figure(label: Child, amount: Child, below: Child = None, *, kind: str = "", change: str = "") -> Markup:
    """Return one figure of the row of figures."""
    # Not <dl>: where a notebook strips the style, JupyterLab's own floats its parts beside others' labels.
    return element(
        "div",
        element("div", label, kind="kv-label"),
        element("div", amount, kind=f"kv-amount {change}".strip()),
        element("div", below, kind="kv-sub") if below else None,
        kind=kind,
    )


def figures(*parts: Child) -> Markup:
    """Return the row of figures."""
    return element("div", *parts, kind="kv-figures")
