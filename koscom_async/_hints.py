"""What an error advises: how an extra is installed, and which word a misspelled one may stand for.

Imports what an extra brings only when it is asked for.
"""

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType


def install(extra: str) -> str:
    """Return how an extra is installed: from a clone, since the name of this package is on no registry."""
    return f'in the clone of koscom_async, run: pip install ".[{extra}]"'


def missing(what: str, *, extra: str, name: str | None = None) -> ImportError:
    """Return the error of a part that lacks its extra; `name` is the module that is not there."""
    return ImportError(f"{what}, which the extra {extra!r} brings: {install(extra)}", name=name)


def needed(name: str, *, extra: str) -> ModuleType:
    """Import a library that an extra brings, or raise an `ImportError` that says how to get it."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.partition(".")[0]:
            raise
        raise missing(f"this needs {name}", extra=extra, name=name) from error


def located(name: str, *, extra: str) -> Path:
    """Return the folder of a package that an extra brings, without importing it, or raise as `needed` does."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise missing(f"this needs {name}", extra=extra, name=name)
    return Path(spec.origin).parent


def near(word: str, known: Iterable[str], *, most: int = 1) -> str | None:
    """Return the question whether one of the known words was meant, `None` where none is like it; case is ignored."""
    from difflib import get_close_matches  # only errors need it

    spelled = {each.casefold(): each for each in known}
    # One digit of a number is no slip of the finger that could be guessed.
    cutoff = 0.8 if word.isdigit() else 0.6
    found = get_close_matches(word.casefold()[:80], spelled, n=most, cutoff=cutoff)
    return f"did you mean {' or '.join(spelled[each] for each in found)}?" if found else None
