"""How the pages look: colours and fonts, and one style sheet, which applies inside a view and nowhere else on the page.

Light or dark follows the notebook where it says which it is, and the system where it does not.
"""

from collections.abc import Mapping

VIEW = "koscom-view"

LIGHT: Mapping[str, str] = {
    "surface": "#ffffff",
    "raised": "#f5f7fa",
    "line": "#e2e6ec",
    "text": "#14181f",
    "faint": "#5a6472",
    "gain": "#c4212b",
    "loss": "#1a56c4",
    "good": "#13713f",
    "alarm": "#b42318",
    "alarm-surface": "#fff1ee",
    "alarm-text": "#7a1a10",
    "notice": "#8a5200",
    "bar": "#7d93b8",
    "1": "#2f62c9",
    "2": "#e0992c",
    "3": "#1f9384",
    "4": "#b8529a",
    "5": "#76b7e5",
    "6": "#8a6d3b",
    "7": "#98a1ae",
}

DARK: Mapping[str, str] = {
    "surface": "#14171c",
    "raised": "#1c2128",
    "line": "#2d333d",
    "text": "#e9ecf1",
    "faint": "#a0a9b6",
    "gain": "#ff8585",
    "loss": "#86b6ff",
    "good": "#55c98d",
    "alarm": "#ff7a68",
    "alarm-surface": "#37191a",
    "alarm-text": "#ffd5cf",
    "notice": "#f0b35c",
    "bar": "#5d7299",
    "1": "#5b8bf0",
    "2": "#eeb052",
    "3": "#3fb8a7",
    "4": "#d478b7",
    "5": "#a5d3f5",
    "6": "#c0a06a",
    "7": "#78818e",
}

FONTS = (
    '-apple-system, "Segoe UI", "Apple SD Gothic Neo", "Noto Sans KR", "Noto Sans CJK KR", "Malgun Gothic", '
    "Roboto, sans-serif"
)

# `&` stands for the view's class, twice: what a notebook says of every table weighs less than that.
_RULES = f"""
& {{ color: var(--text); background: var(--surface); font: 400 13px/1.45 {FONTS}; text-align: left;
  container-type: inline-size; border: 1px solid var(--line); border-radius: 12px; padding: 18px 20px;
  margin: 2px; box-sizing: border-box; max-width: 1280px; font-variant-numeric: tabular-nums;
  word-break: keep-all; overflow-wrap: anywhere; -webkit-text-size-adjust: 100%; }}
& *, & *::before {{ box-sizing: border-box; }}
& h2, & h3, & p, & ul {{ display: block; float: none; width: auto; margin: 0; padding: 0; border: 0;
  font: inherit; color: inherit; }}
& h2 {{ font-size: 18px; font-weight: 700; letter-spacing: -.01em; }}
& h3 {{ font-size: 13px; font-weight: 650; margin: 22px 0 6px; }}
& h3 small {{ font-size: 12px; font-weight: 400; color: var(--faint); margin-left: 5px; }}
& ul {{ list-style: none; }}
& .kv-head {{ display: flex; flex-wrap: wrap; gap: 4px 12px; align-items: baseline; }}
& .kv-when {{ color: var(--faint); }}
& .kv-badge {{ margin-left: auto; padding: 1px 10px; border-radius: 99px; border: 1px solid currentColor;
  font-size: 12px; font-weight: 600; white-space: nowrap; }}
& .kv-good {{ color: var(--good); }}
& .kv-bad, & .kv-table .kv-bad {{ color: var(--alarm); }}
& .kv-faint {{ color: var(--faint); }}
& .kv-gain, & .kv-table .kv-gain {{ color: var(--gain); }}
& .kv-loss, & .kv-table .kv-loss {{ color: var(--loss); }}
& .kv-chip {{ display: inline-block; padding: 0 6px; border: 1px solid var(--line); border-radius: 5px;
  font-size: 11px; line-height: 17px; color: var(--faint); background: var(--raised); white-space: nowrap; }}
& .kv-banner {{ margin-top: 12px; padding: 10px 14px; border-radius: 8px; border: 2px solid var(--alarm);
  background: var(--alarm-surface); color: var(--alarm-text); }}
& .kv-doubts {{ border-style: dashed; }}
& .kv-banner p {{ font-weight: 700; font-size: 14px; }}
& .kv-banner li {{ margin-top: 6px; padding-left: 22px; }}
& .kv-banner .kv-chip {{ background: none; color: inherit; border-color: currentColor; }}
& em {{ display: block; font-style: normal; font-weight: 600; }}
& .kv-figures {{ display: flex; flex-wrap: wrap; margin: 14px 0 0; border: 1px solid var(--line); border-radius: 10px;
  background: var(--raised); overflow: hidden; }}
& .kv-figures > div {{ flex: 1 1 auto; padding: 10px 14px; box-shadow: -1px -1px 0 var(--line); min-width: 138px;
  max-width: 100%; }}
& .kv-figures .kv-label {{ color: var(--faint); font-size: 12px; }}
& .kv-figures .kv-amount {{ font-size: 16px; font-weight: 650; letter-spacing: -.01em; white-space: nowrap; }}
& .kv-figures .kv-first .kv-amount {{ font-size: 22px; font-weight: 750; line-height: 1.3; }}
& .kv-figures .kv-sub {{ font-size: 12px; font-weight: 400; letter-spacing: 0; white-space: normal;
  color: var(--faint); width: 0; min-width: 100%; }}
& .kv-figures .kv-sub > span {{ display: inline-block; }}
& .kv-figures small {{ display: block; font-size: 12px; font-weight: 400; letter-spacing: 0; color: var(--faint); }}
& .kv-part {{ color: var(--alarm); font-weight: 650; }}
& .kv-shares {{ margin-top: 14px; }}
& .kv-stack {{ display: flex; gap: 2px; height: 10px; border-radius: 5px; overflow: hidden; background: var(--line); }}
& .kv-stack > i {{ display: block; min-width: 2px; flex-basis: 0; }}
& .kv-shares ul {{ display: flex; flex-wrap: wrap; gap: 2px 16px; margin-top: 6px; font-size: 12px; }}
& .kv-shares li::before {{ content: ""; display: inline-block; width: 9px; height: 9px; border-radius: 3px;
  margin-right: 6px; background: var(--slice); }}
& .kv-shares b {{ font-weight: 600; margin-left: 2px; }}
& .kv-s1 {{ --slice: var(--1); }} & .kv-s2 {{ --slice: var(--2); }} & .kv-s3 {{ --slice: var(--3); }}
& .kv-s4 {{ --slice: var(--4); }} & .kv-s5 {{ --slice: var(--5); }} & .kv-s6 {{ --slice: var(--6); }}
& .kv-s7 {{ --slice: var(--7); }}
& .kv-stack > i {{ background: var(--slice); }}
& .kv-frame {{ overflow-x: auto; border: 1px solid var(--line); border-radius: 10px; }}
& .kv-long {{ max-height: 560px; overflow-y: auto; }}
& .kv-table {{ width: 100%; margin: 0; border: 0; border-collapse: separate; border-spacing: 0; table-layout: auto;
  font-size: 13px; color: inherit; background: none; }}
& .kv-table tr {{ background: none; border: 0; }}
& .kv-table th, & .kv-table td {{ padding: 7px 12px; border: 0; text-align: right; vertical-align: top;
  font-weight: 400; white-space: nowrap; color: inherit; background: none; max-width: none; line-height: 1.4; }}
& .kv-table thead th {{ position: sticky; top: 0; z-index: 1; background: var(--raised); color: var(--faint);
  font-size: 12px; font-weight: 500; vertical-align: bottom; border-bottom: 1px solid var(--line); }}
& .kv-table thead th small {{ display: block; font-size: 11px; opacity: .85; }}
& .kv-table tbody + tbody > tr:first-child > * {{ border-top: 1px solid var(--line); }}
& .kv-table tfoot th, & .kv-table tfoot td {{ position: sticky; bottom: 0; background: var(--raised); font-weight: 650;
  border-top: 1px solid var(--line); }}
& .kv-table .kv-text {{ text-align: left; white-space: normal; min-width: 9em; }}
& .kv-table .kv-main {{ min-width: 15em; }}
& .kv-table .kv-line {{ text-align: left; }}
& .kv-rows .kv-table .kv-text {{ min-width: 22em; }}
& .kv-rows {{ margin-top: 12px; }}
& .kv-table .kv-text.kv-tight {{ min-width: 0; }}
& .kv-table small {{ display: block; font-size: 11.5px; font-weight: 400; color: var(--faint); }}
& .kv-table .kv-gain small, & .kv-table .kv-loss small {{ color: inherit; }}
& .kv-table td.kv-text.kv-bad {{ color: inherit; }}
& .kv-table tbody:hover > tr {{ background: color-mix(in srgb, var(--raised) 60%, transparent); }}
& .kv-name {{ font-weight: 600; }}
& .kv-table summary {{ cursor: pointer; list-style: none; position: relative; padding-left: 16px; margin-left: -4px; }}
& .kv-table summary::-webkit-details-marker {{ display: none; }}
& .kv-table summary::before {{ content: ""; position: absolute; left: 3px; top: .48em; width: 5px; height: 5px;
  border: solid var(--faint); border-width: 0 1.5px 1.5px 0; transform: rotate(-45deg); }}
& .kv-table details[open] > summary::before {{ transform: rotate(45deg); top: .38em; }}
& .kv-table summary:focus-visible {{ outline: 2px solid var(--1); outline-offset: 2px; border-radius: 4px; }}
& .kv-table details > p {{ padding-left: 12px; font-size: 11.5px; color: var(--faint); }}
& .kv-table tbody:not(:has(details[open])) > .kv-lot {{ display: none; }}
& .kv-table .kv-lot > * {{ padding-top: 3px; padding-bottom: 5px; font-size: 12px; background: var(--raised); }}
& .kv-table .kv-lot > .kv-text {{ padding-left: 24px; }}
& .kv-weight i {{ display: block; height: 4px; width: 64px; margin: 4px 0 0 auto; border-radius: 2px;
  background: var(--line); }}
& .kv-weight i::before {{ content: ""; display: block; height: 100%; width: var(--w); min-width: 1px;
  border-radius: 2px; background: var(--bar); }}
& .kv-table .kv-more > * {{ padding-top: 0; }}
& .kv-only, & .kv-slim {{ display: none; }}
& .kv-empty {{ padding: 18px; text-align: center; color: var(--faint); border: 1px dashed var(--line);
  border-radius: 10px; margin-top: 14px; }}
& .kv-notes {{ margin-top: 18px; font-size: 12px; color: var(--faint); }}
& .kv-notes li {{ padding-left: 14px; text-indent: -14px; margin-top: 2px; }}
& .kv-notes li::before {{ content: "•"; display: inline-block; width: 14px; text-indent: 0; color: var(--notice); }}
& .kv-legend {{ margin-top: 12px; padding-top: 8px; border-top: 1px solid var(--line); font-size: 11.5px;
  color: var(--faint); }}
& .kv-meter {{ display: block; height: 6px; margin-top: 8px; border-radius: 3px; background: var(--line); }}
& .kv-meter::before {{ content: ""; display: block; height: 100%; width: var(--w); border-radius: 3px;
  background: var(--1); }}
@container (max-width: 860px) {{
  & .kv-wide {{ display: none; }}
  & .kv-only {{ display: inline; }}
}}
@container (max-width: 720px) {{
  & .kv-wider {{ display: none; }}
  & .kv-slim {{ display: inline; }}
  & .kv-table th, & .kv-table td {{ padding-left: 8px; padding-right: 8px; }}
  & .kv-figures .kv-first {{ flex-basis: 100%; }}
}}
@container (max-width: 600px) {{
  & .kv-weight i {{ display: none; }}
  & .kv-table th, & .kv-table td {{ padding-left: 6px; padding-right: 6px; }}
}}
@container (max-width: 480px) {{
  & .kv-table .kv-main {{ min-width: 9em; }}
}}
@media print {{
  & {{ border: 0; max-width: none; padding: 0; }}
  & .kv-long {{ max-height: none; }}
  & .kv-table tbody {{ break-inside: avoid; }}
}}
"""

# How JupyterLab, VS Code and Colab mark a dark page.
_SAY_DARK = ('[data-jp-theme-light="false"]', ".vscode-dark", ".vscode-high-contrast", "html[theme=dark]")
_SAY_LIGHT = (
    '[data-jp-theme-light="true"]',
    ".vscode-light",
    ".vscode-high-contrast-light",
    "html[theme=light]",
)


def theme(scheme: str, colours: Mapping[str, str]) -> str:
    """Return a scheme's colours as custom properties."""
    return f"color-scheme: {scheme}; " + " ".join(f"--{name}: {value};" for name, value in colours.items())


def _sheet() -> str:
    light, dark = theme("light", LIGHT), theme("dark", DARK)
    themes = [
        f"& {{ {light} }}",
        f"@media (prefers-color-scheme: dark) {{ & {{ {dark} }} }}",
        f"{', '.join(f'{each} &' for each in _SAY_LIGHT)} {{ {light} }}",
        f"{', '.join(f'{each} &' for each in _SAY_DARK)} {{ {dark} }}",
    ]
    return ("\n".join(themes) + _RULES).replace("&", f".{VIEW}.{VIEW}")


STYLE = _sheet()
"""The style sheet of a view."""

PAGE_STYLE = (
    f"html {{ background: {LIGHT['raised']}; }} body {{ margin: 24px auto; max-width: 1280px; padding: 0 16px; }}"
    f" @media (prefers-color-scheme: dark) {{ html {{ background: #0c0e11; }} }}"
    " @media (max-width: 700px) { body { margin: 8px auto; padding: 0 6px; } }"
    " @media print { html { background: none; } }"
)
"""What a report in a file needs around its view."""
