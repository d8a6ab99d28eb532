"""What a machine may lack: a Redis server, a browser, fonts. Tests that need a program are skipped where it is missing.

In CI (`CI=true`) a missing program is a failure. `KOSCOM_TESTS_BARE=1` hides these programs and every system font, so
that a furnished machine shows how the suite does on one that has Python and pip alone.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

BARE = "KOSCOM_TESTS_BARE"
REDIS_SERVER = ("redis-server",)
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PROGRAMS = {
    "redis_command": (REDIS_SERVER, "redis-server"),
    "chromium_command": (CHROMIUM, "chromium"),
}
"""Fixtures that are a program's path, the program's names, and its package."""


def is_set(variable):
    return os.environ.get(variable, "").lower() not in {"", "0", "false"}


def find_program(*names):
    """Return the path of the first program that is installed and not hidden, or `None`."""
    return None if is_set(BARE) else next(filter(None, map(shutil.which, names)), None)


def require_program(fixture):
    """Return the path of the program that a fixture is; where it is missing, fail the test in CI and skip it elsewhere."""
    names, package = PROGRAMS[fixture]
    if (found := find_program(*names)) is not None:
        return found
    reason = f"{names[0]} is not installed (Debian: apt-get install {package})"
    if is_set("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def require_programs(item):
    """Require the programs that a test's fixtures ask for.

    A skip that a fixture raises is reported at each test, and a skip from here in one line.
    """
    for fixture in PROGRAMS.keys() & set(item.fixturenames):
        require_program(fixture)


def hide_system_fonts(config):
    """Where the machine is to look empty, let matplotlib find its own fonts only, in this process and in its children."""
    if is_set(BARE) and not hasattr(config, "workerinput"):
        home = tempfile.mkdtemp(prefix="koscom-tests-")
        config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
        os.environ["MPLCONFIGDIR"] = home
        with pytest.MonkeyPatch.context() as patch:
            # With it, matplotlib keeps a list of its own fonts, and finds no others either: so it goes once that is done.
            patch.setenv("MPL_IGNORE_SYSTEM_FONTS", "1")
            import matplotlib as mpl
            from matplotlib import font_manager

        paths = {Path(font.fname) for font in font_manager.fontManager.ttflist}
        assert all(path.is_relative_to(mpl.get_data_path()) for path in paths), "matplotlib finds other fonts"
