"""What may be wrong with a catalogue: each entry's form, what it refers to, and whether it can be asked as it is."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import permutations
from typing import Any

from koscom_async._wire.catalogue.arguments import PARAMETER_KINDS
from koscom_async._wire.catalogue.kinds import FIGURES, KINDS
from koscom_async._wire.raw import SCHEMES

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
_PATH = re.compile(r"\A(?:/(?:(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~-]+|\{[a-z_]+\}))+/?\Z", re.ASCII)
_SEGMENT = re.compile(r"\A(?!\.{1,2}\Z)[A-Za-z0-9._~-]+\Z", re.ASCII)
_SEGMENT_KINDS = ("code", "digits", "number", "date", "broker")
_HOUR = re.compile(r"\A(?:[01]\d|2[0-3]):[0-5]\d\Z", re.ASCII)


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
        elif unit != 1 and entry.get("kind", "text") not in FIGURES:
            yield f"{place}.unit is for the kinds {', '.join(FIGURES)}"


def _about_parameter(place: str, name: str, entry: Mapping[str, Any]) -> Iterator[str]:
    if not _ATTRIBUTE.match(str(entry.get("name", name))) and "fixed" not in entry:
        yield f"{place} must have a name in small letters, such as quantity"
    if entry.get("place", "query") not in ("path", "query", "body"):
        yield f"{place}.place must be path, query or body"
    if entry.get("kind", "text") not in PARAMETER_KINDS:
        yield f"{place}.kind must be one of {', '.join(PARAMETER_KINDS)}"
    if entry.get("secret") and entry.get("place", "query") != "body":
        yield f"{place} is secret: it must be sent in the body, and not in a URL"
    if not all(isinstance(sent, str) for sent in entry.get("values", {}).values()):
        yield f"{place}.values must map words to the texts that are sent"
    elif entry.get("place") == "path" and not _is_segment(entry):
        yield f"{place} is part of a path: it must be required, with values, or a code, digits, number, date or broker"
    if not all(str(entry.get("wire", name)).split(".")):
        yield f"{place}.wire must be a name, or several with a dot between them"


def _is_segment(entry: Mapping[str, Any]) -> bool:
    """Whether what is sent for a parameter can be nothing but one part of a path, and is always there."""
    sent = [entry["fixed"]] if "fixed" in entry else entry.get("values", {}).values()
    is_safe = all(map(_SEGMENT.match, sent)) if sent else entry.get("kind", "text") in _SEGMENT_KINDS
    return is_safe and bool(entry.keys() & {"required", "default", "fixed", "found_by"})


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
    if not (entry.get("missing") or (entry.get("python") and name not in SENT_ONCE)):
        yield from _about_asking(place, name, entry, whole)


def _about_asking(place: str, name: str, entry: Mapping[str, Any], whole: Document) -> Iterator[str]:
    if name in SENT_ONCE and (entry.get("repeatable", True) or entry.get("scheme") == "bearer"):
        yield f"{place} is never sent twice: repeatable must be false, and scheme apikey or basic"
    if entry.get("method") not in METHODS:
        yield f"{place}.method must be one of {', '.join(METHODS)}"
    if entry.get("scheme", "apikey") not in SCHEMES:
        yield f"{place}.scheme must be one of {', '.join(SCHEMES)}"
    for key in ("shape", *({"v2_shape"} & entry.keys())):
        if entry.get(key) not in whole["shapes"]:
            yield f"{place}.{key} must be one of the shapes, got {entry.get(key)!r}"
    unknown = [each for each in entry.get("parameters", ()) if each not in whole["parameters"]]
    yield from (f"{place}: {each!r} is not among the parameters" for each in unknown)
    if not unknown:
        parameters = [{"name": each, **whole["parameters"][each]} for each in entry.get("parameters", ())]
        yield from _about_paths(place, entry, parameters)
        yield from _about_parameters(place, entry, parameters)


def _about_paths(
    place: str, entry: Mapping[str, Any], parameters: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    found = {each["name"] for each in parameters if each.get("place") == "path"}
    if not entry.get("paths"):
        yield f"{place} must have paths, such as {{'*': '/v1/orders/{{broker}}'}}"
    for path in entry.get("paths", {}).values():
        if not isinstance(path, str) or not _PATH.match(path):
            yield f"{place}: a path is one of the gateway's, such as /v1/orders/{{broker}}, without host and query"
        elif set(re.findall(r"\{([a-z_]+)\}", path)) != found:
            yield f"{place}: the path has other parameters than those whose place is the path"


def _about_parameters(
    place: str, entry: Mapping[str, Any], parameters: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    """Yield which parameters would get into each other's way, or would not be sent."""
    names = [each["name"] for each in parameters if "fixed" not in each]
    for name in {*entry.get("needs", ()), *entry.get("one_of", ())} - {*names}:
        yield f"{place}: {name!r}, which it needs, is not among its parameters"
    for each in parameters:
        if each.get("found_by", names[:1] and names[0]) not in names:
            yield f"{place}: {each['name']} is found by {each['found_by']!r}, which is not among its parameters"
    wires = [
        (each.get("place", "query"), f"{each.get('wire', each['name'])}.")
        for each in parameters
        if each.get("kind") != "fields"
    ]
    is_nested = any(
        one[0] == other[0] == "body" and one[1].startswith(other[1]) for one, other in permutations(wires, 2)
    )
    if len(set(names)) < len(names) or len(set(wires)) < len(wires) or is_nested:
        yield f"{place} has two parameters of one name, or that are sent in one place"
    if entry.get("method") == "GET" and any(each.get("place") == "body" for each in parameters):
        yield f"{place} is a GET, which has no body: its parameters must be in the path or the query"
    ends = {each.get("kind", "text") for each in parameters if each["name"] in {"since", "until"}}
    if entry.get("window") and ends and ends not in ({"date"}, {"time"}):
        yield f"{place} has a window: since and until must both be dates, or both times"
    if entry.get("window") and not entry.get("repeatable", True):
        yield f"{place} is sent once: it must have no window, for which a range is asked in several calls"
