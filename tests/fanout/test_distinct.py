"""Which accounts are asked: each once, however often and under whatever labels it is listed."""

from koscom_async._fanout.tasks import unique_accounts
from tests.merge.accounts import CYBER, STAR, VirtualAccount, account


def labelled(label: str, number: str = "1") -> VirtualAccount:
    return VirtualAccount(broker=STAR, number=number, alias=label)


def test_an_account_that_is_listed_twice_is_kept_as_it_was_first_listed():
    kept = unique_accounts([labelled("first"), labelled("other", "2"), labelled("second")])
    assert [(each.number, each.alias) for each in kept] == [("1", "first"), ("2", "other")]


def test_one_number_at_two_brokers_is_two_accounts():
    assert len(unique_accounts([account(STAR, "1"), account(CYBER, "1")])) == 2


def test_nothing_is_nothing():
    assert unique_accounts([]) == ()
