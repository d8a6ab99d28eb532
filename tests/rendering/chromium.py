"""A headless Chromium: pictures of pages, and what a page's own measurements say."""

import json
import re
import subprocess
from html import unescape
from pathlib import Path

from attrs import frozen

PATIENCE_SECONDS = 120

FLAGS = (
    "--headless",
    "--no-sandbox",  # CI runs as root, and the pages are our own
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--virtual-time-budget=2000",
)
DARK = "--blink-settings=preferredColorScheme=0"
LIGHT = "--blink-settings=preferredColorScheme=1"


@frozen
class Chromium:
    """A browser with a home of its own."""

    binary: str
    home: Path

    def screenshot(
        self, html: str, name: str, *, width: int, height: int, dark: bool = False, scale: float = 1
    ) -> Path:
        """Picture a page at a size, with so many dots for each pixel."""
        picture = self.home / f"{name}.png"
        size = (f"--window-size={width},{height}", f"--force-device-scale-factor={scale}")
        self._run(html, name, f"--screenshot={picture}", *size, DARK if dark else LIGHT)
        return picture

    def measured(self, html: str, name: str, *, width: int = 1500, dark: bool = False) -> object:
        """Return what the page's script left as JSON in the element `#measured`."""
        dom = self._run(html, name, "--dump-dom", f"--window-size={width},2000", DARK if dark else LIGHT)
        found = re.search(r'<pre id="measured">(.*?)</pre>', dom, re.DOTALL)
        assert found, dom[-2000:]
        return json.loads(unescape(found[1]))

    def _run(self, html: str, name: str, *flags: str) -> str:
        page = self.home / f"{name}.html"
        page.write_text(html, encoding="utf-8")
        command = [self.binary, *FLAGS, f"--user-data-dir={self.home / 'profile'}", *flags, page.as_uri()]
        done = subprocess.run(  # noqa: S603  # the browser that was found, on a page of ours
            command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=True
        )
        return done.stdout
