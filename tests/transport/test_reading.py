"""Reading a body: a small one at once, a large one in slices between which others run, and an end at any of them."""

import json

import anyio
import anyio.lowlevel
import httpx
import pytest

from koscom_async import MalformedResponseError
from koscom_async._cooperative import SLICE_LENGTH, SLICE_ROWS, CooperativeReader
from koscom_async._transport import backend
from koscom_async._transport.reading import PIECE_BYTES, BodyReader, read_body
from koscom_async._wire.account import BalanceReader
from koscom_async._wire.endpoints import BALANCE, Call
from koscom_async._wire.envelope import Question
from koscom_async._wire.json import core as exact_json
from koscom_async._wire.json import fast as quick_json
from koscom_async.models.codes import AssetClass
from koscom_async.settings import Backend

ACCOUNT, REQUEST_ID = "160678007213500001", "ID00002"


def body_of(rows):
    document = {
        "commonHeader": {"reqIdConsumer": REQUEST_ID},
        "accInfo": {"vtAccNo": ACCOUNT},
        "balanceResponseBody": {"queryResult": {"totalCnt": rows}},
        "balanceList": {
            "balance": {
                "equityList": [
                    {
                        "assetType": "KSP",
                        "isinCode": f"KR7{number:06d}003",
                        "productName": "삼성전자",
                        "qty": 1.0,
                    }
                    for number in range(rows)
                ]
            }
        },
    }
    return json.dumps(document, ensure_ascii=False).encode()


@pytest.fixture(params=[Backend.CORE, Backend.FAST], ids=lambda backend: backend.value)
def bodies(request):
    return BodyReader(request.param, max_reading_bytes=2**24)


READER = BalanceReader(
    question=Question(account_number=ACCOUNT, request_id=REQUEST_ID), asset_class=AssetClass.ALL
)


def call_of(read=READER):
    return Call(endpoint=BALANCE, path="/unused", broker="star", body=None, read=read)


async def turns_of_others(work):
    """What comes of some work, and how often another task had its turn meanwhile."""
    turns = 0

    async def others():
        nonlocal turns
        while True:
            await anyio.lowlevel.checkpoint()
            turns += 1

    async with anyio.create_task_group() as group:
        group.start_soon(others)
        result = await work
        group.cancel_scope.cancel()
    return result, turns


def test_the_backend_says_who_reads_json():
    assert BodyReader(Backend.CORE, max_reading_bytes=2**24).json is exact_json
    assert BodyReader(Backend.FAST, max_reading_bytes=2**24).json is quick_json


def test_without_the_extra_the_core_reads_json(monkeypatch):
    monkeypatch.setattr(backend, "_missing", lambda: ("msgspec",))
    assert BodyReader(Backend.AUTO, max_reading_bytes=2**24).json is exact_json
    with pytest.raises(ImportError, match=r"needs msgspec, which .*\.\[fast\]"):
        BodyReader(Backend.FAST, max_reading_bytes=2**24)


async def test_others_have_their_turn_between_slices_of_a_large_answer(bodies):
    body = body_of(5000)
    page, turns = await turns_of_others(bodies.read_answer(call_of(), body))
    assert (len(page.rows), page.total) == (5000, 5000)
    assert page.rows[4999].code == "KR7004999003"
    assert turns >= len(body.decode()) // (2 * SLICE_LENGTH) + 5000 // SLICE_ROWS


async def test_a_small_answer_is_read_in_one_turn(bodies):
    page, turns = await turns_of_others(bodies.read_answer(call_of(), body_of(100)))
    assert len(page.rows) == 100
    assert turns <= 1


async def test_what_is_read_in_slices_is_what_is_read_at_once(bodies):
    body = body_of(2000)
    page = await bodies.read_answer(call_of(), body)
    assert page == READER(
        json.loads(body, parse_float=lambda digits: digits, parse_int=lambda digits: digits)
    )


async def test_a_large_answer_to_a_reader_without_steps_is_read_too(bodies):
    rows = await bodies.read_answer(
        call_of(lambda document: document["balanceList"]["balance"]["equityList"]), body_of(2000)
    )
    assert [row["isinCode"] for row in rows] == [f"KR7{number:06d}003" for number in range(2000)]


async def test_a_large_answer_that_was_cut_breaks_where_it_ends(bodies):
    body = body_of(2000)[:-1]
    with pytest.raises(
        MalformedResponseError, match=f"breaks at character {len(body.decode())} of"
    ) as caught:
        await bodies.read_answer(call_of(), body)
    assert caught.value.__context__ is None


async def test_a_wrong_row_of_a_large_answer_is_named(bodies):
    body = body_of(2000).replace(
        b'KR7001234003", "productName": ', b'KR7001234003", "qty": "many", "productName": ', 1
    )
    body = body.replace(
        b', "qty": 1.0}, {"assetType": "KSP", "isinCode": "KR7001235003"', b'}, {"isinCode": "KR7001235003"'
    )
    with pytest.raises(MalformedResponseError, match=r"equityList\[1234\]\.qty: expected a number"):
        await bodies.read_answer(call_of(), body)


async def test_whatever_a_reader_raises_between_slices_is_an_error_of_ours(bodies):
    class Odd(CooperativeReader):
        def steps(self, document):
            yield
            raise KeyError(document)

    with pytest.raises(MalformedResponseError, match=r"could not be read \(KeyError\)") as caught:
        await bodies.read_answer(call_of(Odd()), body_of(2000))
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("stops", [1, 5, 12])
async def test_reading_ends_at_once_when_it_is_cancelled(bodies, stops):
    done = []

    async def reading():
        done.append(await bodies.read_answer(call_of(), body_of(5000)))

    async with anyio.create_task_group() as group:
        group.start_soon(reading)
        for _ in range(stops):
            await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()
    assert done == []


async def test_steps_are_closed_when_reading_is_cancelled(bodies):
    ended = []

    class Endless(CooperativeReader):
        def steps(self, _):
            scope.cancel()
            try:
                while True:
                    yield
            finally:
                ended.append(True)

    with anyio.CancelScope() as scope:
        await bodies.read_answer(call_of(Endless()), b" " * SLICE_LENGTH + b"{}")
    assert scope.cancelled_caught
    assert ended == [True]


async def test_a_large_refusal_is_read_in_slices_and_one_that_is_no_json_is_none(bodies):
    body = json.dumps({"code": "4001", "rows": [{"a": number} for number in range(15_000)]}).encode()
    document, turns = await turns_of_others(bodies.read_refusal(body))
    assert document["code"] == "4001"
    assert turns >= 1
    assert await bodies.read_refusal(b"<html>") is None
    assert await bodies.read_refusal(b"<html>" + b" " * SLICE_LENGTH) is None


async def read(content, **headers):
    response = httpx.Response(200, headers=headers, stream=httpx.ByteStream(content))
    return await read_body(response, max_bytes=1000)


@pytest.mark.parametrize("charset", ["euc-kr", "EUC-KR", '"euc-kr"', "cp949", "MS949", "ks_c_5601-1987"])
async def test_a_korean_code_page_is_read_where_the_header_names_it(charset):
    for text in ('{"name": "삼성전자"}', '{"name": "똠방각하"}', '{"a": 1}'):
        body = await read(text.encode("cp949"), **{"Content-Type": f"application/json; charset={charset}"})
        assert body.decode() == text


async def test_without_such_a_header_and_where_it_is_wrong_bytes_stay_as_they_are():
    text = '{"name": "삼성전자 €"}'.encode()
    assert await read(text, **{"Content-Type": "application/json; charset=utf-8"}) == text
    assert await read(text) == text
    assert await read(b'"\xff"', **{"Content-Type": "application/json; charset=euc-kr"}) == b'"\xff"'


async def test_bytes_that_would_be_utf_8_too_are_read_as_the_header_says():
    ambiguous = bytes([0xC2, 0xB0])
    assert ambiguous.decode() != ambiguous.decode("cp949")
    assert (
        await read(ambiguous, **{"Content-Type": "text/json;charset=euc-kr"})
    ).decode() == ambiguous.decode("cp949")
    assert await read(ambiguous, **{"Content-Type": "text/json"}) == ambiguous


@pytest.mark.parametrize("coding", ["utf-8", "UTF-8", "utf8", "identity", ""])
async def test_a_character_set_in_the_place_of_a_coding_is_no_compression(coding):
    assert await read(b"{}", **{"Content-Encoding": coding}) == b"{}"


async def test_another_coding_is_still_refused():
    with pytest.raises(MalformedResponseError, match="content coding"):
        await read(b"{}", **{"Content-Encoding": "br"})


async def test_a_large_body_in_a_korean_code_page_is_decoded_in_pieces_between_which_others_run():
    text = '{"a": "' + "삼성전자" * 200_000 + '"}'  # pieces end in the middle of a character
    response = httpx.Response(
        200,
        stream=httpx.ByteStream(text.encode("cp949")),
        headers={"Content-Type": "application/json; charset=euc-kr"},
    )
    body, turns = await turns_of_others(read_body(response, max_bytes=2**24))
    assert body.decode() == text
    assert turns >= 1_600_000 // PIECE_BYTES - 1
