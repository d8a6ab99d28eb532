"""The catalogue as it is kept: read when it is first used, and completed by a file of the caller's, which is checked.

A file has the form of `catalogue.json`: `fields`, `parameters` and `shapes` by name, and `operations`. An operation of
a known name is completed: what the file says of it counts, and what it says is missing; nothing, where it says nothing.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from koscom_async._wire.catalogue.arguments import PARAMETER_KINDS
from koscom_async._wire.catalogue.kinds import KINDS
from koscom_async._wire.raw import SCHEMES
from koscom_async.errors import SettingsError

Document = dict[str, dict[str, Any]]

PARTS = ("fields", "parameters", "shapes", "operations")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SENT_ONCE = ("orders.place", "orders.amend", "orders.cancel")


def _form(**words: str) -> Mapping[str, str]:
    return {key: form for form, keys in words.items() for key in keys.split()}


# The keys of each part's entries, and what each holds. They are named as the records' attributes.
_FORMS: Mapping[str, Mapping[str, str]] = {
    "fields": _form(text="name kind ko", number_or_object="unit", truth="secret"),
    "parameters": _form(
        text="name wire place kind default fixed found_by ko",
        number="most",
        truth="required secret",
        object="values",
    ),
    "shapes": _form(text="rows units", list_of_texts="row head success", truth="one loose", object="as"),
    "operations": _form(
        text="title title_ko method scheme shape v2_shape licence hours available_from ready_from status source "
        "specification document python",
        list_of_texts="parameters needs one_of missing known",
        number="rows_per_call",
        truth="repeatable",
        object="paths window",
    ),
}
_HOLDS: Mapping[str, tuple[str, Callable[[object], bool]]] = {
    "text": ("text", lambda value: isinstance(value, str)),
    "number": ("a whole number above 0", lambda value: type(value) is int and value > 0),
    "truth": ("true or false", lambda value: isinstance(value, bool)),
    "object": ("an object", lambda value: isinstance(value, dict)),
    "list_of_texts": (
        "a list of texts",
        lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value),
    ),
    "number_or_object": ("a number or an object", lambda value: isinstance(value, int | dict)),
}
_NAME = re.compile(r"\A[a-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+){0,5}\Z", re.ASCII)
_ATTRIBUTE = re.compile(r"\A[a-z][a-z0-9_]{0,79}\Z", re.ASCII)
_PATH = re.compile(r"\A(?:/(?:[A-Za-z0-9._~-]+|\{[a-z_]+\}))+/?\Z", re.ASCII)
_HOUR = re.compile(r"\A(?:[01]\d|2[0-3]):[0-5]\d\Z", re.ASCII)
_LONGEST = 4 * 2**20


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
    complaint = next(complaints(joined, {part: added.get(part, {}) for part in PARTS}), None)
    if complaint is not None:
        raise _wrong(path, complaint)
    return joined


def _wrong(path: str, complaint: str) -> SettingsError:
    return SettingsError(f"catalogue {Path(path).name}: {complaint}", setting="catalogue")


def _read(path: str) -> Document:
    try:
        with Path(path).open("rb") as file:
            document = json.loads(file.read(_LONGEST))
    except OSError as error:
        raise _wrong(path, f"cannot be read ({type(error).__name__})") from error
    except (ValueError, RecursionError):
        raise _wrong(path, "is not JSON") from None
    if not isinstance(document, dict) or not all(isinstance(part, dict) for part in document.values()):
        raise _wrong(path, f"must be an object of {', '.join(PARTS)}")
    unknown = document.keys() - set(PARTS)
    if unknown:
        raise _wrong(path, f"has an unknown part {min(unknown)!r}; the parts are {', '.join(PARTS)}")
    return document


def complaints(whole: Document, parts: Document) -> Iterator[str]:
    """Yield what is wrong with the entries of some parts, which refer to the entries of the whole."""
    for part, entries in parts.items():
        for name, entry in entries.items():
            yield from _about_form(f"{part}.{name}", entry, _FORMS[part])
    for name, entry in parts["fields"].items():
        yield from _about_field(f"fields.{name}", entry)
    for name, entry in parts["parameters"].items():
        yield from _about_parameter(f"parameters.{name}", name, entry)
    for name, entry in parts["shapes"].items():
        yield from _about_shape(f"shapes.{name}", entry, whole)
    for name in parts["operations"]:
        yield from _about_operation(name, whole["operations"][name], whole)


def _about_form(place: str, entry: object, form: Mapping[str, str]) -> Iterator[str]:
    if not isinstance(entry, dict):
        yield f"{place} must be an object"
        return
    for key, value in entry.items():
        if key not in form:
            yield f"{place} has an unknown key {key!r}"
        elif not _HOLDS[form[key]][1](value):
            yield f"{place}.{key} must be {_HOLDS[form[key]][0]}"


def _about_field(place: str, entry: Mapping[str, Any]) -> Iterator[str]:
    if not _ATTRIBUTE.match(str(entry.get("name"))):
        yield f"{place}.name must be a name in small letters, such as order_id"
    if entry.get("kind", "text") not in KINDS:
        yield f"{place}.kind must be one of {', '.join(KINDS)}"
    units = entry.get("unit", 1)
    for unit in units.values() if isinstance(units, dict) else [units]:
        if type(unit) is not int or unit < 1:
            yield f"{place}.unit must be a whole number, or one for each of the shapes' units"


def _about_parameter(place: str, name: str, entry: Mapping[str, Any]) -> Iterator[str]:
    if not _ATTRIBUTE.match(str(entry.get("name", name))) and "fixed" not in entry:
        yield f"{place} must have a name in small letters, such as quantity"
    if entry.get("place", "query") not in ("path", "query", "body"):
        yield f"{place}.place must be path, query or body"
    if entry.get("kind", "text") not in PARAMETER_KINDS:
        yield f"{place}.kind must be one of {', '.join(PARAMETER_KINDS)}"
    if entry.get("secret") and entry.get("place", "query") != "body":
        yield f"{place} is secret: it must be sent in the body, and not in a URL"
    if not _are_texts(entry.get("values", {})):
        yield f"{place}.values must map words to the texts that are sent"


def _are_texts(values: object) -> bool:
    return isinstance(values, dict) and all(isinstance(value, str) for value in values.values())


def _about_shape(place: str, entry: Mapping[str, Any], whole: Document) -> Iterator[str]:
    if "rows" not in entry:
        yield f'{place}.rows must say where the rows are, such as result.hisLists, or "" for the whole answer'
    if len(entry.get("success", ())) not in {0, 3}:
        yield f"{place}.success must have a field, its value where all is well, and the field of the words about it"
    known = whole["fields"].keys() | entry.get("as", {}).keys()
    for name in (*entry.get("row", ()), *entry.get("head", ())):
        if name not in known:
            yield f"{place}: {name!r} is not among the fields"
    for name, field in entry.get("as", {}).items():
        yield from _about_form(f"{place}.as.{name}", field, _FORMS["fields"])
        yield from _about_field(f"{place}.as.{name}", field)


def _about_operation(name: str, entry: Mapping[str, Any], whole: Document) -> Iterator[str]:
    place = f"operations.{name}"
    if not _NAME.match(name):
        yield f"{place} must be named by its service and itself, such as orders.place"
    for key in ("available_from", "ready_from"):
        if key in entry and not _HOUR.match(str(entry[key])):
            yield f"{place}.{key} must be an hour, such as 15:40"
    if any(type(size) is not int or size < 1 for size in entry.get("window", {}).values()):
        yield f"{place}.window must give a whole number for each word of every, or for *"
    if entry.get("missing") or (entry.get("python") and name not in SENT_ONCE):
        return
    if name in SENT_ONCE and (entry.get("repeatable", True) or entry.get("scheme") == "bearer"):
        yield f"{place} is never sent twice: repeatable must be false, and scheme apikey or basic"
    if entry.get("method") not in METHODS:
        yield f"{place}.method must be one of {', '.join(METHODS)}"
    if entry.get("scheme", "apikey") not in SCHEMES:
        yield f"{place}.scheme must be one of {', '.join(SCHEMES)}"
    if not isinstance(entry.get("shape"), str) or entry["shape"] not in whole["shapes"]:
        yield f"{place}.shape must be one of the shapes, got {entry.get('shape')!r}"
    yield from _about_paths(place, entry, whole)


def _about_paths(place: str, entry: Mapping[str, Any], whole: Document) -> Iterator[str]:
    known, found = whole["parameters"], set()
    for each in entry.get("parameters", ()):
        if each not in known:
            yield f"{place}: {each!r} is not among the parameters"
        elif known[each].get("place") == "path":
            found.add(known[each].get("name", each))
    if not entry.get("paths"):
        yield f"{place} must have paths, such as {{'*': '/v1/orders/{{broker}}'}}"
    for path in entry.get("paths", {}).values():
        if not isinstance(path, str) or not _PATH.match(path):
            yield f"{place}: a path is one of the gateway's, such as /v1/orders/{{broker}}, without host and query"
        elif set(re.findall(r"\{([a-z_]+)\}", path)) != found:
            yield f"{place}: the path has other parameters than those whose place is the path"
