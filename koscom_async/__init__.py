"""What an investor owns at every Korean broker, right now: an asyncio client for Koscom's Open API platform."""

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from koscom_async._public import *  # noqa: F403  # what a type checker sees is what `__getattr__` gives

__version__ = "0.1.0"

# Quiet unless the program that uses this says otherwise.
logging.getLogger(__name__).addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    """Load the public names when the first is asked for: the pytest plugin is imported where nobody may need them."""
    if name.startswith("_") and name != "__all__":  # a submodule's, which is found by importing it
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    public = import_module("koscom_async._public")
    if name == "__all__":
        return [*public.__all__, "__version__"]
    try:
        value = globals()[name] = getattr(public, name)
    except AttributeError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__getattr__("__all__")})
