"""An operation's arguments: checked before a call is spent, and written as path, query and body.

Every complaint is a `UsageError` that names the argument and says what it takes, and never repeats what was given for
a secret one.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from typing import Any, NoReturn

from attrs import frozen

from koscom_async._hints import near
from koscom_async._masking import without_frames
from koscom_async.errors import UsageError
from koscom_async.models.catalogue.operation import Operation, Parameter

_CODE = re.compile(r"\A[A-Za-z0-9_]{1,20}\Z", re.ASCII)
_BROKER = re.compile(r"\A[a-z][a-z0-9_-]{0,39}\Z", re.ASCII)
_DIGITS = re.compile(r"\A\d{1,30}\Z", re.ASCII)
_LONGEST_TEXT = 200


class Values(dict[str, Any]):
    """Arguments by name: days and times as such, everything else as it is sent.

    Shows the names only: an error reporter prints what stands in a frame, and a number that is looked up is secret.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Values({', '.join(self)})"

    __sentry_repr__ = __repr__  # sentry looks into every mapping else


@frozen(kw_only=True, eq=False, repr=False)
class RequestParts:
    """What is sent for an operation: its path, query (a name without value is `None`) and body, and what is secret."""

    path: str
    params: Mapping[str, str | None]
    body: Mapping[str, Any] | None
    secrets: tuple[str, ...]
    broker: str | None


def checked(operation: Operation, arguments: Values, *, today: date) -> Values:
    """Return the arguments of an operation, with the defaults of those left out; raise `UsageError` for wrong ones."""
    try:
        return _checked(operation, arguments, today)
    except UsageError as error:
        wrong = without_frames(error)  # they hold what was given
    raise wrong


def _checked(operation: Operation, arguments: Values, today: date) -> Values:
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
            values[name] = CHECKS.get(parameter.kind, _choice_or_text)(operation, parameter, given)
        elif parameter.required:
            raise UsageError(f"{operation.name} needs {name}", advice=_hint(parameter))
    if operation.one_of and not values.keys() & set(operation.one_of):
        raise UsageError(f"{operation.name} needs one of {', '.join(operation.one_of)}")
    since, until = values.get("since"), values.get("until")
    if since is not None and until is not None and since > until:
        raise UsageError(f"since ({since}) is after until ({until})")
    return values


def written(operation: Operation, version: str, values: Values) -> RequestParts:
    """Return what is sent for checked arguments."""
    path = operation.path(version) or ""
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
    return RequestParts(
        path=path,
        params=params,
        body=body if operation.method != "GET" else None,
        secrets=tuple(secrets),
        broker=broker,
    )


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


def _hint(parameter: Parameter) -> str:
    return f"give {parameter.name}: {_TAKES.get(parameter.kind) or _words(parameter)}"


def _words(parameter: Parameter) -> str:
    return "one of " + ", ".join(parameter.values) if parameter.values else "text"


_TAKES: Mapping[str, str] = {
    "code": "a code of letters and digits, such as 005930",
    "codes": "codes, such as ['005930', '000660']",
    "digits": "digits",
    "number": "a whole number",
    "date": "a date, or text such as 2026-01-31",
    "time": "a time, or text such as 09:30",
    "fields": "names of the answer's fields",
    "broker": "a broker's short name, such as samsung",
}


def _refuse(operation: Operation, parameter: Parameter, why: str = "is not what it takes") -> NoReturn:
    raise UsageError(f"{operation.name}: {parameter.name} {why}", advice=_hint(parameter))


def _choice_or_text(operation: Operation, parameter: Parameter, given: object) -> str:
    text = str(given).strip() if isinstance(given, str | int) else None
    if text is None or len(text) > _LONGEST_TEXT:
        _refuse(operation, parameter)
    if not parameter.values:
        return text
    lower = text.lower()
    if lower in parameter.values:
        return parameter.values[lower]
    found = next((sent for sent in parameter.values.values() if sent.lower() == lower), None)
    return found if found is not None else _refuse(operation, parameter)


def _matching(pattern: re.Pattern[str]) -> Callable[[Operation, Parameter, object], str]:
    def check(operation: Operation, parameter: Parameter, given: object) -> str:
        text = given.strip() if isinstance(given, str) else ""
        if parameter.kind == "digits":
            text = text.replace("-", "").replace(" ", "")
        return text if pattern.match(text) else _refuse(operation, parameter)

    return check


def _number(operation: Operation, parameter: Parameter, given: object) -> str:
    is_number = isinstance(given, int) and not isinstance(given, bool)
    if is_number or (isinstance(given, str) and _DIGITS.match(given)):
        return str(given)
    _refuse(operation, parameter)


def _date(operation: Operation, parameter: Parameter, given: object) -> date:
    if isinstance(given, str):
        try:
            return date.fromisoformat(given.strip())
        except ValueError:
            _refuse(operation, parameter)
    if isinstance(given, date) and not isinstance(given, datetime):
        return given
    _refuse(operation, parameter)


def _time(operation: Operation, parameter: Parameter, given: object) -> time:
    if isinstance(given, str):
        try:
            given = time.fromisoformat(given.strip())
        except ValueError:
            _refuse(operation, parameter)
    if not isinstance(given, time) or given.tzinfo is not None:
        _refuse(operation, parameter)
    return given.replace(second=0, microsecond=0)


def _texts(operation: Operation, parameter: Parameter, given: object) -> tuple[str, ...]:
    texts = given.split(",") if isinstance(given, str) else given
    if not isinstance(texts, Iterable):
        _refuse(operation, parameter)
    unique = tuple(dict.fromkeys(str(text).strip() for text in texts))
    if not unique or len(unique) > (parameter.most or len(unique)):
        takes = f"1 to {parameter.most}" if parameter.most else "at least 1"
        _refuse(operation, parameter, f"has {len(unique)} entries; it takes {takes}")
    return unique


def _codes(operation: Operation, parameter: Parameter, given: object) -> tuple[str, ...]:
    codes = _texts(operation, parameter, given)
    if not all(map(_CODE.match, codes)):
        _refuse(operation, parameter, "has an entry that is no code")
    return codes


def _fields(operation: Operation, parameter: Parameter, given: object) -> tuple[str, ...]:
    wires = {each.name: each.wire for each in operation.fields} | {
        each.wire: each.wire for each in operation.fields
    }
    names = _texts(operation, parameter, given)
    for name in names:
        if name not in wires:
            advice = near(name, wires) or f"see koscom.operations[{operation.name!r}].fields"
            raise UsageError(f"{operation.name} has no field {name[:80]!r}", advice=advice)
    return tuple(dict.fromkeys(wires[name] for name in names))


CHECKS: Mapping[str, Callable[[Operation, Parameter, Any], Any]] = {
    "code": _matching(_CODE),
    "codes": _codes,
    "digits": _matching(_DIGITS),
    "number": _number,
    "date": _date,
    "time": _time,
    "fields": _fields,
    "broker": _matching(_BROKER),
}
