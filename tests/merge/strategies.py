"""Any set of accounts and rows that a merge may be handed, for property tests."""

from decimal import Decimal

from hypothesis import strategies as st

from koscom_async import AccountOutcome, DeadlineExceededError
from tests.merge.accounts import CYBER, DIAMOND, STAR, account, bond, failed, fund, read, share, summary

CODES = ("KR7005930003", "KR7000660001", "KR4101V60009", "US0378331005")
ACCOUNTS = [
    account(broker, f"16060000000000000{index}") for index, broker in enumerate((CYBER, STAR, STAR, DIAMOND))
]

exact = st.decimals(min_value=-(10**15), max_value=10**15, places=4) | st.sampled_from(
    [Decimal(0), Decimal(1), Decimal("0.0001"), Decimal(369827563509)]
)
amounts = st.none() | exact

shares = st.builds(
    share,
    st.sampled_from((*CODES, None)),
    amounts,
    amounts,
    amounts,
    product=st.sampled_from(("KSP", "KDQ", "FUT", "OPT", "AAA", None)),
    trade_type=st.sampled_from(("NRM", "CRD", "LOAN", "SUM")),
    name=st.sampled_from((None, "삼성전자", "삼성전자우")),
    currency=st.sampled_from(("KRW", "KRW", "USD", "JPY")),
    profit_loss=amounts,
    return_rate=amounts,
    rate=amounts,
    loan=amounts,
)
funds = st.builds(
    fund, st.sampled_from(("KRZ1", "KRZ2", None)), st.just("삼성중소형FOCUS증권자1호[주식]"), amounts, amounts
)
bonds = st.builds(
    bond,
    st.sampled_from((None, "국채1", "국채2")),
    amounts,
    amounts,
    amounts,
    product=st.sampled_from(("BOND", "CP", None)),
)
rows = st.lists(shares | funds | bonds, max_size=6)
summaries = st.builds(
    summary,
    amounts,
    d1=amounts,
    d2=amounts,
    loan=amounts,
    receivable=amounts,
    cost=amounts,
    value=amounts,
    total=amounts,
)
failures = st.builds(DeadlineExceededError, st.just("the deadline struck"))


@st.composite
def accounts_outcomes(draw: st.DrawFn) -> list[AccountOutcome]:
    """Every account once, each read or not."""
    outcomes = []
    for who in ACCOUNTS[: draw(st.integers(0, len(ACCOUNTS)))]:
        if draw(st.integers(0, 4)) == 0:
            outcomes.append(failed(who, draw(failures)))
        else:
            outcomes.append(read(who, *draw(rows), summed=draw(summaries), is_summed=draw(st.booleans())))
    return outcomes
