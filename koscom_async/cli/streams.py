"""Where the command writes: data to stdout as UTF-8, what it has to say to stderr."""

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


def give(data: str) -> None:
    """Write data to stdout, in UTF-8 wherever the command runs."""
    click.echo(data.rstrip("\n").encode())


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
