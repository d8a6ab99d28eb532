"""Pages around a view, as notebooks have them, with a script that measures what the view came to."""

import json
from html import escape

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

# Of each frame: how far anything reaches beyond it, and whether text lies on other text. What scrolls in a frame of its
# own may be wider than that frame.
_MEASURE = """
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
  const style = getComputedStyle(view), cell = view.querySelector('.kv-table tbody tr');
  found.push({
    width: frame.clientWidth,
    page: page.documentElement.scrollWidth - page.documentElement.clientWidth,
    beyond: beyond,
    tables: Math.max(0, ...frames.map(each => each.scrollWidth - each.clientWidth)),
    text: view.innerText.length,
    ground: style.backgroundColor,
    ink: style.color,
    row: cell ? getComputedStyle(cell).backgroundColor : null,
    outside: getComputedStyle(page.querySelector('#outside')).fontSize
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


def measured_at_each_width(page: str) -> str:
    """A page with a frame for each width, and the measurements of all of them."""
    frames = "".join(
        f'<iframe style="width: {width}px; height: 900px; border: 0" srcdoc="{escape(page)}"></iframe>'
        for width in WIDTHS
    )
    return f'<!doctype html><meta charset="utf-8"><body>{frames}<script>onload = () => {{ {_MEASURE} }}</script></body>'
