"""Makes any number of contract accounts, the same ones from the same seed, with orders that can be paid for.

Owns only made-up data; `records` owns what follows from it.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from random import Random

from attrs import evolve

from koscom_async.sandbox.firm.records import (
    BUY,
    SELL,
    Deposit,
    DiscretionaryAccount,
    Execution,
    Order,
    Paper,
)

TODAY = date(2024, 3, 13)
OPENED = date(2024, 3, 4)
_KST = timezone(timedelta(hours=9))
_WON, _DOLLARS = Decimal(500_000_000), Decimal(200_000)


def _share(product: str, isin: str, short: str, name: str, price: str) -> Paper:
    codes = (("표준코드", isin), ("단축코드", short))
    return Paper(asset_class="EQTY", product=product, codes=codes, name=name, price=Decimal(price))


PAPERS: tuple[Paper, ...] = (
    _share("KSP", "KR7005930003", "A005930", "삼성전자", "72300"),
    _share("KSP", "KR7000660001", "A000660", "SK하이닉스", "160900"),
    _share("KSP", "KR7000020008", "A000020", "동화약품", "10110"),
    _share("KDQ", "KR7035900000", "A035900", "JYP Ent.", "71200"),
    _share("ETF", "KR7069500007", "A069500", "KODEX 200", "36105"),
    Paper(
        asset_class="EQTY",
        product="ETC",
        codes=(("표준코드", "US0378331005"), ("단축코드", "AAPL")),
        name="Apple",
        price=Decimal("172.62"),
        currency="USD",
        rate=Decimal("1331.5"),
        exchange="NASDAQ",
    ),
    Paper(
        asset_class="FUND",
        product="ETC",
        codes=(("펀드코드", "KRZ503210020"),),
        name="한빛배당성장증권자2호[주식]",
        price=Decimal("1070.25"),
    ),
    Paper(
        asset_class="ETC",
        product="BOND",
        codes=(("표준코드", "KR103501G4C3"), ("단축코드", "국고0400-3412")),
        name="국고채권04000-3412",
        price=Decimal("1.0265"),
    ),
)


def contracts(counts: Mapping[str, int], *, seed: int = 0) -> tuple[DiscretionaryAccount, ...]:
    """Return so many accounts at each broker; every eleventh contract has ended."""
    made: list[DiscretionaryAccount] = []
    for broker, count in counts.items():
        for _ in range(count):
            seat = len(made)
            made.append(
                filled(
                    DiscretionaryAccount(
                        broker=broker,
                        number=f"0029{seat:05d}2221",
                        holder=f"고객{seat}",
                        virtual_number=f"1606{seat:010d}0099",
                        contract_status="1" if seat % 11 == 10 else "0",
                    ),
                    seed=seed + seat,
                )
            )
    return tuple(made)


def filled(account: DiscretionaryAccount, *, seed: int) -> DiscretionaryAccount:
    """Return the account with deposits and orders that its seed draws."""
    chance = Random(seed)
    papers = chance.sample(PAPERS, k=chance.randint(3, len(PAPERS)))
    deposits = [Deposit(day=OPENED, currency="KRW", amount=_WON + chance.randrange(10**6))]
    if any(paper.currency == "USD" for paper in papers):
        deposits.append(Deposit(day=OPENED, currency="USD", amount=_DOLLARS))
    return evolve(account, today=TODAY, deposits=tuple(deposits), orders=_orders(chance, papers))


def _orders(chance: Random, papers: Sequence[Paper]) -> tuple[Order, ...]:
    orders: list[Order] = []
    for paper in papers:
        # One long settled, one that settles tomorrow, one the day after: so the three views of the cash differ.
        for back in (7, 1, 0):
            is_sale = back == 1 and chance.random() < 0.5  # one in two
            orders.append(_order(chance, paper, len(orders), TODAY - timedelta(days=back), is_sale=is_sale))
        orders.append(_rejected(paper, len(orders)))
    return tuple(orders)


def _order(chance: Random, paper: Paper, number: int, day: date, *, is_sale: bool) -> Order:
    parts = [Decimal(chance.randint(5, 40)) for _ in range(chance.randint(1, 3))]
    if is_sale:
        parts = [Decimal(chance.randint(1, 5))]
    placed_at = datetime(day.year, day.month, day.day, 9, number % 60, 26, 360000, tzinfo=_KST)
    price = paper.price * Decimal(chance.randint(900, 1100)) / 1000
    executions = tuple(
        Execution(
            number=number * 10 + index + 1,
            quantity=part,
            price=price + index,
            at=placed_at + timedelta(seconds=index + 1),
        )
        for index, part in enumerate(parts)
    )
    return Order(
        number=f"{day:%m%d}{number:04d}",
        paper=paper,
        side=SELL if is_sale else BUY,
        quantity=sum(parts, Decimal(0)),
        price=price,
        placed_at=placed_at,
        executions=executions,
    )


def _rejected(paper: Paper, number: int) -> Order:
    placed_at = datetime(TODAY.year, TODAY.month, TODAY.day, 15, number % 60, 1, tzinfo=_KST)
    return Order(
        number=f"{TODAY:%m%d}{number:04d}",
        paper=paper,
        side=BUY,
        quantity=Decimal(1),
        price=paper.price,
        placed_at=placed_at,
    )
