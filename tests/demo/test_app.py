"""What the demonstration serves, as any HTTP client sees it: the page, JSON, a report, events, and what they cost."""

import json
import re
from contextlib import asynccontextmanager, suppress

import anyio
import httpx

from koscom_async.cli.demo.app import POLICY
from koscom_async.cli.demo.pages import LANGUAGES, asset, page, style, texts_in
from koscom_async.export.html.style import DARK, LIGHT
from tests.demo.conftest import served
from tests.integrations.web.visits import read_events

SILENT = "/holdings/events?fault=star%3Dsilent"


@asynccontextmanager
async def browsing(gateway):
    async with served(gateway) as url, httpx.AsyncClient(base_url=url, timeout=20) as client:
        yield client


def asked(gateway):
    """The brokers that were asked for a balance."""
    return {call.broker for call in gateway.calls if call.endpoint == "account.balance"}


async def events(client, **query):
    return read_events((await client.get("/holdings/events", params=query)).text)


async def test_the_page_is_in_the_language_that_is_asked_for_and_otherwise_the_browsers(gateway):
    async with browsing(gateway) as client:
        for query, header, language in (
            ("", "", "ko"),
            ("", "en-US,en;q=0.9,ko;q=0.8", "en"),
            ("?lang=ko", "en", "ko"),
            ("?lang=fr", "fr, en;q=0.5", "en"),
        ):
            answer = await client.get(f"/{query}", headers={"Accept-Language": header})
            assert f'<html lang="{language}">' in answer.text
            assert answer.headers["content-security-policy"] == POLICY
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
        chosen = (await client.get("/?fault=star%3Ddown&lang=en")).text
        assert re.findall(r'<option value="([^"]*)" selected', chosen) == ["star=down"]
        assert 'href="/?fault=star%3Ddown&amp;lang=ko"' in chosen
        assert (
            '<option value="cyber=drip:0.1" selected' in (await client.get("/?fault=cyber%3Ddrip:0.1")).text
        )


async def test_what_the_page_loads_is_there_and_nothing_else_is_named(gateway):
    async with browsing(gateway) as client:
        html = (await client.get("/")).text
        loaded = re.findall(r'(?:src|href)="(/[^"?]*)', html)
        assert set(loaded) == {"/", "/icon.svg", "/page.css", "/page.js", "/holdings", "/report"}
        for path, kind in (
            ("/icon.svg", "image/svg+xml"),
            ("/page.css", "text/css"),
            ("/page.js", "text/javascript"),
        ):
            answer = await client.get(path)
            assert answer.headers["content-type"].startswith(kind)
        everything = html + style() + asset("page.js")
        assert (
            re.findall(r"(?:https?:)?//(?!www\.w3\.org)[a-z]\S*", re.sub(r"(?m)(^|\s)// .*", "", everything))
            == []
        )


def test_every_text_is_there_in_both_languages_and_used():
    texts = json.loads(asset("texts.json"))
    assert list(LANGUAGES) == ["ko", "en"]
    used = set(re.findall(r"\{\{(\w+)\}\}", asset("page.html")))
    used |= set(re.findall(r"texts\.(\w+)", asset("page.js"))) | {"faults"}
    assert used - {"lang", "languages", "query", "selects", "texts"} == set(texts)
    for one, other in zip(*(sorted(flat(texts_in(language)).items()) for language in LANGUAGES), strict=True):
        assert one[0] == other[0]
        assert sorted(re.findall(r"\{\w+\}", one[1])) == sorted(re.findall(r"\{\w+\}", other[1])), one[0]
        assert one[1], one[0]
    names = set(re.findall(r"var\(--([\w-]+)\)", style())) - {"slice", "share"}
    for name in sorted(names):
        assert re.search(rf"--{name}:", style()), name
    assert all(value in style() for value in (LIGHT["gain"], DARK["gain"]))


def flat(texts, name=""):
    if isinstance(texts, str):
        return {name: texts}
    return {key: text for part, each in texts.items() for key, text in flat(each, f"{name}.{part}").items()}


def test_texts_cannot_leave_their_element(monkeypatch):
    monkeypatch.setitem(texts_in("en"), "title", "</script><b>")
    html = page("en", ['"><b>'])
    assert "</script><b>" not in html
    assert '"><b>' not in html.replace('"><b></b>', "")


async def test_holdings_are_json_and_a_report(gateway):
    async with browsing(gateway) as client:
        whole = (await client.get("/holdings")).json()
        assert (whole["complete"], len(whole["positions"])) == (True, 28)
        partial = (await client.get("/holdings?fault=star%3D4001&fault=")).json()
        assert [each["account"]["broker"]["short_name"] for each in partial["failures"]] == ["star"]
        assert "INCOMPLETE" in (await client.get("/report?fault=star%3D4001")).text
        assert (await client.get("/holdings?fault=star%3Dnone")).status_code == 400
        assert (await client.get("/holdings?fault=moon%3Ddown")).status_code == 400
        assert (await client.get("/docs")).status_code == 404


async def test_events_fill_the_page_and_ask_again_asks_only_what_failed(gateway):
    async with browsing(gateway) as client:
        await client.get("/")
        first = await events(client, fault="star=short")
        assert [name for name, _, _ in first] == ["accounts", *["account"] * 3, "holdings"]
        assert len(first[-2][2]["so_far"]["reconciliation"]) == 2
        assert first[-1][1] == "end"
        gateway.clear_calls()
        again = await events(client, again="true")
        assert asked(gateway) == {"star"}
        assert [name for name, _, _ in again] == ["accounts", "account", "holdings"]
        assert len(again[1][2]["so_far"]["reconciliation"]) == 3, "what was read before stays"
        assert (again[-1][2]["complete"], len(again[-1][2]["outcomes"])) == (True, 3)
        gateway.clear_calls()
        assert [name for name, _, _ in await events(client, again="true")] == ["accounts", "holdings"]
        assert asked(gateway) == set()
        await events(client, tab="one", fault="star=short")
        await events(client, tab="two")
        gateway.clear_calls()
        await events(client, tab="one", again="true")
        assert asked(gateway) == {"star"}, "a page continues its own answer, and not another tab's"
        gateway.clear_calls()
        client.cookies.clear()
        await events(client, again="true")
        assert asked(gateway) == {"diamond", "cyber", "star"}, "a session without an answer asks everything"


async def test_a_reconnection_after_the_end_is_204_and_no_call(gateway):
    async with browsing(gateway) as client:
        await events(client)
        gateway.clear_calls()
        answer = await client.get("/holdings/events?fault=star%3Ddown", headers={"Last-Event-ID": "end"})
        assert (answer.status_code, answer.content, gateway.calls) == (204, b"", ())
        assert (await client.get("/holdings")).json()["complete"] is True


async def test_the_server_ends_at_once_while_a_stream_is_open(gateway):
    opened, seen = anyio.Event(), []

    async def read(url):
        with suppress(httpx.RemoteProtocolError):  # cut off
            async with (
                httpx.AsyncClient(base_url=url, timeout=20) as client,
                client.stream("GET", SILENT) as answer,
            ):
                async for line in answer.aiter_lines():
                    seen.append(line)
                    opened.set()

    async with anyio.create_task_group() as group, served(gateway) as url:
        group.start_soon(read, url)
        await opened.wait()
    assert seen[0] == "event: accounts"
    assert "event: holdings" not in seen, "it did not wait for the deadline"
