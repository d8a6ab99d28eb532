"""The manual's example answers, and the operation and version that each belongs to."""

import json
import re
from importlib.resources import files

from koscom_async._wire.catalogue.loading import own_document
from koscom_async._wire.catalogue.operations import Operations
from tests.catalogue.make import HERE

OPERATIONS = Operations()
TEXT = files("koscom_async.sandbox.documents").joinpath("market.json").read_text(encoding="utf-8")
_FACTS = json.loads(HERE.joinpath("facts.json").read_text(encoding="utf-8"))["endpoints"]


def _pattern(path):
    return re.sub(r"\{\w+\}", "[^/]+", path)


_PATHS = [
    (re.compile(_pattern(path)), name, version)
    for name, entry in own_document()["operations"].items()
    if not entry.get("missing")
    for version, path in entry["paths"].items()
]


def operation_of(example):
    """The name of the operation whose answer an example is, and the version."""
    path = _FACTS[example]["path"]
    # A literal segment counts more than a parameter.
    found = [
        (len(pattern.pattern), name, version) for pattern, name, version in _PATHS if pattern.fullmatch(path)
    ]
    return max(found)[1:]


def examples():
    """Each example: its name, its text, and the operation and version that it belongs to."""
    for line in TEXT.splitlines()[1:-1]:
        name, _, text = line.rstrip(",").partition(": ")
        name = json.loads(name)
        yield (name, text, *operation_of(name))


def answer_to(example):
    """An example, read by its operation's reader."""
    from koscom_async._wire.json.core import read_json

    text, operation, version = next(each[1:] for each in examples() if each[0] == example)
    return OPERATIONS.reader(operation, version)(read_json(text.encode()))
