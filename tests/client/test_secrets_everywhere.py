"""Every operation under every fault, with marked secrets and everybody's loggers at DEBUG: nothing shows any of them.

Searched are logs (httpx's and httpcore's own, too), reprs, errors with their causes, contexts, notes, arguments and
attributes, the variables of their frames (there also for the bytes of an answer), statistics, traces, plain data, and
the addresses that were asked. Each answer, whole or partial, is also kept, as JSON, pickled and copied. One gateway serves all faults over one backend; each fault has a client of its own.
"""

import copy
import json
import logging
import pickle
from base64 import b64encode
from datetime import date
from urllib.parse import quote

import httpx
import pytest
from attrs import evolve, frozen

from koscom_async import BrokerLimits, Device, Holdings, Koscom, KoscomError, Limits, Retry, Token
from koscom_async._http.transport import PooledTransport
from koscom_async.sandbox import FAULT_KINDS, Ledger, SandboxGateway
from koscom_async.sandbox.credentials import Firm
from koscom_async.sandbox.fault_kinds.contents import CONTENTS
from koscom_async.settings import Backend
from tests.backends import BACKENDS
from tests.client.frames import texts_of
from tests.end_to_end.test_fault_matrix import FAULTS as MATRIX
from tests.end_to_end.test_main_job import impatient
from tests.integrations.test_opentelemetry import Telescope
from tests.manuals_investor import manuals_ledger

DEADLINE_SECONDS = 0.25
CI = "CIMARK+" + "A" * 79 + "=="
NUMBERS = {"diamond": "770011112222330001", "cyber": "770044445555660002", "star": "770077778888990003"}
CODES = ("3005", "4001", "6001", "500", "401")
SPEECHLESS = {
    *CONTENTS, "foreign-issuer", "short-lived", "cash-row", "drifting-pages", "empty-row", "euc-kr", "moved-row", "odd-coding", "odd-page-keys", "two-classes",
    "slow-uniform", "slow-exponential", "slow-long-tail",
} - {"misspelt-rows", "odd-fields", "repeated-account"}  # fmt: skip
"""Faults of which the client says nothing, or no more than of another."""
NAMED = {name for name, kind in FAULT_KINDS.items() if not (name.isdigit() or kind.market_only)}
# Each of these waits as long as its argument says, or for the limit of one try.
SHORT = {
    "slow": "slow:0.05",
    "drip": "drip:0.1",
    "429": "429:0.01",
}
NAMES = NAMED | {*MATRIX} - {kind for kind in MATRIX if kind.startswith("slow")}
REPEATED = {"drip:1", "429:1", "gzip-bomb:1024", "huge:100"}
"""The kinds with the argument that they have without one, or that stands above."""
KINDS = sorted(NAMES - SPEECHLESS - REPEATED | {*CODES, "429"})

PHONE = Device(ip="01098765432", mac="3F2504E0-4F89-11D3-9A0C-0305E82C3301")
WIRE = ('"commonHeader"', "'commonHeader'", '"vtAccNo"', "'vtAccNo'", "<html")
"""What stands in what is sent, and in what comes, and nowhere else."""

CODE = "CODEMARK-0123456789"
SENT, LOOKED_UP = "SENTMARK-0123456789", "110987654321"
VERIFIER = "VERIFIERMARK-0123456789-0123456789-0123456789"
SPENT = Token(access="ACCESSMARK-0123456789", refresh="REFRESHMARK-0123456789")
CALLBACK = "http://127.0.0.1:8765/callback"


def marked_ledger() -> Ledger:
    """Return the example's people, the first under secrets that can be recognised."""
    ledger = manuals_ledger()
    person, stranger = ledger.people
    accounts = tuple(evolve(account, number=NUMBERS[account.broker]) for account in person.accounts)
    marked = evolve(person, ci=CI, name="홍길순비밀", access_token="TOKENMARK-0123456789", accounts=accounts)
    return Ledger((marked, stranger), ledger.discretionary)


@pytest.fixture
def secrets(gateway):
    """Everything that must not be seen, also as JSON, URLs and devices spell it."""
    person, firm = gateway.ledger.people[0], gateway._state.firm
    plain = [
        person.ci,
        person.name,
        person.access_token,
        firm.api_key,
        firm.api_secret,
        b64encode(f"{firm.api_key}:{firm.api_secret}".encode()).decode(),
        *NUMBERS.values(),
        *(account.number for account in gateway.ledger.people[1].accounts),
        CODE,
        VERIFIER,
        SENT,
        LOOKED_UP,
        *SPENT.secrets,
        "192000002010",
        "00005E005301",
        gateway.investor.device.mac,
        PHONE.ip,
        PHONE.mac,
        *WIRE,
    ]
    return {spelled for text in plain for spelled in (text, quote(text, safe=""), json.dumps(text)[1:-1])}


@pytest.fixture
async def gateway(monkeypatch, hurry):
    monkeypatch.setattr(
        "koscom_async.sandbox.gateway.Firm",
        lambda: Firm(api_key="KEYMARK-0123456789", api_secret="SECRETMARK-0123456789"),
    )
    async with SandboxGateway(ledger=marked_ledger()) as running:
        yield running


@pytest.fixture
def addresses(monkeypatch, backend):
    """The addresses that the transport was given."""
    seen = []
    transport = httpx.AsyncHTTPTransport if backend is Backend.HTTPX else PooledTransport
    send = transport.handle_async_request

    async def watched(self, request):
        seen.append(str(request.url))
        return await send(self, request)

    monkeypatch.setattr(transport, "handle_async_request", watched)
    return seen


def hasty(gateway):
    """Settings with which every fault has come to its end soon."""
    return impatient(
        gateway.settings,
        retry=Retry(attempts=2, base=0.001, cap=0.002),
        limits=Limits(default=BrokerLimits(rate=1e6, burst=1000)),
        max_response_bytes=2**20,
        page_limit=5,
        redirect_uri=CALLBACK,
    )


def assert_clean(secrets, what, *texts):
    for text in texts:
        found = [secret for secret in secrets if secret in text]
        assert not found, (what, found, text)


OPERATIONS = {
    "holdings": lambda koscom, investor, linked: koscom.holdings(investor, deadline=DEADLINE_SECONDS),
    "accounts": lambda koscom, investor, linked: koscom.member.accounts(investor, deadline=DEADLINE_SECONDS),
    "registration": lambda koscom, investor, linked: koscom.member.registration(
        investor, deadline=DEADLINE_SECONDS
    ),
    "exchange": lambda koscom, investor, linked: koscom.oauth.exchange(
        CODE, redirect_uri=CALLBACK, verifier=VERIFIER, deadline=DEADLINE_SECONDS
    ),
    "refresh": lambda koscom, investor, linked: koscom.oauth.refresh(SPENT, deadline=DEADLINE_SECONDS),
    "revoke": lambda koscom, investor, linked: koscom.oauth.revoke(SPENT, deadline=DEADLINE_SECONDS),
    "balance": lambda koscom, investor, linked: koscom.account.balance(
        investor, linked, deadline=DEADLINE_SECONDS
    ),
}

AT_BROKERS, AT_MEMBER, AT_AUTH = tuple(NUMBERS), ("common",), ("auth",)
OPERATIONS_AT = {
    AT_BROKERS: ("holdings", "balance"),
    AT_MEMBER: ("accounts", "registration", "holdings"),
    AT_AUTH: ("exchange", "refresh", "revoke"),
}


def places_of(kind):
    """Where a kind of fault can be set: at the brokers, at the member service, or everywhere."""
    faults = FAULT_KINDS[kind.partition(":")[0]]
    if faults.member_only or faults.auth_only:
        return (AT_MEMBER,) if faults.member_only else (AT_AUTH,)
    return (AT_BROKERS,) if faults.brokers_only else tuple(OPERATIONS_AT)


SINCE, UNTIL = date(2024, 3, 1), date(2024, 3, 31)


async def transactions(koscom, investor, linked):
    async with koscom.stream_transactions(investor, SINCE, UNTIL, deadline=DEADLINE_SECONDS) as stream:
        rows = [row async for row in stream]
    return Shown(rows, stream.outcomes)


async def search(koscom, investor, linked):
    """Look up a number, which the answer has again."""
    await koscom.ask(
        "thecheat.fraudsearch", keyword=LOOKED_UP, keyword_type="account", deadline=DEADLINE_SECONDS
    )


@frozen
class Shown:
    rows: list
    outcomes: tuple


FURTHER_OPERATIONS = {
    "portfolio": lambda koscom, investor, linked: koscom.account.portfolio(
        investor, linked, deadline=DEADLINE_SECONDS
    ),
    "watchlist": lambda koscom, investor, linked: koscom.account.watchlist(
        investor, linked, deadline=DEADLINE_SECONDS
    ),
    "portfolios": lambda koscom, investor, linked: koscom.portfolios(investor, deadline=DEADLINE_SECONDS),
    "watchlists": lambda koscom, investor, linked: koscom.watchlists(investor, deadline=DEADLINE_SECONDS),
    "transactions": transactions,
    "call": lambda koscom, investor, linked: koscom.call(
        "POST",
        "/v1/diamond/x",
        scheme="bearer",
        json={"sent": SENT},
        investor=investor,
        deadline=DEADLINE_SECONDS,
    ),
    "search": search,
    "discretionary": lambda koscom, investor, linked: koscom.discretionary_holdings(
        ["diamond"], deadline=DEADLINE_SECONDS
    ),
    "trades": lambda koscom, investor, linked: koscom.discretionary.all_trades(
        SINCE, UNTIL, ["diamond"], deadline=DEADLINE_SECONDS
    ),
}


async def test_no_secret_is_shown_by_the_further_services_either(gateway, secrets, caplog):
    """At one broker: what they share with the balance, at every broker and over each backend, is tested below."""
    caplog.set_level(logging.DEBUG)
    telescope = Telescope()
    firm_accounts = gateway.ledger.discretionary
    secrets |= {each.number for each in firm_accounts} | {each.holder for each in firm_accounts}
    investor = evolve(gateway.investor, device=PHONE)
    for kind in KINDS:
        gateway.clear_faults()
        async with Koscom(hasty(gateway), observer=telescope.observer) as koscom:
            linked = (await koscom.member.accounts(investor)).accounts
            diamond = next(each for each in linked if each.broker.short_name == "diamond")
            for place in (places_of(kind)[0][0], *(("thecheat",) if len(places_of(kind)) == 3 else ())):
                gateway.set_fault(place, SHORT.get(kind, kind))
            shown = [
                text
                for ask in FURTHER_OPERATIONS.values()
                for text in await outcome_texts(ask(koscom, investor, diamond))
            ]
        assert_clean(secrets, kind, *shown)
    assert_clean(secrets, "telemetry", *telescope.texts())
    assert_clean(secrets, "log", caplog.text)


@pytest.mark.parametrize("backend", [*BACKENDS, Backend.HTTPX], indirect=True)
async def test_no_secret_is_shown_whatever_is_asked_and_whatever_goes_wrong(
    gateway, secrets, addresses, caplog, backend
):
    for name in ("", "httpx", "httpcore", "koscom_async", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=name)
    telescope = Telescope()
    observer = telescope.observer if backend is Backend.CORE else None  # it sees nothing of a backend
    # What httpx's own transports hold of an answer does not depend on what is wrong in it.
    for kind in KINDS[::3] if backend is Backend.HTTPX else KINDS:
        assert_clean(secrets, kind, *await all_that_is_shown(kind, gateway, observer))
    assert_clean(secrets, "telemetry", *telescope.texts())
    assert_clean(secrets, "log", caplog.text)
    ours = (record for record in caplog.records if record.name.startswith("koscom"))
    assert_clean(secrets, "log", *{repr(record.args) for record in ours})
    assert_clean(secrets, "address", *set(addresses))
    assert addresses
    heard = {record.name for record in caplog.records}
    assert "koscom_async.transport" in heard
    assert ("httpcore.http11" in heard) is (backend is Backend.HTTPX)


async def all_that_is_shown(kind, gateway, observer):
    """Return every text that comes of one fault, at all brokers, at the member service and at the authorization's."""
    gateway.clear_faults()
    settings = hasty(gateway)
    async with Koscom(settings, observer=observer) as koscom:
        linked = (await koscom.member.accounts(gateway.investor)).accounts
        shown = []
        for places in places_of(kind):
            gateway.clear_faults()
            for place in places:
                gateway.set_fault(place, SHORT.get(kind, kind))
            for name in OPERATIONS_AT[places]:
                shown += await outcome_texts(OPERATIONS[name](koscom, gateway.investor, linked[0]))
        told = (koscom.statistics(), koscom, settings, gateway.investor, linked)
        return [*shown, *map(repr, told)]


async def outcome_texts(asked):
    """Return all that can be printed of an answer, or of the error in its place."""
    try:
        answer = await asked
    except KoscomError as error:
        return list(texts_of(error))
    texts = [repr(answer), answer._repr_html_() if hasattr(answer, "_repr_html_") else ""]
    if hasattr(answer, "outcomes"):
        assert_kept(answer)
    for outcome in getattr(answer, "outcomes", ()):
        texts += [repr(outcome), repr(outcome.trace)]
        texts += texts_of(outcome.error) if outcome.error is not None else []
    if hasattr(answer, "to_dicts"):
        texts.append(json.dumps(answer.to_dicts(), ensure_ascii=False))
    return texts


def assert_kept(answer):
    """Find each copy equal, and each error of the same class with the same words; the authorize URL is not written."""
    copies = [pickle.loads(pickle.dumps(answer)), copy.deepcopy(answer)]  # noqa: S301  # our own bytes
    if isinstance(answer, Holdings):
        text = answer.to_json()
        assert CALLBACK not in text
        assert quote(CALLBACK, safe="") not in text
        copies.append(Holdings.from_json(text))
    errors = [(type(each.error), str(each.error)) for each in answer.outcomes]
    for same in copies:
        assert same == answer
        assert [(type(each.error), str(each.error)) for each in same.outcomes] == errors


async def test_what_is_searched_for_is_what_travels(gateway, secrets):
    """The control: the same search finds every one of them where they must be, in the questions themselves."""
    sent = []

    async def watch(request):
        sent.append(json.dumps({**request.headers, "body": request.content.decode()}, ensure_ascii=False))
        return httpx.Response(200, json={"vtAccList": [], "result": "member"})

    async with Koscom(gateway.settings, transport=httpx.MockTransport(watch)) as koscom:
        await koscom.member.accounts(gateway.investor)
    for secret in (CI, "KEYMARK-0123456789", "홍길순비밀"):
        assert secret in secrets
        with pytest.raises(AssertionError, match="question"):
            assert_clean({secret}, "question", *sent)
