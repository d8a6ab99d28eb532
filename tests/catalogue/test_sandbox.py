"""Every operation with a specification answers in the sandbox, the market's in both versions, and is read."""

from datetime import datetime

import pytest
from attrs import evolve

from koscom_async import Koscom
from koscom_async._clock import KST
from koscom_async.sandbox import SandboxGateway

EVENING = datetime(2026, 1, 30, 19, tzinfo=KST)
ARGUMENTS = {
    "issue": "005930",
    "board": "kospi",
    "codes": ["005930", "000660"],
    "fields": ["earnings_per_share", "week52_high"],
    "since": "2026-01-02",
}
OTHERS = {
    "ratestbed": {"algorithm": 35, "since": "2017-06-01", "until": "2017-06-10"},
    "thecheat": {"keyword": "01012345678", "keyword_type": "phone"},
    "nice": {"stockcd": "005930", "period": "year", "statement": "consolidated"},
}
INDEX = {"market": "kospi", "index": "K1"}
SESSION = {"since": "09:00", "until": "09:30", "every": "10m"}


async def contracts(koscom):
    """A contract of each kind, by the listings."""
    found = {}
    for kind in ("futures", "options"):
        listing = await koscom.ask(koscom.operations[f"market.{kind}.lists"], market="kospi200")
        found[kind] = {"market": "kospi200", "issue": listing[0].code}
    return found


@pytest.mark.parametrize("version", [3, 2])
async def test_every_operation_answers_and_is_read(version):
    asked = 0
    with SandboxGateway(in_process=True, now=lambda: EVENING) as gateway:
        settings = evolve(gateway.settings, market_version=version)
        async with Koscom(settings, transport=gateway.transport, now=lambda: EVENING) as koscom:
            own = await contracts(koscom)
            company = (await koscom.ask("nice.kiscode", stockcd="005930")).one.company_code
            for operation in koscom.operations.values():
                if operation.missing or operation.python or not operation.path(f"v{version}"):
                    continue
                kind = operation.name.split(".")[1]
                given = ARGUMENTS | own.get(kind, {}) | (INDEX if kind == "index" else {})
                given |= {"kiscode": company} | OTHERS.get(operation.service, {})
                given |= SESSION if operation.name.endswith("intraday") else {}
                takes = {each.name for each in operation.parameters}
                if kind == "extra" or operation.name.endswith("closenav"):
                    given["issue"] = "069500"
                answer = await koscom.ask(
                    operation, **{name: value for name, value in given.items() if name in takes}
                )
                assert len(answer) > 0, operation.name
                assert [row.extra for row in answer if row.extra] == [], operation.name
                assert answer.complete, operation.name
                assert any(value is not None for value in answer[0].values()), operation.name
                asked += 1
    assert asked == {3: 58, 2: 52}[version]
