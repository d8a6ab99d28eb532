"""The catalogue as it is kept: read when it is first used, and completed by a file of the caller's, which is checked.

A file has the form of `catalogue.json`: `fields`, `parameters` and `shapes` by name, and `operations`. An operation of
a known name is completed: what the file says of it counts, and what it says is missing; nothing, where it says nothing.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache, partial
from itertools import chain
from pathlib import Path
from typing import Any

from koscom_async._wire.catalogue.checking import PARTS, Document, complaints
from koscom_async.errors import SettingsError

_LONGEST = 4 * 2**20
_OF_ITS_METHODS = {"parameters", "shape", "v2_shape", "window"}
"""What the package's methods rely on of an operation that it documents; its paths and hours a firm may know better."""


@cache
def own_document() -> Document:
    """Return the catalogue of the package."""
    # Not importlib.resources, whose import takes longer than the rest.
    loader: Any = sys.modules[__name__].__loader__
    document: Document = json.loads(loader.get_data(str(Path(__file__).parents[1] / "catalogue.json")))
    return document


def load_document(path: str | None) -> Document:
    """Return the package's catalogue, completed by a file's; raise `SettingsError` for what is wrong with the file."""
    own = own_document()
    if path is None:
        return own
    added = _read(path)
    joined = {part: {**own[part], **added.get(part, {})} for part in PARTS}
    for name, entry in added.get("operations", {}).items():
        if isinstance(entry, dict):
            joined["operations"][name] = {**own["operations"].get(name, {}), "missing": [], **entry}
    parts = {part: added.get(part, {}) for part in PARTS}
    complaint = next(chain(complaints(joined, parts), _contradictions(own, parts)), None)
    if complaint is not None:
        raise _wrong(path, complaint)
    return joined


_INSTEAD = {"fields": "say in your shape's `as` what is other"}


def _contradictions(own: Document, added: Document) -> Iterator[str]:
    """Yield what of the package's own would be another thing, for every operation that refers to it."""
    for part in PARTS[:-1]:
        for name, entry in added[part].items():
            if own[part].get(name, entry) != entry:
                yield f"{part}.{name} is the package's own: {_INSTEAD.get(part, 'give yours another name')}"
    for name, entry in added["operations"].items():
        known = own["operations"].get(name, {})
        for key in _OF_ITS_METHODS & known.keys() & entry.keys() if "shape" in known else ():
            if known[key] != entry[key]:
                yield f"operations.{name}.{key} is the package's own: give the operation another name"


def _wrong(path: str, complaint: str) -> SettingsError:
    return SettingsError(f"catalogue {Path(path).name}: {complaint}", setting="catalogue")


def _read(path: str) -> Document:
    try:
        with Path(path).open("rb") as file:
            document = json.loads(file.read(_LONGEST), object_pairs_hook=partial(_object, path))
    except OSError as error:
        raise _wrong(path, f"cannot be read ({type(error).__name__})") from error
    except SettingsError:
        raise
    except (ValueError, RecursionError):
        raise _wrong(path, "is not JSON") from None
    if not isinstance(document, dict) or not all(isinstance(part, dict) for part in document.values()):
        raise _wrong(path, f"must be an object of {', '.join(PARTS)}")
    unknown = document.keys() - set(PARTS)
    if unknown:
        raise _wrong(path, f"has an unknown part {min(unknown)!r}; the parts are {', '.join(PARTS)}")
    return document


def _object(path: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    [(name, times)] = Counter(name for name, _ in pairs).most_common(1) or [("", 1)]
    if times > 1:
        raise _wrong(path, f"has {name[:80]!r} twice in one object")
    return dict(pairs)
