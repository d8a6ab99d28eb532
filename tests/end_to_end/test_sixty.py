"""Sixty investors at once, a quarter of them hostile, some gone before the answer: each gets their own, or nothing."""

from contextlib import suppress
from random import Random

import anyio
import httpx
from attrs import define, evolve, field

from koscom_async import BrokerLimits, Koscom, KoscomError, Limits, Retry
from tests.client.fake_gateway import URL, Book, FakeGateway, investor_of, link, ok, refusal, said, share
from tests.fake_time import settled

INVESTORS, HOSTILE, GONE, ROUNDS = 60, 15, 9, 2
"""The first fifteen are hostile. In each round nine others give up while they are asked."""
GOODPUT = 0.95
BROKERS = {"diamond": "00992", "shinhan": "00002", "daishin": "00004", "sk": "00025", "kbinvest": "00017"}


async def silent(_):
    await anyio.sleep_forever()


def foreign(question):
    """Answer soundly, for an account of another investor."""
    return ok(said(question, {"equityList": [share()]}, total=1, number="59-00992"))


def endless(question):
    return ok(said(question, {"equityList": [share()]}, total=None, page=question.request_id))


def counted(respond, remaining):
    """Answer, and say how many calls are left today."""

    def script(question):
        reply = respond(question)
        reply.headers["X-RateLimit-Remaining-Day"] = remaining
        return reply

    return script


ODD = (
    silent,
    foreign,
    endless,
    counted(Book(), "0"),
    lambda _: httpx.Response(500),
    lambda _: httpx.ReadTimeout("silent"),
    lambda _: httpx.Response(200, content=b'{"half":'),
    lambda _: refusal("6001"),
    lambda _: refusal("3600", 503),
)


def person(number):
    return evolve(investor_of(), ci=f"{number:088}")


def town(chance):
    """Return a gateway with an account at each broker for all; sound ones hold what is theirs alone."""
    gateway, lists = FakeGateway(), {}
    for number in range(INVESTORS):
        own = counted(Book({"EQTY": [share(quantity=1000 + number)]}), "40000")
        lists[person(number).ci] = [
            link("diamond", f"{number}-{code}", comId=code, endpoint=f"{URL}/v1/{broker}/account/")
            for broker, code in BROKERS.items()
        ]
        for code in BROKERS.values():
            gateway.scripts[f"{number}-{code}"] = chance.choice(ODD) if number < HOSTILE else own
    gateway.consent = lambda question: ok({"vtAccList": lists[question.body["commonHeader"]["ci"]]})
    return gateway


@define
class Crowd:
    """Asks for all at once, and counts what came to those who are sound and stayed."""

    koscom: Koscom
    chance: Random
    asked: int = 0
    whole: int = 0
    foreign: list = field(factory=list)

    async def round(self):
        leaving = self.chance.sample(range(HOSTILE, INVESTORS), GONE)
        scopes = {number: anyio.CancelScope() for number in range(INVESTORS)}
        async with anyio.create_task_group() as group:
            for number in self.chance.sample(range(INVESTORS), INVESTORS):
                group.start_soon(self.ask, number, scopes[number])
            await settled(self.chance.randrange(5, 60))
            for number in leaving:
                scopes[number].cancel()

    async def ask(self, number, scope):
        holdings, deadline = None, 0.5 if number < HOSTILE else 20
        with scope, suppress(KoscomError):
            holdings = await self.koscom.holdings(person(number), deadline=deadline)
        if number >= HOSTILE and not scope.cancelled_caught:
            lots = [lot for position in holdings.positions for lot in position.lots] if holdings else []
            self.foreign += [lot for lot in lots if lot.quantity != 1000 + number]
            self.asked += 1
            self.whole += bool(holdings) and holdings.complete and len(lots) == len(BROKERS)


async def test_each_of_sixty_gets_their_own_or_nothing_and_the_sound_ones_are_answered():
    chance = Random(0)
    # The slots of a client by default, and no wait for its rates.
    changes = {
        "limits": Limits(default=BrokerLimits(rate=1e6, burst=1000)),
        "retry": Retry(attempts=2, base=1e-6, cap=1e-6),
    }
    async with town(chance).client(**changes) as koscom:
        crowd = Crowd(koscom, chance)
        for _ in range(ROUNDS):
            await crowd.round()
        assert koscom._gateway.limiter.bulkhead.in_flight() == 0
    assert crowd.foreign == []
    assert crowd.asked >= ROUNDS * (INVESTORS - HOSTILE - GONE)
    assert crowd.whole >= GOODPUT * crowd.asked, f"{crowd.whole} of {crowd.asked} were whole"
