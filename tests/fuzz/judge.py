"""Asks the client about a world of answers, and holds what it says against the reference.

A finding is an `AssertionError` whose first line names the kind; what shrinks it and counts it is `session`.
"""

import asyncio
import json
import pickle
from collections import Counter
from contextlib import suppress
from datetime import date
from decimal import Context, localcontext

import httpx

from koscom_async import BrokerOverrides, Holdings, Koscom, KoscomError, Measure
from koscom_async._cooperative import run_now
from koscom_async._wire.json import core, fast
from koscom_async.errors import MalformedResponseError
from tests.client.fake_gateway import URL, investor_of, settings_of
from tests.fuzz import reference, reference_merge, reference_services
from tests.fuzz.answers import consent_list
from tests.fuzz.reference import REQUEST_ID

BACKENDS = ("core", "fast")
EXACT = Context(prec=400)
INVESTOR = investor_of()

_RUNNER = asyncio.Runner()
tally = Counter()
"""How many accounts were read by both, refused by both, and refused by the client alone"""


def run(function):
    """Return what an async function returns."""
    return _RUNNER.run(function())


def ask(world, question, *, backend="core"):
    """Return what a client says whose brokers are the world's, or the `KoscomError` that it raises."""
    return run(lambda: _ask(world, question, backend))


async def _ask(world, question, backend):
    overrides = {
        each.name: BrokerOverrides(supports_all=each.takes_all, supports_interest_query=True)
        for each in world.brokers
    }
    names = tuple(dict.fromkeys(each.name for each in world.brokers))
    settings = settings_of(
        brokers=overrides, backend=backend, check_service_hours=False, discretionary_brokers=names
    )
    async with Koscom(settings, transport=httpx.MockTransport(Gateway(world))) as koscom:
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
            if "common" in {name for name, _ in self.brokers}:
                return self.reply(*self.brokers["common", ""].answer("", None), asked)
            return httpx.Response(200, json={"vtAccList": consent_list(self.world, URL)})
        query = next(each for part, each in asked.items() if part.endswith("RequestBody"))
        ((_, query),) = query.items()
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


def reading(function, **conditions):
    """Return what reads an account by the reference."""

    def read(broker, *, takes_all):
        return function(answers_of(broker), broker.number, takes_all=takes_all, **conditions)

    return read


# The services: what is asked, what the reference reads, and how the two are compared.

SINCE, UNTIL = date(2024, 1, 1), date(2024, 1, 31)


def judge(world, question, read, compare_):
    """Hold an answer of the whole client against the reference, over both readers of JSON."""
    answer, other = (ask(world, question, backend=backend) for backend in BACKENDS)
    with localcontext(EXACT):
        expected, refused = expect(world, read)
        if isinstance(answer, KoscomError):
            assert len(refused) == len(world.brokers), f"raised instead of named: {answer!r}"
            return
        believe(world, answer, expected, refused, read)
        compare_(answer, expected)
    keep(answer)
    assert shown(other) == shown(answer), "the two readers differ"


def judge_holdings(world):
    judge(world, lambda koscom: koscom.holdings(INVESTOR), reading(reference.read_balance), compare)


def judge_contracts(world):
    judge(
        world,
        lambda koscom: koscom.discretionary_holdings(),
        reading(reference_services.read_contract),
        compare,
    )


def judge_portfolios(world):
    judge(
        world,
        lambda koscom: koscom.portfolios(INVESTOR, measure=Measure.QUANTITY),
        reading(reference_services.read_portfolio),
        compare_portfolios,
    )


def judge_transactions(world):
    judge(
        world,
        lambda koscom: koscom.transactions(INVESTOR, SINCE, UNTIL),
        reading(reference_services.read_transactions, since=SINCE, until=UNTIL),
        compare_transactions,
    )


def judge_watchlists(world):
    judge(
        world,
        lambda koscom: koscom.watchlists(INVESTOR),
        reading(reference_services.read_watchlist),
        compare_watchlists,
    )


def judge_linked(world):
    """Hold the list of linked accounts against the reference: an account that is lost is money that is lost."""
    status, body = world.brokers[0].answer("", None)
    try:
        expected = reference_services.read_linked(body) if status in {200, 201} else None
    except reference.RefusedError:
        expected = None
    for backend in BACKENDS:
        linked = ask(world, lambda koscom: koscom.member.accounts(INVESTOR), backend=backend)
        if not isinstance(linked, KoscomError):
            found = [(each.broker.code, each.number) for each in linked.accounts]
            assert found == expected, f"linked accounts differ: {found}, {expected}"
        else:
            assert "could not be read (" not in linked.message, f"the last net: {linked.message}"
            assert world.mutations or expected is None, f"a sound list was refused: {linked.message}"


def believe(world, answer, expected, refused, read):
    """Check which accounts were read, and leave those in `expected` that the client has read."""
    by_key = {key_of_account(each.account): each for each in answer.outcomes}
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


def key_of_account(account):
    return account.broker.short_name, account.number


def compare_portfolios(portfolios, expected):
    """Hold each instrument's number in each account against the reference."""
    ours = [
        (
            each.asset_class.value,
            each.code,
            each.quantity,
            tuple(sorted((*key_of_account(lot.account), repr(plain(lot.row.number))) for lot in each.lots)),
        )
        for each in portfolios.positions
    ]
    theirs = [
        (
            group[0][1].kind,
            group[0][1].tokens[0][2] if group[0][1].tokens else None,
            reference.added(row.quantity for _, row in group),
            tuple(sorted((*key, repr(plain(row.value))) for key, row in group)),
        )
        for group in reference_merge.grouped(expected)
    ]
    ours, theirs = (sorted(map(repr, map(plain, each))) for each in (ours, theirs))
    assert ours == theirs, f"portfolios differ\nclient:    {ours}\nreference: {theirs}"


def compare_transactions(history, expected):
    """Hold each account's transactions against the reference; they stand in the order of their days."""
    for key, account in expected.items():
        ours = [
            (
                row.on,
                row.type and row.type.value.upper(),
                row.code,
                row.amount_change,
                row.quantity_change,
                row.quantity_after,
            )
            for row in history.rows
            if key_of_account(row.account) == key
        ]
        theirs = [(day, sort and sort.upper(), *rest) for day, sort, *rest in account.rows]
        ours, theirs = (sorted(map(repr, map(plain, each))) for each in (ours, theirs))
        assert ours == theirs, f"transactions differ\nclient:    {ours}\nreference: {theirs}"
    days = [row.on for row in history.rows if row.on is not None]
    assert days == sorted(days), "the days are out of order"


def compare_watchlists(watchlists, expected):
    """Hold the symbols of each group against the reference."""
    ours = {
        (key_of_account(place.account), place.group, symbol.code)
        for symbol in watchlists.symbols
        for place in symbol.watched
    }
    theirs = {(key, *each) for key, account in expected.items() for each in account.rows}
    assert ours == theirs, f"watchlists differ\nclient:    {ours}\nreference: {theirs}"


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
        tuple(sorted(key_of_account(lot.account) for lot in position.lots)),
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
    positions, totals = reference_merge.merge(expected)
    find_repeated_rows(holdings, expected)
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
            doubted = {key_of_account(each.account) for each in holdings.doubts}
            assert key in doubted, "the same row came twice, and no doubt says so"


def keep(answer):
    """Check that an answer can be kept and taken up again."""
    again = pickle.loads(pickle.dumps(answer))  # noqa: S301  # what we pickled
    assert shown(again) == shown(answer), "pickled, and another one"
    json.dumps(answer.to_dicts(), ensure_ascii=False).encode()
    if isinstance(answer, Holdings):
        text = answer.to_json()
        text.encode()
        taken_up = Holdings.from_json(text)
        assert shown(taken_up) == shown(answer), "to_json, from_json, and another one"
        assert taken_up.to_json() == text, "to_json differs from that of the answer that it was read into"


def shown(answer):
    """Return all of an answer but its times."""
    if isinstance(answer, KoscomError):
        return repr(answer)
    facts = [
        getattr(answer, name) for name in answer.__slots__ if name not in {"outcomes", "as_of", "__weakref__"}
    ]
    read = [
        [repr(getattr(each, name, None)) for name in ("account", "balance", "portfolio", "error", "rows")]
        for each in answer.outcomes
    ]
    return facts, read


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
        # msgspec has no whole number -0; no sum tells the two apart.
        return repr(read(body)).replace("Decimal('-0')", "Decimal('0')")
    except MalformedResponseError:
        return "refused"
