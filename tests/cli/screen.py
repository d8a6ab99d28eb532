"""What a terminal of a given width shows of something that rich can print."""

import io

from rich.cells import cell_len
from rich.console import Console


def lines_of(renderable, width=120):
    page = io.StringIO()
    Console(file=page, width=width, markup=False, highlight=False, emoji=False).print(renderable)
    lines = page.getvalue().splitlines()
    assert all(cell_len(line) <= width for line in lines)
    return [line.rstrip() for line in lines]


def line_with(lines, text):
    (line,) = [line for line in lines if text in line]
    return line
