"""Files that commands write and read: each is there whole or not at all, and a private one is the user's alone.

Does not choose a format.
"""

import os
import stat
from pathlib import Path

import click

from koscom_async._files import OWNERS_FILE, replace_file
from koscom_async.cli.main import Failed
from koscom_async.models.holdings import Holdings

USUAL = 0o666
"""Less what the user's umask takes away."""


def writable(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
    """Accept a file in a directory that can be written to, before anything is asked."""
    if path is None:
        return None
    target = _target(path)
    if target.is_dir():
        raise click.BadParameter(f"{path} is a directory")
    if not target.parent.is_dir():
        raise click.BadParameter(f"there is no directory {target.parent}")
    if not os.access(target if _is_special(target) else target.parent, os.W_OK):
        raise click.BadParameter(f"{path} cannot be written")
    return path


def savable(context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    """Accept a file that can be replaced by a private one."""
    path = writable(context, parameter, path)
    if path is not None and _is_special(_target(path)):
        raise click.BadParameter(f"{path} is no ordinary file, and cannot be kept private")
    return path


def saved_holdings(path: Path) -> Holdings:
    """Return the holdings that `--save` wrote to a file, or fail with what is wrong with it in one line."""
    try:
        return Holdings.from_json(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise Failed(f"{path}: this is not text, so --save did not write it") from None
    except OSError as error:
        raise Failed(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise Failed(f"{path}: {error}") from error


def save(holdings: Holdings, path: Path) -> None:
    """Write holdings for a later `--diff`, with nothing lost, to a file that is the user's alone."""
    write_file(path, holdings.to_json().encode(), mode=OWNERS_FILE)


def write_file(path: Path, data: bytes, *, mode: int | None = None) -> None:
    """Put data in the place of what was there, at once; a pipe or a device is written to as it is.

    Without a mode, the file keeps the one it has, or gets the usual one.
    """
    target = _target(path)
    try:
        if _is_special(target):
            target.write_bytes(data)
        else:
            replace_file(target, data, mode=_mode(target) if mode is None else mode)
    except OSError as error:
        raise Failed(f"{path} cannot be written: {error.strerror or error}") from error


def _target(path: Path) -> Path:
    """Follow links, so that what they point to is replaced, and not they."""
    return Path(os.path.realpath(path))


def _is_special(path: Path) -> bool:
    return path.exists() and not path.is_file()


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode) if path.exists() else USUAL
