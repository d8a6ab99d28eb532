"""By which name an instrument is shown where brokers write several, and the order of what is alike but for little."""

import unicodedata
from itertools import permutations
from types import SimpleNamespace

from attrs import evolve

from koscom_async import Measure, Portfolio, PortfolioEquity, PortfolioOutcome, Product
from koscom_async._cooperative import run_now
from koscom_async._merge import names
from koscom_async._merge.gathered import merging_portfolios
from koscom_async._merge.names import ranked_names
from tests.loops import each
from tests.merge.accounts import CYBER, DIAMOND, NOW, STAR, account, amount, merged, only, read, share


def named(*names):
    """The instrument of a share to which three brokers give these names, whatever the order of the answers."""
    outcomes = [
        read(account(broker), share(name=name))
        for broker, name in zip((STAR, CYBER, DIAMOND), names, strict=False)
    ]
    (instrument,) = {only(merged(*order)).instrument for order in permutations(outcomes)}
    return instrument


def test_a_renamed_companys_names_are_both_shown():
    instrument = named("포스코케미칼주식회사", "포스코퓨처엠", "포스코퓨처엠")
    assert (instrument.name, instrument.other_names) == ("포스코퓨처엠", ("포스코케미칼주식회사",))


def test_a_name_that_was_cut_is_not_another_name():
    instrument = named("삼성중소형FOCUS증권자1호", "삼성중소형FOCUS", None)
    assert (instrument.name, instrument.other_names) == ("삼성중소형FOCUS증권자1호", ())


@each(
    "names, ranked",
    [
        ([], ()),
        ([None], ()),
        (["삼성전자", "삼성 전자"], ("삼성 전자",)),
        (["ＬＧ화학", "LG화학", "lg화학"], ("LG화학",)),
        (["LG", "LG화학", "LG전자"], ("LG전자", "LG화학")),
        (["Samsung Electronics", "삼성전자"], ("Samsung Electronics", "삼성전자")),
        (["옛이름주식회사", "새이름", "새이름", "새이"], ("새이름", "옛이름주식회사")),
    ],
)
def test_names_of_another_wording_are_ranked_by_how_many_rows_give_them(names, ranked):
    assert ranked_names(names) == ranked_names(names[::-1]) == ranked


def test_an_explanation_names_the_other_names_and_finds_by_them():
    holdings = merged(
        read(account(STAR), share(name="포스코케미칼")), read(account(CYBER), share(name="포스코퓨처엠 ㈜"))
    )
    assert holdings.explain("포스코케미칼").position is only(holdings)
    assert "also called 포스코케미칼: no broker says which name is newer" in str(
        holdings.explain(only(holdings))
    )


def test_lots_alike_in_all_but_rate_or_loan_have_an_order_of_their_own():
    row = share("US0378331005", currency="USD")
    rows = [row, *(evolve(row, rate=amount(rate)) for rate in (1400, 1399)), evolve(row, loan=amount(7))]
    found = {only(merged(read(account(), *order))) for order in permutations(rows)}
    (position,) = found
    assert [(lot.rate, lot.loan) for lot in position.lots] == [
        (1400, None),
        (1399, None),
        (None, 7),
        (None, None),
    ]


def test_portfolios_do_not_depend_on_the_order_of_rows():
    rows = [
        PortfolioEquity(code="KR7005930003", name=name, product=product, number=amount(number))
        for name, product, number in [
            ("삼성전자", None, 1),
            ("삼성전자우선", Product("KDQ"), 2),
            ("삼성전자우선", Product("KSP"), None),
        ]
    ] + [PortfolioEquity(number=amount(number)) for number in (3, 4)]

    def portfolios(order):
        portfolio = Portfolio(account=account(), measure=Measure.SHARE, equities=tuple(order))
        outcome = PortfolioOutcome(account=account(), portfolio=portfolio, as_of=NOW)
        return run_now(merging_portfolios([outcome], measure=Measure.SHARE, as_of=NOW)).positions

    (positions,) = {portfolios(order) for order in permutations(rows)}
    assert [(each.name, each.other_names, len(each.lots)) for each in positions] == [
        (None, (), 1), (None, (), 1), ("삼성전자우선", (), 3),
    ]  # fmt: skip


def test_of_a_name_that_is_accents_only_so_much_is_compared_that_it_takes_no_time(monkeypatch):
    lengths = []

    def normalize(form, text):
        lengths.append(len(text))
        return unicodedata.normalize(form, text)

    monkeypatch.setattr(names, "unicodedata", SimpleNamespace(normalize=normalize))
    accents = "\u0301\u0316" * 50_000
    assert names.ranked_names(["b" + accents, "a" + accents]) == ("a" + accents, "b" + accents)
    assert max(lengths) <= 1_000
