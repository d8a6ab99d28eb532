"""Which libraries carry HTTP and read JSON here: what the settings say, and what is installed."""

from functools import cache
from importlib.util import find_spec

from koscom_async.settings import Backend

LIBRARIES = ("httptools", "msgspec")
"""What the extra `fast` installs."""


def is_fast(backend: Backend) -> bool:
    """Whether the fast libraries are to be used; raise an `ImportError` where they must be and are missing."""
    if backend is Backend.CORE:
        return False
    missing = _missing()
    if missing and backend is Backend.FAST:
        raise ImportError(
            f"backend='fast' needs {' and '.join(missing)}: pip install 'koscom_async[fast]'", name=missing[0]
        )
    return not missing


@cache
def _missing() -> tuple[str, ...]:
    return tuple(name for name in LIBRARIES if find_spec(name) is None)
