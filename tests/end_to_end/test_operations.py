"""Every operation of the catalogue that has a specification answers in the sandbox, and is read."""

from datetime import date, datetime

from attrs import evolve

from koscom_async import Koscom
from koscom_async.sandbox import Market, SandboxGateway
from koscom_async.sandbox.market.market import KST

NOW = datetime(2026, 11, 25, 18, 30, tzinfo=KST)
BESIDE_ACCOUNTS = ("market", "nice", "ratestbed", "thecheat")
DAYS = {"since": date(2026, 10, 26), "until": date(2026, 11, 25)}
ARGUMENTS = {
    **DAYS,
    "issue": "005930",
    "codes": ["005930", "000660"],
    "board": "kospi",
    "market": "kospi",
    "index": "K1",
    "fields": ["prevddClsprc", "wk52HgstPrc"],
    "nation": "JP",
    "keyword": "01000004444",
    "keyword_type": "phone",
    "kiscode": "039500",
    "stockcd": "005930",
    "algorithm": 35,
    "period": "year",
    "statement": "separate",
}
CONTRACTS = {
    "futures": {"market": "kospi200", "issue": "K2FA001"},
    "options": {"market": "kospi200", "issue": "2016C400"},
}
COURSE = {"since": "0900", "until": "1000"}


def arguments(operation):
    """What an operation is asked with: of what it takes, what is given here."""
    *_, group, name = operation.name.split(".")
    chosen = ARGUMENTS | CONTRACTS.get(group, {}) | (COURSE if name == "intraday" else {})
    if group == "extra" or name == "closenav":
        chosen["issue"] = "069500"
    return {each.name: chosen[each.name] for each in operation.parameters if each.name in chosen}


async def test_every_operation_with_a_specification_answers_and_is_read():
    asked = set()
    async with SandboxGateway(in_process=True, market=Market(issues=140, now=lambda: NOW)) as gateway:
        for version in (3, 2):
            settings = evolve(gateway.settings, market_version=version)
            async with Koscom(settings, transport=gateway.transport, now=lambda: NOW) as koscom:
                for operation in koscom.operations.values():
                    if operation.missing or not operation.name.startswith(BESIDE_ACCOUNTS):
                        continue
                    if operation.path(f"v{version}") is None:
                        continue
                    asked.add(operation.name)
                    answer = await koscom.ask(operation.name, **arguments(operation))
                    assert answer.rows, (operation.name, version)
                    # No name that the catalogue does not know.
                    assert [row.extra for row in answer.rows if row.extra] == [], (operation.name, version)
    assert len(asked) == 58
