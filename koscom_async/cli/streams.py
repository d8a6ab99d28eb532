"""Where the command writes: data to stdout as UTF-8, what it has to say to stderr."""

import io
import os
import sys
from typing import TextIO

import click
from rich.console import Console, RenderableType

UNKNOWN_WIDTH = 120
"""Columns of a report that goes to no terminal, unless COLUMNS says otherwise."""


def show(report: RenderableType) -> None:
    """Print a report to stdout, as wide as the terminal is."""
    console(sys.stdout).print(report)


def drawn_text(report: RenderableType) -> str:
    """Return a report as it is printed where no terminal is."""
    page = io.StringIO()
    console(page).print(report)
    return page.getvalue()


def give(data: str | bytes) -> None:
    """Write data to stdout, text in UTF-8 wherever the command runs."""
    click.echo(data if isinstance(data, bytes) else one_end(data), nl=False)


def one_end(text: str) -> bytes:
    """Return text in UTF-8 that ends with one line break."""
    return (text.rstrip("\n") + "\n").encode()


def say(message: str) -> None:
    """Write a line to stderr."""
    click.echo(message, err=True)


def is_live(stream: TextIO) -> bool:
    """Whether somebody watches the stream on a terminal that can be drawn upon."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def console(stream: TextIO) -> Console:
    """Return a rich console that takes nothing that it prints for markup."""
    width = None if stream.isatty() or "COLUMNS" in os.environ else UNKNOWN_WIDTH
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)
