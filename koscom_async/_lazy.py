"""Names that a module lists once, as imports under `if TYPE_CHECKING:`, each imported when it is first used.

Does not run the list, nor need its text: the imports stand in the compiled module, also where no source is installed.
"""

import dis
import sys
from functools import cache
from importlib import import_module
from importlib.machinery import SourceFileLoader
from types import CodeType, ModuleType
from typing import Any


@cache
def listed(module: str) -> dict[str, str]:
    """Map each name on a module's list to the module that it comes from."""
    names: dict[str, str] = {}
    source = ""
    for step in dis.get_instructions(_compiled(sys.modules[module])):
        if step.opname == "IMPORT_NAME":
            source = step.argval
        elif step.opname == "IMPORT_FROM" and source != "typing":
            names[step.argval] = source
    return names


def _compiled(module: ModuleType) -> CodeType:
    loader: Any = module.__loader__
    if not hasattr(loader, "get_code"):  # an import hook, such as pytest's
        loader = SourceFileLoader(module.__name__, str(module.__file__))
    code: CodeType = loader.get_code(module.__name__)
    return code


def load(module: str, name: str) -> Any:
    """Import a name on a module's list and keep it in the module; raise `AttributeError` if it is not listed."""
    if name not in listed(module):
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    value = getattr(import_module(listed(module)[name]), name)
    setattr(sys.modules[module], name, value)
    return value
