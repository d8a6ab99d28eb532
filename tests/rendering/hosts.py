"""Pages around a view, as notebooks have them, with a script that measures what the view came to."""

import json
import re
from functools import cache
from html import escape

from nbconvert import HTMLExporter
from nbformat import v4

WIDTHS = (600, 760, 900, 1100, 1400)

# What JupyterLab says of every table in an output, and a view must not be moved by.
JUPYTER = """
.jp-RenderedHTMLCommon table { border-collapse: collapse; table-layout: fixed; margin: 0 auto 1em; font-size: 12px; }
.jp-RenderedHTMLCommon td, .jp-RenderedHTMLCommon th, .jp-RenderedHTMLCommon tr { text-align: right; padding: .5em;
  vertical-align: middle; white-space: normal; max-width: none; border: none; }
.jp-RenderedHTMLCommon th { font-weight: bold; }
.jp-RenderedHTMLCommon tbody tr:nth-child(odd) { background: rgb(1, 2, 3); }
.jp-RenderedHTMLCommon ul:not(.list-inline) { padding-left: 2em; }
.jp-RenderedHTMLCommon p { margin: 0 0 1em; }
"""

# The words of a text node of which two letters or digits side by side stand on two lines.
BROKEN = """
const boxOf = (node, from, to) => {
  const range = document.createRange();
  range.setStart(node, from);
  range.setEnd(node, to);
  return range.getBoundingClientRect();
};
const broken = node => [...node.data.matchAll(/[\\p{L}\\p{N}]+/gu)].filter(({0: word, index}) => {
  const first = boxOf(node, index, index + 1), last = boxOf(node, index + word.length - 1, index + word.length);
  return first.width && Math.abs(first.top - last.top) > first.height / 2;
}).map(([word]) => word);
"""

# Of each frame: how far anything reaches beyond it, and whether text lies on other text. What scrolls in a frame of its
# own may be wider than that frame.
_MEASURE = (
    f"{BROKEN}"
    """
const found = [];
for (const frame of document.querySelectorAll('iframe')) {
  const page = frame.contentDocument, view = page.querySelector('.koscom-view');
  const edge = view.getBoundingClientRect().right, beyond = [];
  for (const each of view.querySelectorAll('*')) {
    const box = each.getBoundingClientRect();
    if (!each.closest('.kv-frame > *') && box.width && box.right > edge + 1) beyond.push(each.className || each.tagName);
    if (getComputedStyle(each).display === 'block' && each.scrollWidth > each.clientWidth + 1 && each.clientWidth
        && !each.matches('.kv-frame')) beyond.push('cut: ' + (each.className || each.tagName));
  }
  const frames = [...view.querySelectorAll('.kv-frame')];
  const place = view.getBoundingClientRect(), boxes = [...view.querySelectorAll('*')].map(each => {
    const box = each.getBoundingClientRect();
    return [each.className || each.tagName, box.left - place.left, box.top - place.top, box.width, box.height].map(
      part => Math.round(part * 2) / 2 || part);
  });
  const style = getComputedStyle(view), cell = view.querySelector('.kv-table tbody tr');
  found.push({
    width: frame.clientWidth,
    page: page.documentElement.scrollWidth - page.documentElement.clientWidth,
    beyond: beyond,
    tables: Math.max(0, ...frames.map(each => each.scrollWidth - each.clientWidth)),
    text: view.innerText.length,
    broken: [...view.querySelectorAll('*')].flatMap(each => [...each.childNodes])
      .filter(node => node.nodeType === 3).flatMap(broken),
    boxes: boxes.filter(box => box[3]),
    place: view.parentElement.getBoundingClientRect().width,
    ground: style.backgroundColor,
    ink: style.color,
    row: cell ? getComputedStyle(cell).backgroundColor : null,
    outside: page.querySelector('#outside') && getComputedStyle(page.querySelector('#outside')).fontSize
      + getComputedStyle(page.querySelector('#outside td')).textAlign,
    lots: [...view.querySelectorAll('.kv-lot')].map(each => getComputedStyle(each).display),
    open: view.querySelectorAll('details[open]').length,
  });
}
const result = document.createElement('pre');
result.id = 'measured';
result.textContent = JSON.stringify(found);
document.body.append(result);
"""
)

_OUTSIDE = (
    '<table id="outside" style="font-size: 31px"><tr><td style="text-align: center">x</td></tr></table>'
)


def notebook(view: str, *, theme: str | None = None, is_alone: bool = False) -> str:
    """A view in a cell's output, and unless `is_alone` a table beside it.

    `theme` is what JupyterLab says of itself, if anything.
    """
    attribute = "" if theme is None else f' data-jp-theme-light="{json.dumps(theme == "light")}"'
    return (
        f'<!doctype html><meta charset="utf-8"><style>body {{ margin: 0; background: {"#0c0e11" if theme == "dark" else "#fff"}; }} {JUPYTER}</style>'
        f'<body{attribute}><div class="jp-RenderedHTMLCommon">{view}</div>{"" if is_alone else _OUTSIDE}</body>'
    )


@cache
def _converted(theme: str) -> str:
    """A page as nbconvert makes it of a notebook whose only output is a mark; nothing in it is loaded from elsewhere."""
    output = v4.new_output("execute_result", data={"text/html": "MARK"})
    exporter = HTMLExporter(theme=theme)
    page, _ = exporter.from_notebook_node(v4.new_notebook(cells=[v4.new_code_cell("", outputs=[output])]))
    return re.sub(r"<script\b.*?</script>", "", page, flags=re.DOTALL)


def converted_notebook(view: str, *, theme: str) -> str:
    """A view in the page that nbconvert makes of a notebook."""
    return _converted(theme).replace("MARK", view)


def measured_at_each_width(page: str) -> str:
    """A page with a frame for each width, and the measurements of all of them."""
    frames = "".join(
        f'<iframe style="width: {width}px; height: 900px; border: 0" srcdoc="{escape(page)}"></iframe>'
        for width in WIDTHS
    )
    return f'<!doctype html><meta charset="utf-8"><body>{frames}<script>onload = () => {{ {_MEASURE} }}</script></body>'
