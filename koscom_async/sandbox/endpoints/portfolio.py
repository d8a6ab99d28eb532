"""The portfolio of the account service (자산 포트폴리오 조회): what the balance's rows are as shares or quantities."""

from collections.abc import Iterable
from decimal import Decimal

from koscom_async.sandbox.dialects import Balance, Dialect, Service
from koscom_async.sandbox.documents import recorded_answer
from koscom_async.sandbox.endpoints.account import find_account, find_class
from koscom_async.sandbox.endpoints.endpoint import Request, cut
from koscom_async.sandbox.fault_kinds import FaultKind
from koscom_async.sandbox.ledger import Account, AccountView, AssetClass, Equity, Fund, Other, Part, Row
from koscom_async.sandbox.question import read_portfolio_question
from koscom_async.sandbox.reply import Reply, refused
from koscom_async.sandbox.state import State

SHARES, QUANTITIES = "RAT", "QTY"
WON = "KRW"
_STEP = Decimal("0.01")


def answer_portfolio(request: Request, state: State, fault: FaultKind) -> Reply:
    """Answer one page of one account."""
    dialect = state.dialect(request.broker)
    question = read_portfolio_question(request.message(), body_block="portfolioRequestBody")
    account = find_account(request, question, state)
    if (recorded := recorded_answer(account, "portfolio", request.message(), question)) is not None:
        return recorded
    if question.measure not in {SHARES, QUANTITIES} or (
        question.measure == QUANTITIES and not dialect.supports_quantities
    ):
        raise refused("6002", broker=request.broker)
    asset_class = find_class(question, dialect)
    view = _view(account, asset_class, question.measure, dialect)
    rows, next_page = cut(
        view, asset_class, fault.read(question).paged, page_size=state.page_size(request.broker)
    )
    answer = Balance(
        service=Service.PORTFOLIO,
        question=question,
        asset_class=asset_class,
        account=view,
        platform_id=state.platform_id(),
        rows=rows,
        total=len(view.entries),
        next_page=next_page,
        request_id=question.request_id,
    )
    foreign = state.ledger.foreign_to
    return dialect.reply(
        fault.alter(answer, lambda: _view(foreign(account), asset_class, question.measure, dialect))
    )


def _view(account: Account, asset_class: AssetClass, measure: str, dialect: Dialect) -> AccountView:
    as_shares = measure == SHARES and not dialect.mixes_up_shares
    return account.view(
        part
        for part in parts_of(account, as_shares=as_shares)
        if asset_class in {AssetClass.ALL, part.asset_class}
    )


def parts_of(account: Account, *, as_shares: bool) -> tuple[Part, ...]:
    """Return every row with its share of its asset class in percent, or with its quantity."""
    classes: tuple[tuple[AssetClass, tuple[Row, ...]], ...] = (
        (AssetClass.EQTY, account.equities),
        (AssetClass.FUND, account.funds),
        (AssetClass.ETC, account.others),
    )
    return tuple(
        part for asset_class, rows in classes for part in _parts(asset_class, rows, as_shares=as_shares)
    )


def _parts(asset_class: AssetClass, rows: Iterable[Row], *, as_shares: bool) -> Iterable[Part]:
    rows = tuple(rows)
    whole = sum(row.value for row in rows if row.currency == WON)
    for row in rows:
        number = _share(row, whole) if as_shares else getattr(row, "quantity", None)
        match row:
            case Equity():
                yield Part(asset_class, number, row.return_pct, row.product, row.isin)
            case Fund():
                yield Part(asset_class, number, row.return_pct, None, row.code, row.name, row.maturity)
            case Other():
                yield Part(asset_class, number, row.return_pct, row.product, None, row.name)


def _share(row: Row, whole: Decimal | int) -> Decimal | None:
    """Return a row's share of its class; what is not in won has none, since currencies are not added."""
    return (row.value * 100 / whole).quantize(_STEP) if whole and row.currency == WON else None
