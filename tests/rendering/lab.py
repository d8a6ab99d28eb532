"""A JupyterLab that runs, on loopback and with a home of its own, and a notebook in it: cells run, and what is drawn."""

import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from tests.rendering.chromium import Chromium
from tests.rendering.hosts import BROKEN

ROOT = Path(__file__).parents[2]

# What a first visit would ask, and what leaves cells out that are not in sight.
_USER_SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none"},
}
_OPTIONS = (
    "--no-browser",
    "--allow-root",
    "--ServerApp.ip=127.0.0.1",
    "--LabApp.expose_app_in_browser=True",
    "--LabApp.extension_manager=readonly",
)
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/lab")


@contextmanager
def serving(notebook: Path, home: Path) -> Iterator[str]:
    """Serve the folder of a notebook, and get the notebook's address."""
    for name, values in _USER_SETTINGS.items():
        file = home / f"config/lab/user-settings/@jupyterlab/{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    token = secrets.token_hex()
    homes = {f"JUPYTER_{each.upper()}_DIR": str(home / each) for each in ("config", "data", "runtime")}
    environment = os.environ | homes | {
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_TOKEN": token,
        "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    server = subprocess.Popen(  # noqa: S603  # of this environment
        [sys.executable, "-m", "jupyterlab", *_OPTIONS, f"--ServerApp.root_dir={notebook.parent}"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    with server:
        try:
            lines = iter(server.stderr.readline, "")
            address = next((found[0] for line in lines if (found := _ADDRESS.search(line))), None)
            assert address, "JupyterLab has ended"
            yield f"{address}/tree/{notebook.name}?token={token}"
        finally:
            server.terminate()


# Each ends, or fails.
_SCRIPTS = (
    f"{BROKEN}"
    """
const until = (what, isThere) => new Promise((resolve, reject) => {
  const late = setTimeout(() => reject(Error(what + ' did not come')), 180000);
  const look = () => isThere() ? (clearTimeout(late), resolve()) : setTimeout(look, 30);
  look();
});
const run = async views => {
  await until('the notebook', () => window.jupyterapp?.shell?.currentWidget?.sessionContext);
  const {commands, restored, shell} = window.jupyterapp, {context, sessionContext} = shell.currentWidget;
  await Promise.all([restored, context.ready, sessionContext.ready]);
  await commands.execute('application:toggle-left-area');
  await commands.execute('notebook:run-all-cells');
  await until('every page', () => document.querySelectorAll('.koscom-view').length === views
    && [...document.querySelectorAll('.jp-OutputArea img')].some(each => each.complete));
};
const theme = async name => {
  await window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab ' + name});
  await until(name, () => document.body.dataset.jpThemeName === 'JupyterLab ' + name);
};

const channels = colour => {
  const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
  return [r, g, b, a];
};
const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
const groundOf = element => {
  if (!element) return [255, 255, 255, 1];
  const colour = channels(getComputedStyle(element).backgroundColor);
  return colour[3] === 1 ? colour : over(colour, groundOf(element.parentElement));
};
const light = ([r, g, b]) => [r, g, b].map(each => each / 255)
  .map(each => each <= .04045 ? each / 12.92 : ((each + .055) / 1.055) ** 2.4)
  .reduce((sum, each, place) => sum + each * [.2126, .7152, .0722][place], 0);
const contrast = element => {
  const ground = groundOf(element), ink = over(channels(getComputedStyle(element).color), ground);
  const [less, more] = [light(ground), light(ink)].sort((a, b) => a - b);
  return (more + .05) / (less + .05);
};

const measured = view => {
  const edge = view.getBoundingClientRect(), all = [view, ...view.querySelectorAll('*')], wrong = [];
  const say = (what, each) => wrong.push(what + ': ' + (each.className || each.tagName) + ' ' + each.textContent.slice(0, 40));
  for (const each of all) {
    const style = getComputedStyle(each), box = each.getBoundingClientRect();
    const text = [...each.childNodes].filter(node => node.nodeType === 3 && node.data.trim());
    if (style.float !== 'none') say('floats', each);
    if (!each.closest('.kv-frame > *') && box.width && (box.right > edge.right + 1 || box.left < edge.left - 1)) say('beyond', each);
    if (style.display === 'block' && each.clientWidth && each.scrollWidth > each.clientWidth + 1
        && !each.matches('.kv-rows > .kv-frame')) say('cut', each);
    if (!box.width || !text.length) continue;
    if (style.fontFamily !== getComputedStyle(view).fontFamily) say('in the font ' + style.fontFamily, each);
    if (contrast(each) < 4.5) say('pale, ' + contrast(each).toFixed(1), each);
    for (const node of text) for (const word of broken(node)) say('in two: ' + word, each);
  }
  const around = view.closest('.jp-OutputArea-output');
  if (around.scrollWidth > around.clientWidth + 1) say('wider than the cell', view);
  return {wrong, ground: getComputedStyle(view).backgroundColor, font: getComputedStyle(view).fontFamily,
    title: view.querySelector('h2, b').textContent};
};
const pages = () => [...document.querySelectorAll('.koscom-view')].map(measured);
const plot = () => {
  const image = document.querySelector('.jp-RenderedImage img'), place = image.closest('.jp-OutputArea-output');
  return {natural: image.naturalWidth, width: image.clientWidth, place: place.clientWidth,
    isInShape: Math.abs(image.clientHeight / image.clientWidth - image.naturalHeight / image.naturalWidth) < .01};
};
const errors = () => [...document.querySelectorAll('.jp-OutputArea-output[data-mime-type$=stderr], .jp-RenderedText')]
  .map(each => each.innerText.trim()).filter(text => text.includes('Traceback'));
"""
)


@frozen
class Lab:
    """A notebook in JupyterLab, in a tab."""

    browser: Chromium
    tab: str

    def ask(self, script: str) -> object:
        """Return what a script in the page comes out at."""
        return self.browser.value_of(f"(async () => {{ {_SCRIPTS} return await {script}; }})()", self.tab)

    def resize(self, width: int) -> None:
        """Make the window so wide."""
        self.browser.resize(self.tab, width=width, height=1000)


@contextmanager
def opened(browser: Chromium, address: str) -> Iterator[Lab]:
    """Open a notebook."""
    with browser.opened(address, width=1300, height=1000) as tab:
        yield Lab(browser, tab)
