"""The table of the documentation that maps wire fields to attributes, made from the names that the readers use.

`python -m koscom_async._wire.records.field_table` prints it.
"""

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from textwrap import dedent

from koscom_async._wire.records.converter import names_of
from koscom_async._wire.records.names import LIST_NAMES, WIRE_NAMES
from koscom_async.models import account, portfolio, transactions, watchlist
from koscom_async.models.discretionary import account as contracts
from koscom_async.models.discretionary import balance, codes, orders, settlements

_MODULES = (account, portfolio, transactions, watchlist, contracts, balance, codes, orders, settlements)

RECORDS: tuple[type, ...] = tuple(
    next(vars(module)[name] for module in _MODULES if name in vars(module)) for name in WIRE_NAMES
)
"""Every record that is read from the wire, in the order of the tables."""

HEAD = ("| record | wire field | attribute | Korean term |", "|---|---|---|---|")
_KOREAN = re.compile(r"[가-힣][^(`,;:]*")


def field_table() -> str:
    """Return the table as Markdown, a line a field."""
    return "\n".join((*HEAD, *_lines())) + "\n"


def _lines() -> Iterator[str]:
    for kind in RECORDS:
        terms = _terms(kind)
        for attribute, spellings in {**names_of(kind), **_lists(kind)}.items():
            wire = ", ".join(f"`{spelling}`" for spelling in spellings)
            yield f"| `{kind.__name__}` | {wire} | `{attribute}` | {terms.get(attribute, '')} |"


def _lists(kind: type) -> dict[str, tuple[str, ...]]:
    """Return the lists inside a row of the discretionary service."""
    return {attribute: (name,) for attribute, name in LIST_NAMES.items() if hasattr(kind, attribute)}


def _terms(kind: type) -> dict[str, str]:
    """Return the Korean term of each attribute, which stands first in its docstring."""
    terms: dict[str, str] = {}
    for owner in reversed(kind.__mro__[:-1]):
        (tree,) = ast.parse(dedent(inspect.getsource(owner))).body
        body = tree.body if isinstance(tree, ast.ClassDef) else []
        for field, text in pairwise(body):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                found = _KOREAN.search(_docstring(text))
                if found:
                    terms[field.target.id] = found[0].strip()
    return terms


def _docstring(node: ast.stmt) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return str(node.value.value)
    return ""


if __name__ == "__main__":
    sys.stdout.write(field_table())
