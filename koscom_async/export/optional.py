"""Optional libraries, imported where they are used; a missing one is named with the extra that brings it."""

from importlib import import_module
from types import ModuleType


def needed(name: str, *, extra: str) -> ModuleType:
    """Import a library that an extra brings, or raise an `ImportError` that says how to get it."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.partition(".")[0]:
            raise
        raise ImportError(
            f'this needs {name}, which comes with an extra: pip install "koscom_async[{extra}]"', name=name
        ) from error
