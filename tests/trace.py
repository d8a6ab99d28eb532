"""Which files of the package a piece of work runs through."""

import sys
from contextlib import contextmanager
from pathlib import Path

from tests.source import ROOT


@contextmanager
def files_passed():
    """Collect the files whose functions this thread calls; what is generated has no file, the sandbox is another's."""
    codes = set()

    def note(frame, event, argument):
        if event == "call":
            codes.add(frame.f_code)

    passed = set()
    sys.setprofile(note)
    try:
        yield passed
    finally:
        sys.setprofile(None)
        for path in {Path(code.co_filename) for code in codes}:
            if path.is_relative_to(ROOT) and not path.is_relative_to(ROOT / "sandbox"):
                passed.add(str(path.relative_to(ROOT)))
