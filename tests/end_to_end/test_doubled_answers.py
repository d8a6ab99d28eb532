"""A gateway that sends every answer twice, the second a while behind the first: no investor gets another's."""

import asyncio
from itertools import cycle

import httpx
import pytest

from koscom_async import Koscom, ResponseError
from koscom_async.settings import Backend
from tests.client.fake_gateway import Book, FakeGateway, investor_of, link, ok, settings_of, share
from tests.fake_time import settled
from tests.http.scripted import scripted

MARKS = "ABC"
PAUSES = (0.0, 0.001, 0.0, 0.0005, 0.005, 0.006, 0.06)
"""Between two calls."""


def doubling(gateway, delay):
    async def script(wire):
        while True:
            head, _, body = (await wire.request()).partition(b"\r\n\r\n")
            target = head.split(b" ")[1].decode()
            response = await gateway(httpx.Request("POST", f"http://gateway{target}", content=body))
            lengths = b"content-length: %d\r\n\r\n" % len(response.content)
            whole = b"HTTP/1.1 %d -\r\n" % response.status_code + lengths + response.content
            wire.writer.write(whole)
            asyncio.get_running_loop().call_later(delay, wire.writer.write, whole)

    return script


def gateway_of():
    """A list with one account for each investor, which is named as the investor is, and a token as well."""

    def listed(question):
        return ok(
            {
                "vtAccList": [
                    link("diamond", f"16060000000{question.body['commonHeader']['ci'][0]}", endpoint=None)
                ]
            }
        )

    def authorized(form):
        return ok(
            {"access_token": f"NEW-{form['refresh_token'][-1]}", "token_type": "Bearer", "expires_in": 3600}
        )

    scripts = {f"16060000000{mark}": Book({"EQTY": [share(quantity=ord(mark))]}) for mark in MARKS}
    return FakeGateway(scripts, consent=listed, authorization=authorized)


@pytest.mark.parametrize("backend", [Backend.CORE, Backend.FAST])
async def test_each_investor_gets_their_own_list_token_and_rows(backend, standing_clock):
    for delay in (0.0, 0.001, 0.005):
        async with (
            scripted(doubling(gateway_of(), delay)) as server,
            Koscom(settings_of(base_url=server.url[:-1], backend=backend)) as koscom,
        ):
            pauses = cycle(PAUSES)

            async def pause(delay=delay, pauses=pauses):
                seconds = next(pauses)
                standing_clock.now += seconds
                if seconds > delay:
                    await settled()  # the gateway is another process

            for mark in MARKS * 10:
                investor = investor_of(mark)
                accounts = (await koscom.member.accounts(investor)).accounts
                assert [account.number[-1] for account in accounts] == [mark]
                await pause()
                assert (await koscom.oauth.refresh(investor.token)).access == f"NEW-{mark}"
                await pause()
                try:
                    answer = await koscom.account.balance(investor, accounts[0])
                except ResponseError:  # another's was there, and was not believed
                    pass
                else:
                    assert [row.quantity for row in answer.rows] == [ord(mark)]
                await pause()
