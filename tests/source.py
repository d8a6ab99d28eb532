"""The package's source, read once: each module's name, text and syntax tree, for the rules about all files."""

import ast
import io
import tokenize
from functools import cached_property
from pathlib import Path

from attrs import frozen

import koscom_async

PACKAGE = "koscom_async"
ROOT = Path(koscom_async.__file__).parent
HOME = ROOT.parent


@frozen(slots=False)
class Module:
    """A file of the package."""

    name: str
    path: Path

    @cached_property
    def text(self):
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def lines(self):
        return self.text.splitlines()

    @cached_property
    def tree(self):
        return ast.parse(self.text)

    @cached_property
    def nodes(self):
        return list(ast.walk(self.tree))

    @property
    def room(self):
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 else "__init__"

    @cached_property
    def imports(self):
        """Every module of the package that this one imports, wherever in its text."""
        found = set()
        for node in self.nodes:
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == PACKAGE:
                for alias in node.names:
                    full = f"{node.module}.{alias.name}"
                    found.add(full if full in MODULES else node.module)
            elif isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names if alias.name.split(".")[0] == PACKAGE}
        return found


def _modules():
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts
        name = ".".join((PACKAGE, *parts)).removesuffix(".__init__")
        yield name, Module(name, path)


MODULES = dict(_modules())


def modules(*, outside=()):
    """The modules that are in none of the rooms."""
    return [module for module in MODULES.values() if module.room not in outside]


def prose(path):
    """Each comment and each string of a file, with its line: what is written for people."""
    kinds = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
    with io.BytesIO(path.read_bytes()) as source:
        for token in tokenize.tokenize(source.readline):
            if token.type in kinds:
                for offset, line in enumerate(token.string.splitlines()):
                    yield token.start[0] + offset, line
