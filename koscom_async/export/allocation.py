"""Parts of the whole: amounts in KRW by class (other assets by product) or by broker, for bars and plots.

Futures, options and other currencies are not part of it.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Literal

from attrs import frozen

from koscom_async._decimals import ZERO, exactly
from koscom_async.export.texts import CLASSES, broker_name, kind
from koscom_async.models.account import WON
from koscom_async.models.holdings import Holdings
from koscom_async.models.member import VirtualAccount
from koscom_async.models.positions import Instrument, Position

By = Literal["class", "broker"]


@frozen
class Slice:
    """A part of the whole: positive, in KRW."""

    label: str
    amount: Decimal
    share: float


def counted_positions(holdings: Holdings) -> list[Position]:
    """Return the positions that are part of the whole: in KRW, no derivatives, of a known value above zero."""
    return [each for each in holdings.positions if each.counts_in(WON) and (each.value or ZERO) > 0]


def slices(holdings: Holdings, by: By, *, at_most: int | None = None) -> list[Slice]:
    """Return the parts, largest first; those above `at_most` are added up as the last."""
    with exactly():
        sums: dict[str, Decimal] = {}
        for label, amount in _PARTS[by](holdings):
            sums[label] = sums.get(label, ZERO) + amount
        ranked = sorted(
            ((label, amount) for label, amount in sums.items() if amount > 0), key=lambda part: -part[1]
        )
        if at_most is not None and len(ranked) > at_most:
            rest = ranked[at_most - 1 :]
            ranked = [
                *ranked[: at_most - 1],
                (f"{len(rest)} others", sum((each for _, each in rest), ZERO)),
            ]
        whole = sum((amount for _, amount in ranked), ZERO)
        return [Slice(label, amount, float(amount / whole)) for label, amount in ranked]


def class_word(instrument: Instrument) -> str:
    """Return an instrument's asset class in a word, and among other assets its product."""
    asset_class = str(instrument.asset_class)
    return kind(instrument) if asset_class == "ETC" else CLASSES.get(asset_class, asset_class)


def _by_class(holdings: Holdings) -> Iterator[tuple[str, Decimal]]:
    for position in counted_positions(holdings):
        if position.value is not None:
            yield class_word(position.instrument), position.value
    for _, amount in _cash(holdings):
        yield CLASSES["CASH"], amount


def _by_broker(holdings: Holdings) -> Iterator[tuple[str, Decimal]]:
    for position in counted_positions(holdings):
        for lot in position.lots:
            if lot.value is not None:
                yield broker_name(lot.account), lot.value
    for account, amount in _cash(holdings):
        yield broker_name(account), amount


def _cash(holdings: Holdings) -> Iterator[tuple[VirtualAccount, Decimal]]:
    for cash in holdings.cash:
        for lot in cash.lots:
            if cash.currency == WON and lot.counted is not None:
                yield lot.account, lot.counted


_PARTS: Mapping[By, Callable[[Holdings], Iterator[tuple[str, Decimal]]]] = {
    "class": _by_class,
    "broker": _by_broker,
}
