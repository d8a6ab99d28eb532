"""Every pattern of the package takes a time that grows with the text and no faster, whatever the text is."""

import ast
import importlib
import re
from time import process_time

from tests.source import MODULES

CHARACTERS = 50_000
MOST_SECONDS = 0.05
TRIES = 5

_FUNCTIONS = {"compile", "match", "search", "fullmatch", "sub", "subn", "split", "findall", "finditer"}

HEADS = ("", "1", "ABC", "min", "최소", "+1")
UNITS = ("1", " ", "-", "a", ".", "11,1", "1-", "1 ", "A-", "년")
TEXTS = [
    head + unit * (CHARACTERS // len(unit)) + "\0"
    for unit in UNITS
    for head in (HEADS if unit == " " else ("",))
]
TEXTS += ["1" * CHARACTERS, "1,111" * (CHARACTERS // 5)]


_SEARCHES = re.compile(r"\.(?:search|sub|subn|findall|finditer)\(|\bre\.split\(")


def patterns():
    """Yield every pattern in the source, compiled, and where it stands; those kept as text are looked up by name.

    With each, whether its module searches texts for patterns: others only match them from the beginning.
    """
    for module in MODULES.values():
        names, is_searching = None, bool(_SEARCHES.search(module.text))
        for node in module.nodes:
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="re"), attr=function), args=[pattern, *others]
                ) if function in _FUNCTIONS:
                    names = names or vars(importlib.import_module(module.name))
                    flags = [*others[-1:], *(each.value for each in node.keywords if each.arg == "flags")]
                    found = [value_of(each, names) for each in flags if "re." in ast.unparse(each)]
                    compiled = re.compile(value_of(pattern, names), *found)
                    yield f"{module.name}:{node.lineno}", (compiled, is_searching)


def value_of(node, names):
    match node:
        case ast.Constant():
            return node.value
        case ast.Name():
            return names[node.id]
        case ast.Attribute():
            return getattr(re, node.attr)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return value_of(left, names) + value_of(right, names)
    raise ValueError(f"{ast.unparse(node)}: write a pattern as text or as the name of one")


def seconds(search, text):
    """Return the processor time of a search: the least of a few, where another program disturbed the first."""
    least = MOST_SECONDS
    for _ in range(TRIES):
        begun = process_time()
        search(text)
        least = process_time() - begun
        if least < MOST_SECONDS:
            break
    return least


def test_no_pattern_takes_long_over_any_text():
    found = dict(patterns())
    assert len(found) > 40
    slow = []
    for place, (pattern, is_searching) in found.items():
        for text in TEXTS:
            given = text.encode() if isinstance(pattern.pattern, bytes) else text
            slow += [
                f"{place}: {search.__name__} of {pattern.pattern!r} in {text[:9]!r}"
                for search in ((pattern.fullmatch, pattern.search) if is_searching else (pattern.fullmatch,))
                if seconds(search, given) >= MOST_SECONDS
            ]
    assert slow == []


def test_a_pattern_that_tries_every_split_is_noticed():
    assert seconds(re.compile(r"(?:\d+\.?\d*)").fullmatch, "1" * 5_000 + "x") >= MOST_SECONDS
