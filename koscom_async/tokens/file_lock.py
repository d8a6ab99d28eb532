"""A lock between processes that lasts as long as its file is open: a process that dies leaves none behind."""

import os
from pathlib import Path
from threading import Lock

try:
    import fcntl
except ImportError:  # Windows, where the lock only holds between the threads of one process
    fcntl = None  # type: ignore[assignment]

OWNER_ONLY = 0o600


class FileLock:
    """One lock, taken once. Both methods may be called in any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = Lock()
        self._descriptor: int | None = None
        self._is_over = False

    def acquire(self, *, wait: bool) -> bool:
        """Take the lock, or say that somebody else has it; one that was released is not taken any more."""
        with self._guard:
            if self._is_over:  # whoever asked has gone, and nobody would give it back
                return False
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, OWNER_ONLY)
            try:
                if fcntl is not None:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                os.close(descriptor)
                return False
            except BaseException:
                os.close(descriptor)
                raise
            self._descriptor = descriptor
            return True

    def release(self) -> None:
        """Give the lock back, if it was taken."""
        with self._guard:
            self._is_over = True
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None
