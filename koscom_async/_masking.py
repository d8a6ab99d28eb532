"""How secrets and foreign words are shown: what a log, a repr, an error or a view may print of them."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from traceback import format_tb
from types import FrameType, TracebackType
from typing import ParamSpec, TypeVar

AnyError = TypeVar("AnyError", bound=BaseException)
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Kind = TypeVar("Kind")

HIDDEN = "***"
SHOWN_DIGITS = 4


def masked_number(number: str, *, twin: int = 0) -> str:
    """Return an account number by its first and last four digits, and the number of a twin; a short one shows none."""
    ends = HIDDEN
    if len(number) >= 3 * SHOWN_DIGITS:
        ends = f"{clean(number[:SHOWN_DIGITS])}…{clean(number[-SHOWN_DIGITS:])}"
    return f"{ends} #{twin}" if twin else ends


LONGEST_SHOWN = 1_000
"""A foreign text is cut to so many characters where it is shown."""


def clean(text: str, *, longest: int = LONGEST_SHOWN) -> str:
    """Return foreign text in one line, cut, without control, direction and other invisible characters."""
    cut = text[:longest]
    if not cut.isprintable():
        cut = "".join(letter if letter.isprintable() else " " for letter in cut)
    return " ".join(cut.split()) + ("…" if len(text) > longest else "")


def hidden(value: object) -> str:
    """Return what stands for a secret in a repr: it shows only whether there is one."""
    return "None" if value is None else repr(HIDDEN)


def masked_repr(number: str) -> str:
    """Return what stands for an account number in a repr."""
    return repr(masked_number(number))


# Long numbers in any digits, also in groups, hardware addresses in both spellings, runs as long as tokens (perhaps
# URL-encoded, hence `%`).
# Kept as text and compiled on first use, to keep imports cheap.
_REVEALING = (
    r"\d(?:[ .-]{0,3}\d){7,}"
    r"|(?a:\d[\d-]{6,}\d|\b(?:[0-9A-Fa-f]{2}[:-]?){5}[0-9A-Fa-f]{2}\b|[A-Za-z0-9+/=_.~%-]{20,})"
)
_LONGEST_QUOTE = 160
_LONGEST_READ = 2**12
"""A text is cut before secrets are looked for in it."""


def redacted(text: str, secrets: Iterable[str]) -> str:
    """Return foreign text fit for an error message, with known secrets and what looks like one hidden."""
    # The longest first: one that begins another would leave the other's rest readable.
    known = sorted(filter(None, secrets), key=len, reverse=True)
    longest = len(known[0]) if known else 0
    is_cut = len(text) > _LONGEST_READ + longest
    text = text[: _LONGEST_READ + longest]
    for secret in known:
        text = text.replace(secret, HIDDEN)
    if is_cut and longest:
        text = text[:-longest]  # it may end in a part of a secret
    text = re.sub(_REVEALING, HIDDEN, text)
    return clean(text, longest=_LONGEST_QUOTE)


def without_frames(error: AnyError, *, handled: BaseException | None = None) -> AnyError:
    """Return an error without its frames and those of what led to it.

    An error reporter sends their local variables, and an error that is kept keeps all of them alive. `handled` is what
    the caller was handling when the work began: Python makes it the context of every error, and its frames stay.
    """
    for link in _links(error, handled):
        link.__traceback__ = None
    return error


def shows_no_arguments(call: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Return a function whose errors have no frame with its arguments: of a secret that is wrong, all may be right."""

    @wraps(call)
    def called(*arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
        handled = sys.exception()
        try:
            return call(*arguments, **named)
        except Exception as error:
            failure = without_frames(error, handled=handled)
        del arguments, named, handled
        raise failure

    return called


def made_of_secrets(kind: type[Kind]) -> type[Kind]:
    """Let the errors of a class's constructor have no frame with its arguments."""
    kind.__init__ = shows_no_arguments(kind.__init__)  # type: ignore[method-assign]
    return kind


def lines_in_a_notebook(error: BaseException) -> list[str]:
    """Return what IPython shows of an error: the cell, and what it called, to the first frame of this library.

    `%xmode Verbose` shows every frame.
    """
    shown = sys.modules["IPython"].get_ipython().InteractiveTB
    trace = error.__traceback__ if shown.mode == "Verbose" else _frames_outside(error.__traceback__)
    lines: list[str] = shown.structured_traceback(type(error), error, trace or error.__traceback__)
    return lines


def _frames_outside(trace: TracebackType | None) -> TracebackType | None:
    if trace is None or _is_of_this_library(trace.tb_frame):
        return None
    return TracebackType(_frames_outside(trace.tb_next), trace.tb_frame, trace.tb_lasti, trace.tb_lineno)


def _is_of_this_library(frame: FrameType) -> bool:
    package = __name__.partition(".")[0]
    name: str = frame.f_globals.get("__name__", "")
    return f"{name}.".startswith(f"{package}.") or frame.f_code.co_filename.startswith(
        f"<attrs generated methods {package}."
    )


def with_note_of_frames(error: AnyError) -> AnyError:
    """Note on an unforeseen error where it arose, in words that stay when its frames are left."""
    lines = format_tb(error.__traceback__)[-_NOTED_FRAMES:]
    error.add_note(f"It arose here:\n{''.join(lines)}".rstrip())
    return error


_NOTED_FRAMES = 6


def _links(error: BaseException, handled: BaseException | None) -> Iterator[BaseException]:
    """Yield an error, what led to it, and the members of groups, each once."""
    left, seen = [error], {id(None), id(handled)}
    while left:
        link = left.pop()
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        members = link.exceptions if isinstance(link, BaseExceptionGroup) else ()
        left += [each for each in (link.__cause__, link.__context__, *members) if each is not None]
