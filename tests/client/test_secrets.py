"""No secret anywhere: not in dicts, texts, reprs, errors with their causes, or logs at their most talkative."""

import json
import logging
import pickle
import traceback

import httpx
import pytest

from koscom_async import (
    Device,
    IncompleteHoldingsError,
    Investor,
    KoscomError,
    Retry,
    Settings,
    SettingsError,
    Token,
)
from tests.client import frames
from tests.client.fake_gateway import Book, FakeGateway, cash, link, ok, refusal, said, share

CI = "CIMARK" + "A" * 80 + "=="
NUMBERS = ("160600001111220001", "160600003333440002", "160600005555660003")
SECRETS = (
    CI,
    "홍길순비밀",
    "TOKENMARK",
    "REFRESHMARK",
    "KEY-MARK",
    "SECRET-MARK",
    "123.45.67.89",
    "123045067089",
    "7A:7B:7C:7D:7E:7F",
    "7A7B7C7D7E7F",
    *NUMBERS,
)


@pytest.fixture
def investor() -> Investor:
    return Investor(
        ci=CI,
        name="홍길순비밀",
        token=Token(access="TOKENMARK-access", refresh="REFRESHMARK-refresh"),
        device=Device(ip="123.45.67.89", mac="7A:7B:7C:7D:7E:7F"),
    )


def repeats(question):
    """A gateway that repeats whatever it was sent, where an error's message might quote it."""
    words = (
        f"{question.number} {question.headers['authorization']} {question.body} {question.headers['apikey']}"
    )
    return httpx.Response(
        500, json={"code": "E-NEW", "category": question.broker, "message": words, "description": words}
    )


@pytest.mark.parametrize("secret", [*SECRETS, "TOKENMARK-access", "KEY-MARK-0000"])
async def test_no_secret_of_the_question_is_quoted_from_an_answer(investor, secret):
    """Each alone, since a long message is cut."""

    def script(question):
        sent = json.dumps(question.body, ensure_ascii=False) + str(sorted(question.headers.items()))
        # What is only a part of a secret is no secret that anybody could recognise.
        is_sent = f'"{secret}"' in sent or f"'{secret}'" in sent or f" {secret}'" in sent
        return httpx.Response(500, json={"message": f"cannot serve {secret}"}) if is_sent else refusal("4001")

    gateway = FakeGateway({"diamond": script}, linked=[link("diamond", NUMBERS[0])])
    async with gateway.client() as koscom:
        error = (await koscom.holdings(investor)).failures[0].error
    assert_clean(*texts_of(error))


def breaks(question):
    raise httpx.ConnectError(f"to {question.number} with {question.headers['authorization']}")


def misplaced(question):
    return ok(
        said(question, {"equityList": [share(value=question.number)]}, total=1, number=NUMBERS[2] + "9")
    )


SCRIPTS = {
    "a message that repeats the question": repeats,
    "half a document": lambda question: httpx.Response(200, content=json.dumps(question.body).encode()[:-9]),
    "an echo of the question": lambda question: ok(question.body),
    "another's account": misplaced,
    "a value of the wrong kind": lambda question: ok(
        said(question, {"equityList": [share(value=CI)]}, total=1)
    ),
    "a code in the body": lambda question: ok({"resp": {"respCode": question.number, "respMsg": CI}}),
    "HTML": lambda question: httpx.Response(502, content=f"<html>{question.body}</html>".encode()),
    "no such account": lambda question: refusal("4001", category=question.number),
}


def texts_of(error):
    """Everything that a log or a console could print of an error."""
    yield from traceback.format_exception(error)
    seen = error
    while seen is not None:
        yield from (str(seen), repr(seen), repr(seen.args), repr(vars(seen)))
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)


def assert_clean(*texts):
    for text in texts:
        for secret in SECRETS:
            assert secret not in text, (secret, text)


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
async def test_no_failure_repeats_a_secret(investor, caplog, script):
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "koscom_async", "asyncio"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    gateway = FakeGateway(
        {NUMBERS[0]: Book({"EQTY": [share()]}, cash()), NUMBERS[1]: script},
        linked=[link("diamond", number) for number in NUMBERS[:2]],
    )
    async with gateway.client(retry=Retry(attempts=2, base=1e-9, cap=1e-9)) as koscom:
        holdings = await koscom.holdings(investor)
    (failure,) = holdings.failures
    assert isinstance(failure.error, KoscomError)
    with pytest.raises(IncompleteHoldingsError) as caught:
        holdings.require_complete()
    written = json.dumps(holdings.to_dicts(), ensure_ascii=False)
    assert_clean(*texts_of(failure.error), *texts_of(caught.value), caplog.text, written)
    assert_clean(str(holdings), repr(holdings), repr(investor), repr(failure), str(failure.account))
    assert "1606…0002" in str(failure.error), "the account is still told apart"
    assert caplog.records, "and the log did speak"


async def test_a_connection_that_fails_repeats_no_secret_in_our_own_words(investor):
    gateway = FakeGateway({"diamond": breaks}, linked=[link("diamond", NUMBERS[0])])
    async with gateway.client() as koscom:
        holdings = await koscom.holdings(investor)
    error = holdings.failures[0].error
    assert_clean(str(error), repr(error), json.dumps(holdings.to_dicts()))


@pytest.mark.parametrize("script", [repeats, lambda question: ok(question.body)], ids=["refusal", "echo"])
async def test_what_is_raised_of_the_consent_list_repeats_no_secret(investor, caplog, script):
    caplog.set_level(logging.DEBUG)

    def consent(question):
        return (
            script(question)
            if "authorization" in question.headers
            else httpx.Response(500, json={"message": f"{question.body} {question.headers['apikey']}"})
        )

    async with FakeGateway(consent=consent).client() as koscom:
        with pytest.raises(KoscomError) as caught:
            await koscom.holdings(investor)
    assert_clean(*texts_of(caught.value), caplog.text)


async def test_no_secret_travels_in_an_address(gateway, investor):
    async with gateway.client() as koscom:
        await koscom.holdings(investor)
    assert_clean(*(str(request.url) for request in gateway.requests))


async def test_an_address_elsewhere_is_sent_nothing_and_is_not_repeated_with_what_it_carries(investor):
    gateway = FakeGateway(
        {},
        linked=[
            link(
                "star", NUMBERS[0], endpoint=f"https://TOKENMARK@gateway.example/v1/star/account/{NUMBERS[0]}"
            )
        ],
    )
    async with gateway.client() as koscom:
        holdings = await koscom.holdings(investor)
    assert_clean(*texts_of(holdings.failures[0].error), json.dumps(holdings.to_dicts()), repr(holdings))


async def test_an_error_that_went_through_another_process_says_the_same(investor):
    gateway = FakeGateway({NUMBERS[0]: repeats}, linked=[link("diamond", NUMBERS[0])])
    async with gateway.client() as koscom:
        error = (await koscom.holdings(investor)).failures[0].error
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes
    assert str(again) == str(error)
    assert_clean(*texts_of(again))


def test_what_is_made_of_a_secret_that_is_wrong_keeps_it_in_no_frame():
    token, device = Token(access="MARK-access"), Device(ip="123.45.67.89", mac="7A:7B:7C:7D:7E:7F")
    keys = {"api_key": "KEY-MARK", "api_secret": "SECRET-MARK", "com_id": "F0995", "srv_id": "297"}
    environ = {f"KOSCOM_{name.upper()}": text for name, text in keys.items()} | {
        "KOSCOM_ENVIRONMENT": "sandbox"
    }
    wrong = (
        lambda: Token(access="TOKENMARK\n"),
        lambda: Token(access="TOKENMARK", nothing=1),
        lambda: Device(ip="123.45.67.89", mac="7A:7B:7C:7D:7E:7F:"),
        lambda: Investor(ci=CI[1:], name="홍길순비밀", token=token, device=device),
        lambda: Settings(environment="sandbox", **keys | {"api_secret": "SECRET-MARK\x00"}),
        lambda: Settings.from_env(environ, redirect_uri="nothing"),
        lambda: Settings.from_env(environ | {"KOSCOM_API_SECRET": "SECRET-MARK\x00"}),
        lambda: Settings.from_env(environ | {"KOSCOM_COM_ID": ""}),
    )
    for number, make in enumerate(wrong):
        with pytest.raises((KoscomError, TypeError)) as caught:
            make()
        texts = list(frames.texts_of(caught.value))
        assert [text for text in texts if any(secret in text for secret in (*SECRETS, CI[1:]))] == [], number
        assert caught.traceback[-1].name == "called", "the line that made it is still there"


def test_what_was_being_handled_keeps_its_frames():
    def handling(error):
        try:
            raise error
        except ValueError:
            return Token(access="")

    handled = ValueError("handled")
    with pytest.raises(SettingsError) as caught:
        handling(handled)
    assert caught.value.__context__ is handled
    assert handled.__traceback__ is not None
