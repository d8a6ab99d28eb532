"""Which rows are one instrument, by the codes that the discretionary service's rows carry with their kinds."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from koscom_async import AccountOutcome, AssetClass, Broker, DiscretionaryBalance, Holdings
from koscom_async._cooperative import Pace, run_now
from koscom_async._wire.discretionary import row_reader
from koscom_async._wire.json.core import read_json
from koscom_async._wire.records.converter import Unread
from tests.loops import each
from tests.merge.accounts import CYBER, DIAMOND, NOW, STAR, account, bond, held, merged, read, share

SAMSUNG, HYNIX, NAVER = "KR7005930003", "KR7000660001", "KR7035420009"
STANDARD, SHORT, PRODUCT, ENGLISH, FUND = "표준코드", "단축코드", "상품코드", "축약영문", "펀드코드"

Codes = tuple[tuple[str | None, object], ...]


def security(*codes: tuple[str | None, object], quantity: int = 1, **changes: object) -> dict[str, Any]:
    """A row of `securitiesBalInfo` with these codes, by kind."""
    info = [{"isinType": kind, "isinCode": code, "isinName": None} for kind, code in codes]
    return {
        "assetType": "KSP",
        "qty": str(quantity),
        "valAtTrade": "7",
        "valAtCur": "8",
        "isinInfo": info,
    } | changes


def contract(
    *rows: dict[str, Any], broker: Broker = STAR, asset_class: AssetClass = AssetClass.EQUITY
) -> AccountOutcome:
    """The outcome of a contract account with these rows."""
    who = account(broker)
    reader = row_reader(asset_class)
    document: Any = read_json(json.dumps(rows).encode())
    securities = tuple(
        run_now(reader(row, f"row[{index}]", Unread(), Pace(10**6))) for index, row in enumerate(document)
    )
    balance = DiscretionaryBalance(account=who, securities=securities).as_balance()
    return AccountOutcome(account=who, balance=balance, as_of=NOW)


def parts(holdings: Holdings) -> list[tuple[str | None, int, str]]:
    """Code, quantity and what the lots are matched by, in an order of their own."""
    found = [(each.instrument.code, int(each.quantity or 0), each.matched_by) for each in holdings.positions]
    return sorted(found, key=lambda part: (part[0] or "", part[1]))


def test_a_product_code_joins_nothing():
    one = security((STANDARD, SAMSUNG), (PRODUCT, "01"), quantity=10)
    other = security((STANDARD, HYNIX), (PRODUCT, "01"), quantity=5)
    assert parts(merged(contract(one, other))) == [(HYNIX, 5, "code"), (SAMSUNG, 10, "code")]


@each(
    "shared",
    [
        (PRODUCT, "PROD1"), (ENGLISH, "SamsungElec"), ("종목명", "삼성전자"), ("거래소코드", "KRX01"),
        (SHORT, "000000"), (SHORT, "-"), (SHORT, "A005930"), (FUND, "K55101"), (None, "A005930"),
    ],
)  # fmt: skip
@each("are_apart", [True, False])
def test_two_standard_codes_are_two_whatever_else_they_share(shared, are_apart):
    rows = [
        security((STANDARD, SAMSUNG), shared, quantity=10),
        security(shared, (STANDARD, HYNIX), quantity=5),
    ]
    outcomes = [contract(rows[0]), contract(rows[1], broker=CYBER)] if are_apart else [contract(*rows)]
    assert parts(merged(*outcomes)) == [(HYNIX, 5, "code"), (SAMSUNG, 10, "code")]


def test_a_short_code_does_not_bridge_two_standard_codes_and_its_own_rows_stay_apart():
    rows = [
        security((STANDARD, SAMSUNG), (SHORT, "A1234"), quantity=1),
        security((SHORT, "A1234"), quantity=2),
        security((SHORT, "A1234"), (STANDARD, HYNIX), quantity=4),
        security((SHORT, "A1234"), quantity=8),
    ]
    expected = [("A1234", 2, "nothing"), ("A1234", 8, "nothing"), (HYNIX, 4, "code"), (SAMSUNG, 1, "code")]
    for turn in range(4):
        assert parts(merged(contract(*rows[turn:], *rows[:turn]))) == expected


def test_a_chain_of_lesser_codes_does_not_bridge_two_standard_codes():
    rows = [
        security((STANDARD, SAMSUNG), (FUND, "K55101"), quantity=1),
        security((FUND, "K55101"), (SHORT, "A1234"), quantity=2),
        security((SHORT, "A1234"), (STANDARD, HYNIX), quantity=4),
        security((SHORT, "A1234"), quantity=8),
    ]
    # The fund code is Samsung's alone; the short code is claimed by both.
    expected = [("A1234", 8, "nothing"), (HYNIX, 4, "code"), (SAMSUNG, 3, "code")]
    for turn in range(4):
        assert parts(merged(contract(*rows[turn:], *rows[:turn]))) == expected


def test_a_row_of_two_standard_codes_joins_neither():
    rows = [
        security((STANDARD, SAMSUNG), (STANDARD, HYNIX), quantity=1),
        security((STANDARD, SAMSUNG), quantity=2),
        security((STANDARD, HYNIX), quantity=4),
    ]
    assert parts(merged(contract(*rows))) == [(HYNIX, 1, "code"), (HYNIX, 4, "code"), (SAMSUNG, 2, "code")]


def test_a_short_code_that_a_row_gives_beside_the_standard_code_means_that():
    holdings = merged(
        contract(security((STANDARD, SAMSUNG), (SHORT, "A005930"), quantity=1)),
        contract(security((SHORT, "A005930"), quantity=2), broker=CYBER),
        contract(security((SHORT, "a005930"), (SHORT, "005930"), quantity=4), broker=DIAMOND),
    )
    (position,) = holdings.positions
    assert (position.quantity, position.matched_by) == (7, "code")
    assert (position.instrument.isin, position.instrument.other_codes) == (SAMSUNG, ("005930", "A005930"))


def test_the_same_text_of_another_kind_is_no_code_in_common():
    rows = [security((SHORT, "A1234")), security((FUND, "A1234")), security((None, "A1234"))]
    assert len(merged(contract(*rows)).positions) == 3


def test_rows_with_codes_that_do_not_identify_are_one_by_product_and_name():
    rows = [
        security((PRODUCT, "P1"), isinInfo=[{"isinType": PRODUCT, "isinCode": "P123", "isinName": name}])
        for name in ("삼성전자", "SK하이닉스", "삼성전자")
    ]
    assert parts(merged(contract(*rows))) == [(None, 1, "name"), (None, 2, "name")]


@each("placeholder", ["000000000000", "NULL", "-", "N/A", 0, "01"])
@each("asset_class", [AssetClass.EQUITY, AssetClass.FUND, AssetClass.OTHER])
def test_a_placeholder_joins_no_contract_rows(placeholder, asset_class):
    rows = [
        security((STANDARD, placeholder), assetType="BOND"),
        security((STANDARD, placeholder), assetType="CP"),
    ]
    holdings = merged(contract(*rows, asset_class=asset_class))
    assert [each.matched_by for each in holdings.positions] == ["nothing", "nothing"]


@each("name", ["-", "NULL", "000000", "N/A", "···"])
def test_a_placeholder_is_no_name_either(name):
    assert len(held(bond(name, 1, 2, 3), bond(name, 1, 2, 3)).positions) == 2


def test_an_account_row_s_code_is_an_isin_if_it_checks_beside_contract_rows():
    holdings = merged(
        contract(security((STANDARD, SAMSUNG), (SHORT, "A005930"), quantity=1)),
        read(account(CYBER), share(SAMSUNG, quantity=2), share(HYNIX, quantity=4)),
    )
    assert parts(holdings) == [(HYNIX, 4, "code"), (SAMSUNG, 3, "code")]


standard = st.sampled_from((SAMSUNG, HYNIX, NAVER))
lesser = st.tuples(
    st.sampled_from((SHORT, FUND, PRODUCT, ENGLISH, STANDARD, None)),
    st.sampled_from(("A1234", "A5678", "000000", "-", "01")),
)
securities = st.lists(
    st.builds(
        lambda isin, others, quantity: security(
            *(((STANDARD, isin),) if isin else ()), *others, quantity=quantity
        ),
        st.none() | standard,
        st.lists(lesser, max_size=3),
        st.integers(0, 9),
    ),
    max_size=8,
)


def isins_in(lot: Any) -> set[str]:
    """The standard codes of a row as it came."""
    return {each["isinCode"] for each in lot.raw["isinInfo"]} & {SAMSUNG, HYNIX, NAVER}


@given(securities)
def test_rows_of_different_standard_codes_are_never_one(rows):
    for position in merged(contract(*rows)).positions:
        assert len(set().union(*map(isins_in, position.lots))) <= 1


@given(securities)
def test_rows_of_one_standard_code_are_always_one(rows):
    holdings = merged(contract(*rows))
    for isin in (SAMSUNG, HYNIX, NAVER):
        assert sum(any(isin in isins_in(lot) for lot in each.lots) for each in holdings.positions) <= 1


@given(securities, securities, st.randoms(use_true_random=False))
def test_the_order_of_contract_rows_and_brokers_changes_nothing(rows, more, chance):
    expected = merged(contract(*rows), contract(*more, broker=CYBER))
    chance.shuffle(rows)
    chance.shuffle(more)
    again = merged(contract(*more, broker=CYBER), contract(*rows))
    assert (again.positions, again.totals) == (expected.positions, expected.totals)
