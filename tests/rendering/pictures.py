"""Makes the README's pictures from the sandbox: `python -m tests.rendering.pictures`."""

import asyncio
import io
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from unicodedata import east_asian_width

from PIL import Image, ImageChops
from rich.console import Console
from rich.terminal_theme import TerminalTheme

from koscom_async import Holdings, Koscom
from koscom_async.cli.views.report import report
from koscom_async.sandbox import SandboxGateway
from tests.demo.conftest import served
from tests.machine import CHROMIUM, find_program
from tests.rendering.chromium import running
from tests.rendering.hosts import notebook

PICTURES = Path(__file__).parents[2] / ".pictures"
SCALE, EDGE, MOST_BYTES = 1.5, 14, 200_000
COLUMNS = 124

_TERMINAL = TerminalTheme(
    (22, 25, 31),
    (222, 226, 233),
    [
        (22, 25, 31),
        (255, 123, 114),
        (86, 211, 145),
        (240, 190, 90),
        (134, 182, 255),
        (212, 120, 183),
        (90, 200, 210),
        (200, 205, 213),
    ],
    [
        (110, 118, 129),
        (255, 133, 133),
        (110, 225, 165),
        (250, 205, 110),
        (134, 182, 255),
        (225, 150, 200),
        (120, 215, 225),
        (255, 255, 255),
    ],
)
_WINDOW = """<!doctype html><meta charset="utf-8"><style>
body { margin: 0; background: #16191f; }
pre { margin: 0; padding: 18px 22px; color: #dee2e9; width: max-content;
  font: 12.5px/1.45 "DejaVu Sans Mono", "Noto Sans Mono CJK KR", monospace; }
b { color: #56d391; font-weight: 400; }
i { display: inline-block; width: 2ch; font-style: normal; text-align: center; }
</style><body><pre><b>$</b> koscom holdings --sandbox
%s</pre></body>"""


async def holdings(**options: object) -> Holdings:
    """What the sandbox's investor owns."""
    async with (
        SandboxGateway(in_process=True, **options) as gateway,
        Koscom(gateway.settings, transport=gateway.transport) as koscom,
    ):
        return await koscom.holdings(gateway.investor)


def terminal(shown: Holdings) -> str:
    """The command's output as a page."""
    console = Console(
        record=True, width=COLUMNS, force_terminal=True, color_system="truecolor", file=io.StringIO()
    )
    console.print(report(shown))
    page = console.export_html(theme=_TERMINAL, inline_styles=True, code_format="{code}")
    # Two cells for each wide letter, whatever the font thinks.
    return _WINDOW % "".join(f"<i>{each}</i>" if east_asian_width(each) in "WF" else each for each in page)


async def demonstration(browser: str, folder: Path) -> Path:
    """The page of `koscom demo`, where a broker failed and another sent rows twice."""
    from playwright.async_api import async_playwright

    picture = folder / "demo.png"
    async with SandboxGateway() as gateway, served(gateway) as url, async_playwright() as driver:
        chromium = await driver.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = await chromium.new_page(viewport={"width": 1000, "height": 1090}, device_scale_factor=SCALE)
        await page.goto(f"{url}?lang=en&fault=star%3Ddown&fault=cyber%3Ddoubled-row")
        await page.locator('#positions[aria-busy="false"]').wait_for()
        await page.screenshot(path=picture, animations="disabled")
        await chromium.close()
    return picture


def cropped(picture: Path) -> Image.Image:
    """The picture without the empty ground at its end."""
    image = Image.open(picture).convert("RGB")
    ground = Image.new("RGB", image.size, image.getpixel((image.width - 1, image.height - 1)))
    _, _, right, bottom = ImageChops.difference(image, ground).getbbox()
    return image.crop((0, 0, min(image.width, right + EDGE), min(image.height, bottom + EDGE)))


def save(image: Image.Image, name: str, method: Image.Quantize = Image.Quantize.MAXCOVERAGE) -> None:
    """Save a picture with as many colours as a small file has."""
    path = PICTURES / f"{name}.png"
    image.quantize(160, method=method, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    assert size < MOST_BYTES, f"{path.name} has {size:,} bytes"
    print(f"{path.name}: {image.width} × {image.height}, {size:,} bytes")  # noqa: T201  # a script that says what it made


def main() -> None:
    """Make them all."""
    PICTURES.mkdir(exist_ok=True)
    whole, partial = asyncio.run(holdings()), asyncio.run(holdings(faults={"star": "3600"}))
    unfolded = (
        whole._repr_html_()
        .replace("<details>", "<details open>", 4)
        .replace("<details open>", "<details>", 3)
    )
    browser = find_program(*CHROMIUM) or sys.exit("no Chromium is installed")
    with TemporaryDirectory() as home, running(browser, Path(home)) as chromium:
        save(
            cropped(chromium.screenshot(terminal(whole), "terminal", width=1000, height=1400, scale=SCALE)),
            "terminal",
        )
        pages = {"notebook-light": (unfolded, "light"), "notebook-dark": (partial._repr_html_(), "dark")}
        for name, (view, theme) in pages.items():
            page = notebook(view, theme=theme, is_alone=True)
            shot = chromium.screenshot(page, name, width=1000, height=1700, dark=theme == "dark", scale=SCALE)
            save(cropped(shot), name)
        page = Image.open(asyncio.run(demonstration(browser, Path(home)))).convert("RGB")
        save(page, "demo", Image.Quantize.MEDIANCUT)  # which keeps its pale grounds as they are
        for name, kind, theme in (("plot-treemap", "treemap", "light"), ("plot-profit", "profit", "dark")):
            partial_or_whole = whole if theme == "light" else partial
            partial_or_whole.plot(kind, theme=theme).savefig(Path(home) / f"{name}.png", dpi=150)
            save(Image.open(Path(home) / f"{name}.png").convert("RGB"), name)


if __name__ == "__main__":
    main()
