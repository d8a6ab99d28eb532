"""An operation's arguments: checked before a call is spent, and written as path, query and body.

Every complaint is a `UsageError` that names the argument and says what it takes, and never repeats what was given for
a secret one.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime, time
from functools import partial
from typing import Any

from attrs import frozen

from koscom_async._hints import near
from koscom_async._masking import without_frames
from koscom_async.errors import UsageError
from koscom_async.models.catalogue.operation import Operation, Parameter

_CODE = re.compile(r"\A[A-Za-z0-9_]{1,20}\Z", re.ASCII)
_BROKER = re.compile(r"\A[a-z][a-z0-9_-]{0,39}\Z", re.ASCII)
_DIGITS = re.compile(r"\A\d{1,30}\Z", re.ASCII)
_LONGEST_TEXT = 200
_MOST = 10**30
_AS_NAMED: Mapping[str, str] = {}
_FIRST_YEAR = 1900
"""No market is older, and an earlier year has fewer digits on some machines."""


def is_code(text: str) -> bool:
    """Whether a text may be sent as a code."""
    return _CODE.match(text) is not None


class Values(dict[str, Any]):
    """Arguments by name: days and times as such, everything else as it is sent.

    Shows the names only: an error reporter prints what stands in a frame, and a number that is looked up is secret.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Values({', '.join(self)})"

    __sentry_repr__ = __repr__  # sentry looks into every mapping else


@frozen(eq=False, repr=False)
class RequestParts:
    """What is sent for an operation: its path, query (a name without value is `None`) and body, and what is secret."""

    path: str
    params: Mapping[str, str | None]
    body: Mapping[str, Any] | None
    secrets: tuple[str, ...]
    broker: str | None


def checked(
    operation: Operation, arguments: Values, *, today: date, called: Mapping[str, str] = _AS_NAMED
) -> Values:
    """Return the arguments of an operation, with the defaults of those left out; raise `UsageError` for wrong ones.

    `called` has what a typed method calls itself and its arguments, by the operation's name and by theirs.
    """
    try:
        return _checked(operation, arguments, today, called)
    except UsageError as error:
        wrong = without_frames(error)  # they hold what was given
    raise wrong


def _checked(operation: Operation, arguments: Values, today: date, called: Mapping[str, str]) -> Values:
    asked = called.get(operation.name, operation.name)
    known = {each.name: each for each in operation.parameters if each.fixed is None}
    for name in arguments.keys() - known:
        advice = near(name, known) or f"it takes {', '.join(known) or 'no arguments'}"
        raise UsageError(f"{operation.name} takes no argument {name!r}", advice=advice)
    values = Values()
    for name, parameter in known.items():
        given = arguments.get(name)
        if given is None:
            given = today if parameter.default == "today" else parameter.default
        if given is not None:
            values[name] = _value(operation, parameter, given, called)
        elif parameter.required:
            advice = _advice(parameter, called)
            raise UsageError(f"{asked} needs {called.get(name, name)}", advice=advice)
    if operation.one_of and not values.keys() & set(operation.one_of):
        names = [called.get(name, name) for name in operation.one_of]
        advice = f"give {'=… or '.join(names)}=…"
        raise UsageError(f"{asked} needs one of {', '.join(names)}", advice=advice)
    since, until = values.get("since"), values.get("until")
    if since is not None and until is not None and since > until:
        raise UsageError(f"since ({since}) is after until ({until})")
    return values


def written(operation: Operation, path: str, values: Values) -> RequestParts:
    """Return what is sent for checked arguments to a path of the operation."""
    params: dict[str, str | None] = {}
    body: dict[str, Any] = {}
    secrets, broker = [], None
    for parameter in operation.parameters:
        value = values.get(parameter.name) if parameter.fixed is None else parameter.fixed
        if value is None:
            continue
        if parameter.kind == "broker":
            broker = value
        text = _text_of(value)
        if parameter.secret:
            secrets.append(text)
        if parameter.place == "path":
            path = path.replace(f"{{{parameter.name}}}", text)
        elif parameter.kind == "fields":
            params |= dict.fromkeys(value)
        elif parameter.place == "query":
            params[parameter.wire] = text
        else:
            _put(body, parameter.wire, text)
    has_body = operation.method != "GET"
    return RequestParts(path, params, body if has_body else None, tuple(secrets), broker)


def _put(body: dict[str, Any], wire: str, text: str) -> None:
    *blocks, name = wire.split(".")
    for block in blocks:
        body = body.setdefault(block, {})
    body[name] = text


def _text_of(value: object) -> str:
    match value:
        case date():
            return f"{value:%Y%m%d}"
        case time():
            return f"{value:%H%M}"
        case tuple():
            return ",".join(value)
        case _:
            return str(value)


def _value(operation: Operation, parameter: Parameter, given: object, called: Mapping[str, str]) -> Any:
    """Return an argument as its kind is sent; raise `UsageError` for one that is not of its kind."""
    read, name = _KINDS[parameter.kind][1], called.get(parameter.name, parameter.name)
    place = f"{called.get(operation.name, operation.name)}: {name}"
    value = _choice(parameter.values, given) if parameter.values else read(given)
    if value is None:
        raise UsageError(f"{place} is not what it takes", advice=_advice(parameter, called))
    most = parameter.most
    if isinstance(value, tuple) and not 0 < len(value) <= (most or len(value)):
        takes = f"1 to {most}" if most else "at least 1"
        raise UsageError(
            f"{place} has {len(value)} entries; it takes {takes}", advice=_advice(parameter, called)
        )
    return _wires(operation, value) if parameter.kind == "fields" else value


def _advice(parameter: Parameter, called: Mapping[str, str]) -> str:
    words = "one of " + ", ".join(parameter.values) if parameter.values else _KINDS[parameter.kind][0]
    return f"give {called.get(parameter.name, parameter.name)}: {words}"


def _choice(values: Mapping[str, str], given: object) -> str | None:
    text = _text(given)
    if text is None:
        return None
    word = text.lower()
    named = [sent for name, sent in values.items() if name.lower() == word]
    return next(iter((*named, *(sent for sent in values.values() if sent.lower() == word))), None)


def _text(given: object) -> str | None:
    is_number = isinstance(given, int) and abs(given) < _MOST
    text = str(given).strip() if is_number or isinstance(given, str) else None
    return None if text is None or len(text) > _LONGEST_TEXT else text


def _matching(pattern: re.Pattern[str], given: object, *, left_out: str = "") -> str | None:
    text = "".join(each for each in given.strip() if each not in left_out) if isinstance(given, str) else ""
    return text if pattern.match(text) else None


def _number(given: object) -> str | None:
    is_number = isinstance(given, int) and not isinstance(given, bool) and abs(given) < _MOST
    return str(given) if is_number or (isinstance(given, str) and _DIGITS.match(given)) else None


def _date(given: object) -> date | None:
    if isinstance(given, str):
        with suppress(ValueError):
            given = date.fromisoformat(given.strip())
    if not isinstance(given, date) or isinstance(given, datetime):
        return None
    return given if given.year >= _FIRST_YEAR else None


def _time(given: object) -> time | None:
    if isinstance(given, str):
        with suppress(ValueError):
            given = time.fromisoformat(given.strip())
    if not isinstance(given, time) or given.tzinfo is not None:
        return None
    return given.replace(second=0, microsecond=0)


def _texts(given: object) -> tuple[str, ...] | None:
    texts = given.split(",") if isinstance(given, str) else given
    return tuple(dict.fromkeys(str(text).strip() for text in texts)) if isinstance(texts, Iterable) else None


def _codes(given: object) -> tuple[str, ...] | None:
    codes = _texts(given)
    return codes if codes is not None and all(map(_CODE.match, codes)) else None


def _wires(operation: Operation, names: Iterable[str]) -> tuple[str, ...]:
    """Return the wire names of fields of the answer, which are given by attribute or wire name."""
    wires = {name: each.wire for each in operation.fields for name in (each.wire, each.name)}
    for name in names:
        if name not in wires:
            advice = near(name, wires) or f"see koscom.operations[{operation.name!r}].fields"
            raise UsageError(f"{operation.name} has no field {name[:80]!r}", advice=advice)
    return tuple(dict.fromkeys(wires[name] for name in names))


_KINDS: Mapping[str, tuple[str, Callable[[object], Any]]] = {
    "text": ("text", _text),
    "code": ("a code of letters and digits, such as 005930", partial(_matching, _CODE)),
    "codes": ("codes, such as ['005930', '000660']", _codes),
    "digits": (
        "digits, with hyphens or blanks between them or without",
        partial(_matching, _DIGITS, left_out=" -"),
    ),
    "number": ("a whole number", _number),
    "date": (f"a date from {_FIRST_YEAR} on, or text such as 2026-01-31", _date),
    "time": ("a time, or text such as 09:30", _time),
    "fields": ("names of the answer's fields", _texts),
    "broker": ("a broker's short name, such as samsung", partial(_matching, _BROKER)),
}
"""What an argument of each kind is, in words, and what reads one: `None` for what is not of its kind."""

PARAMETER_KINDS = tuple(_KINDS)
