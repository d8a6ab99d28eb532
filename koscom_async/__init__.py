"""What an investor owns at every Korean broker, right now: an asyncio client for Koscom's Open API platform."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from koscom_async._public import *  # noqa: F403  # what a type checker sees is what `__getattr__` gives

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Load a public name's module when the name is asked for: nobody waits for what their program does not use."""
    if name.startswith("_") and name != "__all__":  # a submodule's, which is found by importing it
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    names = import_module("koscom_async._names")
    if name == "__all__":
        return [*sorted(names.MODULE_OF), "__version__"]
    if name not in names.MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(names.MODULE_OF[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__getattr__("__all__")})
