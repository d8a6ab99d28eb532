"""Everything that can be printed of an error, as an error reporter does it: also the variables of every frame."""

import traceback
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType

from koscom_async import sandbox

SANDBOX = str(Path(sandbox.__file__).parent)
TESTS = str(Path(__file__).parents[1])
DEEPEST = 5


def links_of(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, its causes, its contexts and the members of groups, each once."""
    left, seen = [error], set()
    while left:
        link = left.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        left += [link.__cause__, link.__context__, *getattr(link, "exceptions", ())]


def frames_of(error: BaseException) -> Iterator[FrameType]:
    """Yield the frames of an error and of all that led to it, but those of tests and of the sandbox."""
    for link in links_of(error):
        for frame, _ in traceback.walk_tb(link.__traceback__):
            if not frame.f_code.co_filename.startswith((SANDBOX, TESTS)):
                yield frame


def texts_of(error: BaseException) -> Iterator[str]:
    """Yield everything that can be printed of an error, also what Python would hide."""
    for link in links_of(error):
        yield from traceback.format_exception_only(link)
        yield from (str(link), repr(link), repr(link.args), repr(vars(link)), *getattr(link, "__notes__", ()))
    for frame in frames_of(error):
        yield from variable_texts(frame.f_locals, 0)


def variable_texts(value: object, depth: int) -> Iterator[str]:
    """Yield what sentry sends of a variable, without its cuts: texts and bytes, containers' contents, others' reprs."""
    if hasattr(type(value), "__sentry_repr__"):
        yield value.__sentry_repr__()
    elif isinstance(value, str):
        yield value
    elif isinstance(value, bytes | bytearray | memoryview):
        yield bytes(value).decode("utf-8", "replace")
    elif depth > DEEPEST or not isinstance(value, Mapping | list | tuple | set | frozenset | deque):
        yield repr(value)
    else:
        for each in [*value, *(value.values() if isinstance(value, Mapping) else ())]:
            yield from variable_texts(each, depth + 1)
