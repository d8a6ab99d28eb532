"""The page in a real Chromium, in one story: it loads, fills, is partial, is asked again; dark, narrow, by keyboard."""

import importlib
import re
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PIL import Image

from tests.demo.conftest import served
from tests.machine import is_set

END = '#positions[aria-busy="false"]'
STATES = "#accounts > [data-state={}]"

SNAPSHOT = (
    'navigation "Language"',
    'link "English"',
    'heading "Holdings as of ',
    "status: Every account was read. Net worth ₩144,581,008,794.",
    "term: Net worth",
    'region "What it is made of"',
    "listitem: Bond 43.3%",
    'region "Accounts"',
    "paragraph: 사이버 증권 ₩24,577,000",
    "listitem: rows and the broker's summary agree",
    'region "Let a broker fail"',
    'combobox "다이아몬드 증권"',
    'option "answers" [selected]',
    'button "Ask only what failed" [disabled]',
    'button "Ask everything again"',
    'table "Positions"',
    'columnheader "Value cost"',
    'rowheader "우리투자증권(DLS)1120 DLS · no code"',
    'cell "▲ +1,409,400,000 +2.61%"',
    'rowheader "Total KRW"',
    'rowheader "Apple Other · US0378331005"',
    'rowheader "Total USD"',
)
"""What an assistive program is given, in this order."""


def playwright():
    """Playwright's API; where it is missing the test is skipped, and in CI it fails."""
    name = "playwright.async_api"
    return importlib.import_module(name) if is_set("CI") else pytest.importorskip(name)


@asynccontextmanager
async def chromium(command):
    async with playwright().async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=command, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def opened(browser, address, *, locale="ko-KR", width=1180, **options):
    """A page in a context of its own, which may only ask the address's host; its errors, and what it asked."""
    options = {"viewport": {"width": width, "height": 900}, "locale": locale, **options}
    async with await browser.new_context(**options) as context:
        page = await context.new_page()
        page.asked, page.wrong = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.wrong.append(message.text))
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        await page.goto(address)
        yield page
        assert page.wrong == [], "neither an error, nor anything that the policy refused"
        assert {re.match(r"https?://[^/]*/", url)[0] for url in page.asked} == {
            re.match(r"https?://[^/]*/", address)[0]
        }


def asked_for_events(page):
    return [url for url in page.asked if "/holdings/events" in url]


async def picture(page, folder, name):
    path = Path(folder) / f"{name}.png"
    await page.screenshot(path=path, animations="disabled")
    with Image.open(path) as image:
        return image.convert("L")


def brightness(image):
    return image.resize((1, 1)).getpixel((0, 0))


def asked(gateway):
    """The calls since they were last forgotten, each as its broker."""
    calls = sorted(call.broker for call in gateway.calls)
    gateway.clear_calls()
    return calls


async def test_the_page_in_a_browser(chromium_command, gateway, tmp_path):
    async with chromium(chromium_command) as browser, served(gateway) as url:
        await loading(browser, url, tmp_path)
        await complete(browser, url, gateway, tmp_path)
        await partial_and_asked_again(browser, url, gateway, tmp_path)
        await dark_and_narrow(browser, url, tmp_path)
        await refused_and_without_script(browser, url)


async def loading(browser, url, folder):
    """What has arrived is there, and what has not says so; who leaves ends the calls."""
    async with opened(browser, f"{url}?fault=star%3Dsilent") as page:
        await page.locator(STATES.format("read")).nth(1).wait_for()
        assert await page.locator("#status").inner_text() in {
            f"3개 중 2개: {name} 증권 조회 완료." for name in ("다이아몬드", "사이버")
        }
        assert await page.locator("#positions").get_attribute("aria-busy") == "true"
        assert await page.locator("#scope").inner_text() == "3개 계좌 중 2개까지의 합계"
        assert await page.locator("#positions tbody tr.total").count() == 1
        assert await page.locator(STATES.format("asking")).locator(".state").inner_text() == "조회 중"
        assert brightness(await picture(page, folder, "loading")) > 200
        await page.goto("about:blank")


async def complete(browser, url, gateway, folder):
    """One load is one fan-out, also after the stream's end; every number is the server's, to the last digit."""
    gateway.clear_calls()
    async with opened(browser, f"{url}?lang=en") as page:
        await page.locator(END).wait_for()
        assert (
            await page.locator("#status").inner_text()
            == "Every account was read. Net worth ₩144,581,008,794."
        )
        texts = {
            name: await page.locator(f"#{name}").inner_text()
            for name in ("securities", "cost", "liabilities")
        }
        assert texts == {
            "securities": "₩144,575,202,252",
            "cost": "≥₩139,417,220,441",
            "liabilities": "−\u2060₩2,760,000",
        }
        rows = await page.locator("#positions tbody tr:not(.total)").all_inner_texts()
        assert (len(rows), "우리투자증권(DLS)1120" in rows[0], "Apple" in rows[-1]) == (28, True, True)
        assert await page.evaluate("source === null"), "a source that is open would ask again by itself"
        assert len(asked_for_events(page)) == 1
        shown = await page.locator("body").aria_snapshot()
        places = [shown.find(line) for line in SNAPSHOT]
        assert places == sorted(places), shown
        assert -1 not in places, shown
        await picture(page, folder, "complete")
    assert set(asked(gateway)) == {"common", "diamond", "cyber", "star"}


async def partial_and_asked_again(browser, url, gateway, folder):
    """A failure and a doubt are said in words where they are; only what failed is asked again, by keyboard too."""
    async with opened(browser, f"{url}?fault=star%3Dshort&fault=cyber%3Ddoubled-row") as page:
        await page.locator(END).wait_for()
        gateway.clear_calls()
        words = await page.locator("#status").inner_text()
        assert words == (
            "3개 계좌 중 1개를 조회하지 못했습니다. 합계에서 빠져 있습니다. 두 번 더해졌을 수 있는 항목이 2건 있습니다."
        )
        failed = await page.locator(STATES.format("failed")).inner_text()
        for part in (
            "스타 증권",
            "조회 실패",
            "알린 것보다 적은 행이 왔습니다",
            "다시 조회하면 될 수 있습니다",
            "truncated",
        ):
            assert part in failed
        assert "같은 행이 두 번 옴" in await page.locator("#accounts > li", has_text="사이버").inner_text()
        assert await page.locator("#positions .doubtful:visible").count() == 2
        assert await page.locator("#scope").inner_text() == "3개 계좌 중 2개만의 합계"
        await picture(page, folder, "partial")

    async with opened(browser, f"{url}?fault=diamond%3Ddoubled-row") as page:
        await page.locator(END).wait_for()
        assert "1건" in await page.locator("#status").inner_text()
        assert await page.locator("#positions .doubtful:visible").count() == 1

    async with opened(browser, f"{url}?fault=star%3Dshort&fault=cyber%3Ddoubled-row") as page:
        await page.locator(END).wait_for()
        gateway.clear_calls()
        before = await page.locator("#positions tbody tr:not(.total)").count()
        await page.locator("select").nth(2).select_option("")
        assert "fault=cyber%3Ddoubled-row" in page.url
        assert "star" not in page.url
        await page.locator("select").nth(2).focus()
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.locator(STATES.format("read")).nth(2).wait_for()
        await page.locator(END).wait_for()
        assert set(asked(gateway)) == {"common", "star"}
        assert await page.evaluate("document.activeElement.id") == "ask-failed", (
            "the focus stays where it was"
        )
        assert await page.locator("#ask-failed").get_attribute("aria-disabled") == "true"
        assert await page.locator("#positions tbody tr:not(.total)").count() > before
        assert len(asked_for_events(page)) == 2
        await page.keyboard.press("Enter")  # there is nothing that failed
        assert len(asked_for_events(page)) == 2
        await picture(page, folder, "asked-again")


async def dark_and_narrow(browser, url, folder):
    """The system's colours are followed; a phone shows everything without scrolling sideways; nothing moves if asked."""
    options = {"width": 380, "color_scheme": "dark", "reduced_motion": "reduce"}
    async with opened(browser, f"{url}?fault=star%3D4001", **options) as page:
        await page.locator(END).wait_for()
        assert await page.evaluate("document.documentElement.scrollWidth") == 380
        assert await page.evaluate("document.getAnimations().length") == 0
        assert await page.locator("#ask-failed").get_attribute("aria-disabled") == "true", (
            "4001 is no passing failure"
        )
        assert brightness(await picture(page, folder, "narrow-dark")) < 70


async def refused_and_without_script(browser, url):
    """A question that is refused at once ends in words; where no script runs, the page leads to the server's report."""
    async with opened(browser, f"{url}?fault=common%3D4001&lang=en") as page:
        await page.locator(END).wait_for()
        assert await page.locator("#status").inner_text() == (
            "The question was refused, or the connection was lost: ask again."
        )
        assert await page.locator("#ask-all").get_attribute("aria-disabled") == "false"
        (noticed,) = page.wrong
        assert "Failed to load resource" in noticed
        page.wrong.clear()
    async with opened(browser, f"{url}?fault=star%3D4001", java_script_enabled=False) as page:
        await page.locator("noscript a").click()
        assert page.url == f"{url}report?fault=star%3D4001"
        assert "INCOMPLETE" in await page.locator(".kv-banner").inner_text()
