"""The example data: two people, their accounts at the three brokers, and the firm's discretionary contracts.

Owns only data; `ledger` owns what the records mean. Names, numbers and connecting information are made up.
"""

from collections.abc import Mapping

from attrs import evolve

from koscom_async.sandbox.accounts.crowds import people_of_crowd
from koscom_async.sandbox.accounts.examples import CYBER, DIAMOND, STAR, STRANGERS_ACCOUNTS
from koscom_async.sandbox.accounts.generated import generated
from koscom_async.sandbox.accounts.history import with_history
from koscom_async.sandbox.firm.generator import contracts, filled
from koscom_async.sandbox.firm.records import DiscretionaryAccount
from koscom_async.sandbox.ledger import Ledger, WatchGroup, made_up_person

__all__ = ["crowd", "example_ledger", "firm", "generated"]

# The order of the documents' consent list.
_WATCHED = {
    "diamond": (
        WatchGroup(
            "관심종목00",
            ("KR7122870009", "KR7028260008", "KR7001360007", "KR7011070000", "KR7017800004"),
        ),
        WatchGroup("ETF", ("KR7176950004", "KR7143860005", "KR7138230008", "KR7205720006")),
    ),
    "cyber": (
        WatchGroup("관심종목00", ("KR7005930003", "KR7028260008"), "2020-11-02"),
        WatchGroup("빈 그룹", ()),
    ),
    "star": (WatchGroup("반도체", ("KR7005930003",), "2019-03-15"),),
}
HISTORY_ROWS = {"diamond": 40, "cyber": 60, "star": 50}

_ACCOUNTS = tuple(
    evolve(with_history(account, rows=HISTORY_ROWS[account.broker]), watchlist=_WATCHED[account.broker])
    for account in (DIAMOND, CYBER, STAR)
)


def example_ledger() -> Ledger:
    """Return the investor with three accounts, and a stranger with three others."""
    investor = made_up_person("0", name="홍길동", accounts=_ACCOUNTS)
    stranger = made_up_person("1", name="김철수", accounts=STRANGERS_ACCOUNTS)
    return Ledger((investor, stranger), _DISCRETIONARY)


def crowd(size: int, *, seed: int = 0) -> Ledger:
    """Return `size` people with an account at each of the three brokers, of whom no two hold the same.

    They cost little until they are asked about; the same seed makes the same people.
    """
    return Ledger(people_of_crowd(size, seed=seed), _DISCRETIONARY)


# The numbers of the documents' list of accounts; the last two contracts have ended.
_CONTRACTS = (
    ("diamond", "160635473367600099", "0"),
    ("cyber", "160613251214500099", "0"),
    ("star", "160646584478700099", "0"),
    ("comet", "160650000000000099", "0"),
    ("diamond", "160635473367600199", "1"),
    ("cyber", "160613251214500199", "2"),
)
_DISCRETIONARY = tuple(
    filled(
        DiscretionaryAccount(
            broker=broker,
            number=f"00199{seat}3122221",
            holder="홍길동",
            virtual_number=number,
            contract_status=status,
        ),
        seed=seat,
    )
    for seat, (broker, number, status) in enumerate(_CONTRACTS)
)


def firm(counts: Mapping[str, int], *, seed: int = 0) -> Ledger:
    """Return the example with so many generated contract accounts at each broker instead of its own."""
    return Ledger(example_ledger().people, contracts(counts, seed=seed))
