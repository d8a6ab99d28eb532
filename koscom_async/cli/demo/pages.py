"""The page of the demonstration in a language, and what it loads: its style and its script."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

from koscom_async.brokers import find_broker
from koscom_async.export.html.cells import Child, Markup, element, joined
from koscom_async.export.html.style import DARK, FONTS, LIGHT, theme
from koscom_async.sandbox.dialects import DIALECTS

LANGUAGES: Mapping[str, str] = {"ko": "한국어", "en": "English"}

# Buttons and links; what is written on a button; the edge of a control, which must be seen.
_CONTROLS = {
    "light": {"ground": "#f3f5f8", "link": "#2457bd", "on-link": "#ffffff", "edge": "#7b8594"},
    "dark": {"ground": "#0c0e11", "link": "#86adff", "on-link": "#0c1220", "edge": "#717b8a"},
}


def page(language: str, chosen: Collection[str]) -> str:
    """Return the page; `chosen` are the faults that are selected when it opens, as `star=down`."""
    texts = texts_in(language)
    facts = {name: text for name, text in texts.items() if isinstance(text, str)} | {
        "lang": language,
        "languages": joined(*_links(language, chosen)),
        "query": f"?{urlencode([('fault', each) for each in chosen])}" if chosen else "",
        "selects": joined(*_selects(texts["faults"], chosen)),
        # They stand as JSON in a `script` element, where a `<` could only end the element or open a comment.
        "texts": Markup(json.dumps(texts, ensure_ascii=False).replace("<", "\\u003c")),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: joined(facts[found[1]]), asset("page.html"))


def style() -> str:
    """Return the style sheet: the colours of all pages, and what this one looks like."""
    light, dark = (
        theme(scheme, {**colours, **_CONTROLS[scheme]})
        for scheme, colours in (("light", LIGHT), ("dark", DARK))
    )
    themes = f":root {{ --fonts: {FONTS}; {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
    return themes + asset("page.css")


@cache
def asset(name: str) -> str:
    """Return the text of a file beside this module."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def texts_in(language: str) -> Mapping[str, Any]:
    """Return every text of the page in one language."""
    texts: Mapping[str, Any] = _in(language, json.loads(asset("texts.json")))
    return texts


def _in(language: str, texts: Mapping[str, Any]) -> Any:
    if texts.keys() == LANGUAGES.keys():
        return texts[language]
    return {name: _in(language, each) for name, each in texts.items()}


def _links(language: str, chosen: Collection[str]) -> Iterator[Child]:
    for code, name in LANGUAGES.items():
        query = urlencode([*(("fault", each) for each in chosen), ("lang", code)])
        current = "page" if code == language else None
        yield element("a", name, href=f"/?{query}", hreflang=code, lang=code, aria_current=current)


def _selects(faults: Mapping[str, str], chosen: Collection[str]) -> Iterator[Child]:
    for short_name in DIALECTS:
        broker = find_broker(short_name=short_name)
        values = {f"{short_name}={kind}" if kind else "": words for kind, words in faults.items()}
        # Any fault of the sandbox can be chosen, in the address.
        values |= {each: each for each in chosen if each.startswith(f"{short_name}=") and each not in values}
        options = [
            element("option", words, value=value, selected="" if value in chosen else None)
            for value, words in values.items()
        ]
        name = element("span", broker.name_ko if broker else short_name, lang="ko")
        yield element("label", name, element("select", *options, name="fault"))
    for each in chosen:
        if each.partition("=")[0] not in DIALECTS:  # the platform's own services
            yield element("input", type="hidden", name="fault", value=each)
