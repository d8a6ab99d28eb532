"""The table that maps wire fields to attributes, made from the names that the readers use: `koscom fields` prints it.

Does not read the wire. A Korean term stands first in the attribute's docstring, which needs the source.
"""

import ast
import inspect
import re
from collections.abc import Iterator
from itertools import pairwise
from textwrap import dedent

from attrs import frozen

from koscom_async._wire.records.converter import names_of
from koscom_async._wire.records.names import LIST_NAMES, WIRE_NAMES
from koscom_async.models import account, portfolio, transactions
from koscom_async.models.discretionary import account as contracts
from koscom_async.models.discretionary import balance, codes, orders, settlements

_MODULES = (account, portfolio, transactions, contracts, balance, codes, orders, settlements)

RECORDS: tuple[type, ...] = tuple(
    next(vars(module)[name] for module in _MODULES if name in vars(module)) for name in WIRE_NAMES
)
"""Every record that is read from the wire, in the order of the tables."""

_KOREAN = re.compile(r"[가-힣][^(`,;:]*")


@frozen
class WireField:
    """One attribute of a record, how the wire spells it (all spellings), and its Korean term, or `""`."""

    record: str
    wire: tuple[str, ...]
    attribute: str
    term: str


def wire_fields() -> Iterator[WireField]:
    """Yield every attribute that is read from the wire, record by record."""
    for kind in RECORDS:
        terms = _terms(kind)
        for attribute, spellings in {**names_of(kind), **_lists(kind)}.items():
            yield WireField(kind.__name__, tuple(spellings), attribute, terms.get(attribute, ""))


def _lists(kind: type) -> dict[str, tuple[str, ...]]:
    """Return the lists inside a row of the discretionary service."""
    return {attribute: (name,) for attribute, name in LIST_NAMES.items() if hasattr(kind, attribute)}


def _terms(kind: type) -> dict[str, str]:
    """Return the Korean term of each attribute, which stands first in its docstring."""
    terms: dict[str, str] = {}
    for owner in reversed(kind.__mro__[:-1]):
        try:
            (tree,) = ast.parse(dedent(inspect.getsource(owner))).body
        except OSError:  # installed without its source
            continue
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
