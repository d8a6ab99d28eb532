"""The registry of brokers against the platform's pages."""

import pytest

from koscom_async.brokers import BROKERS, find_broker
from tests.loops import each

# 계좌 서비스, as of 2018-05-31: code, short name, offered (제공) or only contracted, ALL in the endpoints' notes.
PAGES = [
    ("00002", "shinhan", "신한금융투자", True, True),
    ("00004", "daishin", "대신증권", True, True),
    ("00008", "eugene", "유진투자증권", True, False),
    ("00009", "hanyang", "한양증권", False, False),
    ("00010", "meritz", "메리츠종합금융증권", True, False),
    ("00012", "nhinvest", "NH투자증권", True, True),
    ("00017", "kbinvest", "KB투자증권", True, True),
    ("00024", "yuanta", "유안타증권", True, False),
    ("00025", "sk", "SK증권", True, True),
    ("00030", "samsung", "삼성증권", True, False),
    ("00031", "dongbu", "DB투자금융", True, True),
    ("00046", "hi", "하이투자증권", False, False),
    ("00049", "miraeassetdaewoo", "미래에셋대우증권", False, False),
    ("00050", "kiwoom", "키움증권", False, False),
    ("00063", "ebest", "이베스트투자증권", True, False),
    ("00064", "koreaasset", "코리아에셋투자증권", False, False),
]
VIRTUAL = [("00991", "cyber", False), ("00992", "diamond", True), ("00993", "star", False)]


def test_the_registry_is_the_platforms_page() -> None:
    real = [
        (each.code, each.short_name, each.name_ko, each.is_offered, each.supports_all)
        for each in BROKERS
        if not each.is_virtual
    ]
    assert real == PAGES


def test_the_platforms_own_virtual_brokers_are_listed() -> None:
    virtual = [(each.code, each.short_name, each.supports_all) for each in BROKERS if each.is_virtual]
    assert virtual == VIRTUAL


@each("broker", BROKERS)
def test_a_broker_is_found_by_code_or_short_name(broker: object) -> None:
    code, short_name = broker.code, broker.short_name  # type: ignore[attr-defined]
    assert find_broker(code=code) is broker
    assert find_broker(short_name=short_name) is broker
    assert str(broker) == short_name


@pytest.mark.parametrize("code", ["", "992", "0992", "99999", "diamond"])
def test_another_code_is_nobody(code: str) -> None:
    assert find_broker(code=code) is None


@pytest.mark.parametrize("name", ["", "Diamond", "00992", "common"])
def test_another_name_is_nobody(name: str) -> None:
    assert find_broker(short_name=name) is None


def test_nobody_was_asked_for() -> None:
    assert find_broker() is None
