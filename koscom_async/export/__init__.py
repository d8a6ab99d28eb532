"""Ways out of the library: plain data first; frames, pages and plots build on it.

Exports read records by their attributes and import none of them, so that records may offer them as methods. Those in
`LATER` are loaded when the first record goes that way: a program that asks for holdings may show none of them.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from koscom_async.export import document as document
    from koscom_async.export import frames as frames
    from koscom_async.export import plots as plots
    from koscom_async.export.html import pages as pages

LATER = {"document": "document", "frames": "frames", "pages": "html.pages", "plots": "plots"}
"""What records reach as `export.pages` and the like, and the modules that are meant."""


def __getattr__(name: str) -> ModuleType:
    """Load a way out."""
    if name not in LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = globals()[name] = import_module(f"{__name__}.{LATER[name]}")
    return module
