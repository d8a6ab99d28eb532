"""Holds what the client says of a world of answers against the reference.

A finding is an `AssertionError` whose first line names the kind; what shrinks it and counts it is `session`.
"""

from collections import Counter
from contextlib import suppress
from datetime import date
from decimal import Context, localcontext

from koscom_async import KoscomError, Measure
from koscom_async._cooperative import run_now
from koscom_async._wire.json import core, fast
from koscom_async.errors import MalformedResponseError
from tests.fuzz import reference, reference_services
from tests.fuzz.client import BACKENDS, INVESTOR, ask
from tests.fuzz.compare import (
    check_kept,
    compare_holdings,
    compare_portfolios,
    compare_transactions,
    compare_watchlists,
    key_of_account,
    shown,
)

EXACT = Context(prec=400)

tally = Counter()
"""How many accounts were read by both, refused by both, and refused by the client alone"""


# The reference's side.


def expect(world, read):
    """Return what the reference reads of each account, and why it reads nothing of the others."""
    accounts, refused = {}, {}
    for broker in world.brokers:
        try:
            accounts[key_of(broker)] = read(broker, takes_all=broker.takes_all)
        except reference.RefusedError as error:
            refused[key_of(broker)] = error
    return accounts, refused


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


def judge(world, question, read, compare):
    """Hold an answer of the whole client against the reference, over both readers of JSON."""
    answer, other = (ask(world, question, backend=backend) for backend in BACKENDS)
    with localcontext(EXACT):
        expected, refused = expect(world, read)
        if isinstance(answer, KoscomError):
            assert len(refused) == len(world.brokers), f"raised instead of named: {answer!r}"
            return
        check_accounts(world, answer, expected, refused, read)
        compare(answer, expected)
    check_kept(answer)
    assert shown(other) == shown(answer), "the two readers differ"


def judge_holdings(world):
    judge(world, lambda koscom: koscom.holdings(INVESTOR), reading(reference.read_balance), compare_holdings)


def judge_contracts(world):
    judge(
        world,
        lambda koscom: koscom.discretionary_holdings(),
        reading(reference_services.read_contract),
        compare_holdings,
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
            assert "could not be read (" not in linked.message, (
                f"an error of the reader itself: {linked.message}"
            )
            assert world.mutations or expected is None, f"a sound list was refused: {linked.message}"


def check_accounts(world, answer, expected, refused, read):
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
        ends = f"{'read' if key in expected else 'refused'}, client {'read' if outcome.ok else 'refused'}"
        tally[f"reference {ends}"] += 1
        if not outcome.ok:
            assert isinstance(outcome.error, KoscomError), f"no KoscomError: {outcome.error!r}"
            assert "could not be read (" not in outcome.error.message, (
                f"an error of the reader itself: {outcome.error.message}"
            )
            assert world.mutations or key not in expected or is_about_twins(outcome.error), (
                f"a sound answer was refused: {outcome.error.message}"
            )
            expected.pop(key, None)
        else:
            assert key in expected, f"believed what must not be: {refused.get(key)}"
            assert not expected[key].has_two_views or any("changed" in note for note in notes), (
                "two answers show different cash, and no note says so"
            )


def is_about_twins(error):
    """Whether rows are refused that came on two pages, as they do where an account changes; here they may be alike."""
    return "very same rows" in error.message or "came again" in error.message


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
