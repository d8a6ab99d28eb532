"""A record's way out: exports import the records, and a record's methods reach the exports here.

Nothing is loaded before it is used: a program that asks for holdings may show none of them, and may not have the
libraries of the extras. Annotations use the same names, so that `typing.get_type_hints` finds what they stand for.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from matplotlib import figure

    from koscom_async.export import document, frames, plots, rows, texts
    from koscom_async.export.html import pages
    from koscom_async.models import breakdown, difference, explanation
else:

    class _LazyModule(ModuleType):
        """A module that is imported when one of its names is first used."""

        def __getattr__(self, name: str) -> Any:
            return getattr(import_module(self.__name__), name)

    pd, pl, pa, figure = map(_LazyModule, ("pandas", "polars", "pyarrow", "matplotlib.figure"))
    document, frames, plots, rows, texts, pages = (
        _LazyModule(f"koscom_async.export.{name}")
        for name in ("document", "frames", "plots", "rows", "texts", "html.pages")
    )
    breakdown, difference, explanation = (
        _LazyModule(f"koscom_async.models.{name}") for name in ("breakdown", "difference", "explanation")
    )

__all__ = [
    "breakdown",
    "difference",
    "document",
    "explanation",
    "figure",
    "frames",
    "pa",
    "pages",
    "pd",
    "pl",
    "plots",
    "rows",
    "texts",
]
