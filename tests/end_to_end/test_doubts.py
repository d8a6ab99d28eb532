"""Doubts from the wire to the screen: none where nothing is doubtful, and unmistakable where something is."""

import html
import json

import pytest
from attrs import evolve

from koscom_async import BrokerOverrides, Holdings, Koscom
from koscom_async.sandbox import SandboxGateway, crowd, documents_ledger, example_ledger, firm, generated
from tests.end_to_end.test_odd_answers import QUICK
from tests.loops import naming
from tests.manuals_investor import manuals_ledger

HEADLINE = "DOUBTFUL: {} may count something twice; the totals count it as it came"

ABRIDGED = {"diamond": BrokerOverrides(trust_totals=False)}
"""The documents' own examples are abridged, and say so by their totals."""

LEDGERS = {
    "example": example_ledger,
    "manual": manuals_ledger,
    "documents": documents_ledger,
    "crowd": lambda: crowd(2),
    "firm": lambda: firm(dict.fromkeys(("diamond", "cyber", "star", "comet"), 4), seed=5),
    "no rows": lambda: generated(rows=0, seed=1),
    "many rows": lambda: generated(investors=1, rows=120, transactions=300, seed=2),
    **{f"seed {seed}": lambda seed=seed: generated(rows=15, seed=seed) for seed in range(5)},
}


async def holdings_of(ledger, **faults):
    """What the client reads of everything that the ledger's investor and its firm hold."""
    async with (
        SandboxGateway(in_process=True, ledger=ledger, faults=faults) as gateway,
        Koscom(
            evolve(gateway.settings, brokers=ABRIDGED, limits=QUICK), transport=gateway.transport
        ) as koscom,
    ):
        accounts = [await koscom.holdings(investor) for investor in gateway.investors]
        return [*accounts, await koscom.discretionary_holdings()] if ledger.discretionary else accounts


async def test_nothing_that_is_as_it_should_be_is_doubtful():
    for name, make in LEDGERS.items():
        with naming({"ledger": name}):
            for holdings in await holdings_of(make()):
                assert holdings.complete
                assert holdings.positions or name == "no rows"
                assert holdings.doubts == ()


FAULTS = {
    "doubled-row": [
        (
            "repeated row",
            "국민주택1종11-07",
            5_792_000,
            "a row that is alike in all that is read came 2 times",
        ),
        ("repeated row", "Apple", "1912.4", "a row that is alike in all that is read came 2 times"),
    ],
    "total-row": [
        ("total row", "합계", 5_792_000, "a row that is named as a total, and equals the other row"),
        ("total row", "합계", 4_612_600, "a row that is named as a total, and equals the 2 other rows"),
    ],
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_row_that_is_too_many_is_doubtful_and_the_summary_confirms_it(fault):
    holdings, *_ = await holdings_of(manuals_ledger(), star=fault)
    (account,) = {doubt.account.key for doubt in holdings.doubts}
    (reconciled,) = [each for each in holdings.reconciliation if each.account.key == account]
    assert [(each.kind, each.label, str(each.amount), each.why) for each in holdings.doubts] == [
        (kind, label, str(amount), why) for kind, label, amount, why in FAULTS[fault]
    ]
    assert reconciled.reason is not None
    assert "the broker's summary counts the doubtful rows once: without" in reconciled.reason


async def test_a_sum_row_beside_its_parts_is_doubtful():
    holdings, *_ = await holdings_of(manuals_ledger(), cyber="sum-row")
    assert [(each.kind, each.label, each.amount) for each in holdings.doubts] == [
        ("repeated row", "한빛글로벌채권증권자1호[채권]", 3_045_000),
        ("sum and parts", "JYP Ent.", 1_700_000),
    ]


async def test_every_view_shows_the_doubts():
    holdings, *_ = await holdings_of(manuals_ledger(), star="total-row")
    headline = HEADLINE.format("1 account")
    page = html.unescape(holdings.to_html())
    for view in (page, html.unescape(holdings._repr_html_())):
        assert headline in view
        assert (
            "합계: a row that is named as a total, and equals the other row; ₩5,792,000 may count twice"
            in view
        )
        assert "the broker's summary counts the doubtful rows once: without" in view
    assert "(DOUBTFUL)" in page
    kept = json.loads(holdings.to_arrow().schema.metadata[b"koscom.doubts"])
    assert holdings.to_pandas().attrs["doubts"] == kept
    assert kept[0] == (
        "star 1606…0099: 합계: a row that is named as a total, and equals the other row; ₩5,792,000 may count twice"
    )
    assert [(row["broker"], row["doubts"]) for row in holdings.to_arrow("accounts").to_pylist()] == [
        ("cyber", 0),
        ("diamond", 0),
        ("star", 2),
    ]
    assert len(holdings.to_dicts()["doubts"]) == 2


async def test_each_row_that_is_doubtful_says_so():
    holdings, *_ = await holdings_of(manuals_ledger(), star="doubled-row")
    doubtful = {"국민주택1종11-07", "Apple"}
    for frame in (holdings.to_arrow().to_pylist(), holdings.to_polars().to_dicts()):
        assert {row["name"] for row in frame if row["doubtful"]} == doubtful
    lots = holdings.to_polars("lots")
    assert [row["broker"] for row in lots.to_dicts() if row["doubtful"]] == ["star"] * 4
    assert lots.height == 36
    for view in (holdings.to_html(), holdings._repr_html_()):
        assert view.count("⚠ doubtful") == 2 + 4
    kept = Holdings.from_json(holdings.to_json())
    assert kept.doubts == holdings.doubts
    assert kept.to_arrow().equals(holdings.to_arrow())


async def test_an_explanation_says_what_is_doubtful_about_its_position():
    holdings, *_ = await holdings_of(manuals_ledger(), star="doubled-row")
    why = "star 1606…0099: a row that is alike in all that is read came 2 times; 1,912.4 USD may count twice"
    assert str(holdings.explain("Apple")).splitlines()[-1] == f"DOUBTFUL: {why}"
    assert "DOUBTFUL" not in str(holdings.explain("삼성전자"))
