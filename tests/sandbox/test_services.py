"""Company data, the robo-adviser testbed and the search for fraud over HTTP."""

import json

import pytest

from koscom_async.sandbox.market.question import examples
from tests.sandbox.asking import asking

OUTLINE, RATES, STATEMENTS = (
    f"/v1/nice/{name}" for name in ("companyOutlineIfo", "companyFinancialAnalIfo", "companyFinancialIfo")
)
SAMSUNG = "039500"


@pytest.fixture
async def get():
    async with asking() as asker:

        async def got(path, **query):
            answer = await asker.client.get(path, params=query, headers=asker.api_key)
            return answer.status_code, answer.json()

        got.asker = asker
        yield got


async def test_a_company_is_found_by_each_of_its_codes(get):
    for query in ({"stockcd": "005930"}, {"bizno": "2200059307"}, {"crpno": "1101110059309"}):
        assert await get(f"{OUTLINE}/kiscode", **query) == (200, {"items": {"item": [{"kiscode": SAMSUNG}]}})
    assert await get(f"{OUTLINE}/kiscode", stockcd="999999") == (200, {"items": {"item": []}})
    _, outline = await get(f"{OUTLINE}/companyShortOutline", kiscode=SAMSUNG)
    item = outline["items"]["item"]  # one row, in no list
    assert (item["korentrnm"], item["stkcd"], item["ltgmktdivcd"], item["repr_regno"]) == (
        "삼성전자",
        "005930",
        "1",
        "",
    )


async def test_a_statement_adds_up_in_every_unit(get):
    sums = []
    for unit in "1234":
        _, document = await get(f"{STATEMENTS}/financialStateTable", kiscode=SAMSUNG, amtuit=unit)
        rows = {row["name_kor"]: row for row in document["items"]["item"]}
        for year in "012":
            value = {name: int(row[f"fvl{year}"]) for name, row in rows.items()}
            assert (
                value["유동자산"] + value["비유동자산"]
                == value["부채총계"] + value["자본총계"]
                == value["자산총계"]
            )
        sums.append(value["자산총계"])
    assert 999 < sums[0] / sums[1] < 1001
    _, ratios = await get(f"{RATES}/financialRate", kiscode=SAMSUNG)
    assert (ratios["items"]["count"], len(ratios["items"]["item"])) == ("5", 5)
    _, dates = await get(f"{RATES}/financialRateBaseDate", kiscode=SAMSUNG, stacdivcd="K", fatpcd="1")
    assert len({row["stac_date"] for row in dates["items"]["item"]}) == 3
    _, dates = await get(f"{STATEMENTS}/financialStateTableBaseDate", kiscode=SAMSUNG)
    assert dates["items"]["item"][0]["stacdivcd"] == "K"


async def test_the_testbed_has_the_manuals_rows(get):
    assert (await get("/v1/ratestbed/algoapi.json"))[1] == examples()["ratestbed.algoapi"]
    for name, rows in (("rateapi", "listrate"), ("riskapi", "listrisk")):
        ask = {"algrthSn": "35", "startDate": "20170601", "endDate": "20170602"}
        _, document = await get(f"/v1/ratestbed/{name}.json", **ask)
        example = examples()[f"ratestbed.{name}"]
        assert document[rows][: len(example[rows])] == example[rows]
        assert {row["basicDate"] for row in document[rows]} == {"20170601", "20170602"}
        assert document["paramVO"] == example["paramVO"] | ask
        assert (await get(f"/v1/ratestbed/{name}.json", **ask | {"algrthSn": "1"}))[1][rows] == []


async def test_what_is_missing_is_refused(get):
    for path, query in (
        (f"{OUTLINE}/kiscode", {}),
        (f"{RATES}/financialRateBaseDate", {"kiscode": SAMSUNG}),
        (f"{STATEMENTS}/financialStateTable", {"kiscode": SAMSUNG, "amtuit": "9"}),
        ("/v1/ratestbed/rateapi.json", {"startDate": "20170602", "endDate": "20170601"}),
        ("/v1/ratestbed/rateapi.json", {"startDate": "2017-06-01"}),
    ):
        status, document = await get(path, **query)
        assert (status, list(document)) == (400, ["error"]), path


async def test_a_reported_number_is_in_json_in_a_text(get):
    asker = get.asker

    async def search(**asked):
        message = {
            "keyword": "01000000000",
            "keyword_type": "phone",
            "access_type": "user",
            "add_info": "",
        } | asked
        answer = await asker.client.post("/v1/thecheat/fraudsearch", json=message, headers=asker.api_key)
        assert answer.status_code == 200
        return answer.json()

    example = examples()["thecheat.fraudsearch"]
    found = await search()
    assert json.loads(found.pop("content")) == json.loads(example["content"])
    assert found == {name: value for name, value in example.items() if name != "content"}
    assert json.loads((await search(keyword="01000004444"))["content"])["caution"] == "Y"
    assert (await search(access_type="service"))["caution"] == "N"
    assert (await search(keyword="010-0000-0000"))["result_code"] == -3
    assert [call.endpoint for call in asker.gateway.calls][:1] == ["thecheat.fraudsearch"]
