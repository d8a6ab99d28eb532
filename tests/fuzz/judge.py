"""Asks the client about a world of answers, and holds what it says against the reference.

A finding is an `AssertionError` whose first line names the kind; what shrinks it and counts it is `session`.
"""

import asyncio
import json
import pickle
from collections import Counter
from contextlib import suppress
from decimal import Context, localcontext

import httpx

from koscom_async import BrokerOverrides, Holdings, Koscom, KoscomError
from koscom_async._cooperative import run_now
from koscom_async._wire.json import core, fast
from koscom_async.errors import MalformedResponseError
from tests.client.fake_gateway import URL, investor_of, settings_of
from tests.fuzz import reference
from tests.fuzz.answers import consent_list
from tests.fuzz.reference import REQUEST_ID

BACKENDS = ("core", "fast")
EXACT = Context(prec=400)
INVESTOR = investor_of()

_RUNNER = asyncio.Runner()
tally = Counter()
"""How many accounts were read by both, refused by both, and refused by the client alone"""


def ask(world, question, *, backend="core", handler=None):
    """Return what a client says whose brokers are the world's, or the `KoscomError` that it raises."""
    return _RUNNER.run(_ask(world, question, backend, handler or Gateway(world)))


async def _ask(world, question, backend, handler):
    overrides = {
        each.name: BrokerOverrides(supports_all=each.takes_all, supports_interest_query=True)
        for each in world.brokers
    }
    names = tuple(dict.fromkeys(each.name for each in world.brokers))
    settings = settings_of(
        brokers=overrides, backend=backend, check_service_hours=False, discretionary_brokers=names
    )
    async with Koscom(settings, transport=httpx.MockTransport(handler)) as koscom:
        try:
            return await question(koscom)
        except KoscomError as error:
            return error


class Gateway:
    """Gives each question of an account its one answer, with the request's id in it."""

    def __init__(self, world):
        self.world = world
        self.brokers = {(each.name, each.number): each for each in world.brokers}

    def __call__(self, request):
        asked = json.loads(request.content, parse_float=str, parse_int=str)
        name = request.url.path.split("/")[2]
        if name == "common":
            return httpx.Response(200, json={"vtAccList": consent_list(self.world, URL)})
        ((_, query),) = next(each for part, each in asked.items() if part.endswith("RequestBody")).items()
        number = query.get("qrAccNo") or asked.get("accInfo", {}).get("vtAccNo")
        if "qrAccNo" not in query and number is None:
            return self.accounts_of(name, asked)
        kind = query.get("qrAssetType") or query.get("assetType") or ""
        status, body = self.brokers[name, number].answer(kind, query.get("page"))
        return self.reply(status, body, asked)

    def accounts_of(self, name, asked):
        listed = [{"accNo": each.number} for each in self.world.brokers if each.name == name]
        document = {
            "commonHeader": {"reqIdConsumer": REQUEST_ID},
            "accountListResponseBody": {"queryResult": {"totalCnt": len(listed)}},
            "accountList": {"account": listed},
        }
        return self.reply(200, json.dumps(document).encode(), asked)

    def reply(self, status, body, asked):
        mine = asked["commonHeader"]["reqIdConsumer"].encode()
        return httpx.Response(status, content=body.replace(REQUEST_ID.encode(), mine))


# The reference's side.


def expect(world, read):
    """Return what the reference reads of each account, and why it reads nothing of the others."""
    read_, refused = {}, {}
    for broker in world.brokers:
        try:
            read_[key_of(broker)] = read(broker, takes_all=broker.takes_all)
        except reference.RefusedError as error:
            refused[key_of(broker)] = error
    return read_, refused


def key_of(broker):
    return broker.name, broker.number


def answers_of(broker):
    """Return what asks an account's broker, for the reference."""

    def asked(kind, key):
        status, body = broker.answer(kind, key)
        if status not in {200, 201}:
            if b"6003" in body:
                raise reference.ContradictionError("page")
            raise reference.RefusedError(f"HTTP {status}")
        return body

    return asked


def read_balance(broker, *, takes_all):
    return reference.read_balance(answers_of(broker), broker.number, takes_all=takes_all)


# Holdings.


def judge_holdings(world):
    """Hold an investor's holdings against the reference, over both readers of JSON."""
    said = {
        backend: ask(world, lambda koscom: koscom.holdings(INVESTOR), backend=backend) for backend in BACKENDS
    }
    judge_merged(world, said, read_balance)


def judge_merged(world, said, read):
    """Hold merged holdings against what the reference reads."""
    holdings = said["core"]
    with localcontext(EXACT):
        expected, refused = expect(world, read)
        if not isinstance(holdings, Holdings):
            assert len(refused) == len(world.brokers), f"raised instead of named: {holdings!r}"
            return
        believe(world, holdings, expected, refused, read)
        compare(holdings, expected)
    find_repeated_rows(holdings, expected)
    keep(holdings)
    assert shown(said["fast"]) == shown(holdings), "the two readers differ"


def believe(world, holdings, expected, refused, read):
    """Check which accounts were read, and leave those in `expected` that the client has read."""
    by_key = {(each.account.broker.short_name, each.account.number): each for each in holdings.outcomes}
    assert by_key.keys() == {key_of(each) for each in world.brokers}, "an account is missing"
    for broker in world.brokers:
        key, outcome = key_of(broker), by_key[key_of(broker)]
        notes = outcome.trace.notes
        if any("each class was asked for" in note for note in notes) and broker.takes_all:
            expected.pop(key, None)
            refused.pop(key, None)
            with suppress(reference.RefusedError):
                expected[key] = read(broker, takes_all=False)
        sort = f"{'read' if key in expected else 'refused'}, client {'read' if outcome.ok else 'refused'}"
        tally[f"reference {sort}"] += 1
        if not outcome.ok:
            assert isinstance(outcome.error, KoscomError), f"no KoscomError: {outcome.error!r}"
            assert "could not be read (" not in outcome.error.message, (
                f"the last net: {outcome.error.message}"
            )
            assert world.mutations or key not in expected or is_about_twins(outcome.error), (
                f"a sound answer was refused: {outcome.error.message}"
            )
            expected.pop(key, None)
        else:
            assert key in expected, f"believed what must not be: {refused.get(key)}"
            assert not expected[key].has_two_views or any("changed" in note for note in notes), (
                "two answers told of different cash, and no note says so"
            )


def is_about_twins(error):
    """Whether rows are refused that came on two pages, as they do where an account changes; here they may be alike."""
    return "very same rows" in error.message or "came again" in error.message


def position_of(position):
    instrument = position.instrument
    return (
        instrument.asset_class.value,
        instrument.currency,
        instrument.code,
        position.quantity,
        position.cost,
        position.value,
        position.profit_loss,
        tuple(sorted((lot.account.broker.short_name, lot.account.number) for lot in position.lots)),
    )


def plain(value):
    """Return a value whose equal numbers look equal."""
    if isinstance(value, tuple | list):
        return tuple(map(plain, value))
    return (
        f"{value.normalize() + 0:f}" if hasattr(value, "normalize") and not isinstance(value, str) else value
    )


def compare(holdings, expected):
    """Hold every number of the holdings against the accounts that the client says that it has read."""
    positions, totals = reference.merge(expected)
    ours = sorted(map(repr, map(plain, map(position_of, holdings.positions))))
    theirs = sorted(map(repr, map(plain, positions)))
    assert ours == theirs, f"positions differ\nclient:    {ours}\nreference: {theirs}"
    cash = {each.currency: each for each in holdings.cash}
    by_currency = {each.currency: each for each in holdings.all_totals}
    if holdings.outcomes and not expected:
        assert {name: each.value for name, each in by_currency.items()} == {"KRW": None}, (
            "blind, and says a number"
        )
        return
    assert by_currency.keys() == totals.keys(), "currencies differ"
    for name, sums in totals.items():
        total = by_currency[name]
        found = {"value": total.value, "cost": total.cost}
        if name in cash:
            found |= {
                "cash": total.cash,
                "counted": cash[name].counted,
                "debts": total.liabilities,
                "net worth": total.net_worth,
            }
        for what, number in found.items():
            assert plain(number) == plain(sums[what]), f"{what} in {name}: {number} is not {sums[what]}"


def find_repeated_rows(holdings, expected):
    """Check that a row which came twice in one account is a doubt."""
    for key, account in expected.items():
        seen = Counter(
            (row.kind, row.currency, json.dumps(row.sent, sort_keys=True, default=str))
            for row in account.rows
            if row.quantity or row.cost or row.value
        )
        if seen and max(seen.values()) > 1:
            doubted = {(each.account.broker.short_name, each.account.number) for each in holdings.doubts}
            assert key in doubted, "the same row came twice, and no doubt says so"


def keep(holdings):
    """Check that an answer can be kept and taken up again."""
    again = pickle.loads(pickle.dumps(holdings))  # noqa: S301  # what we pickled
    assert shown(again) == shown(holdings), "pickled, and another one"
    text = holdings.to_json()
    text.encode()
    taken_up = Holdings.from_json(text)
    assert shown(taken_up) == shown(holdings), "to_json, from_json, and another one"
    assert taken_up.to_json() == text, "to_json differs from that of the answer that it was read into"


def shown(holdings):
    """Return all of an answer but its times."""
    if isinstance(holdings, KoscomError):
        return repr(holdings)
    outcomes = [(each.account, repr(each.balance), repr(each.error)) for each in holdings.outcomes]
    return (
        holdings.positions,
        holdings.cash,
        holdings.all_totals,
        holdings.doubts,
        outcomes,
        holdings.reconciliation,
    )


# Readers of JSON.


def judge_readers(body):
    """Check that a body is the same document to every reader of JSON, or refused by all."""
    first = read_by(core.read_json, body)
    for name, read in READERS.items():
        assert read_by(read, body) == first, f"{name} differs from core"


READERS = {
    "core in slices": lambda body: run_now(core.json_steps(body, slice_length=64)),
    "fast": fast.read_json,
    "fast in slices": lambda body: run_now(fast.json_steps(body, slice_length=64)),
}


def read_by(read, body):
    try:
        return repr(read(body))
    except MalformedResponseError:
        return "refused"
