"""Rows and summaries to frozen records: a cattrs converter, with the wire's names as tables.

The discretionary service's names have a table of their own, `discretionary_names`; lists inside a row are not read
here, and what else a row does not say itself is given to `read_record`.

- a field's first name is the examples' spelling, the others are variants that were seen;
- scalars follow the rules of `scalars`, absent included; a code becomes an open enum;
- unknown keys are left alone and stay reachable in `raw`;
- what does not fit is a `MalformedResponseError` that names the field as it stands on the wire.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from attrs import fields
from cattrs import Converter
from cattrs.errors import AttributeValidationNote, ClassValidationError
from cattrs.gen import make_dict_structure_fn, override

from koscom_async._wire.records.names import ACCOUNT_FIELDS, DISCRETIONARY_NAMES
from koscom_async._wire.scalars import (
    ScalarError,
    is_absent,
    read_date,
    read_number,
    read_text,
    read_texts,
    read_time,
)
from koscom_async._wire.shapes import Block
from koscom_async.errors import MalformedResponseError
from koscom_async.models.account import WON, BalanceSummary, EquityRow, FundRow, OtherRow
from koscom_async.models.codes import OpenEnum, Product, TradeType, TransactionType
from koscom_async.models.discretionary.codes import (
    Amendment,
    Cancellation,
    ContractStatus,
    OrderSide,
    TradeKind,
)

Record = TypeVar("Record")
WireNames = Mapping[str, tuple[str, ...]]

_AMOUNTS: WireNames = {
    "cost": ("valAtTrade",),
    "value": ("valAtCur", "valueAtCur"),
    "profit_loss": ("proLoss",),
    "return_rate": ("earningRate",),
    # The account service's tables have no currency; the discretionary service's name for it is taken.
    "currency": ("crcyCode",),
    "rate": ("currencyRate",),
    "loan": ("loanCreditAmt",),
}

WIRE_NAMES: Mapping[type, WireNames] = {
    BalanceSummary: {
        "cash": ("cashBalance",),
        "cash_d1": ("d1",),
        "cash_d2": ("d2",),
        "substitute": ("substitute", "substiture"),
        "receivable": ("receivable",),
        "substitute_margin": ("subsMargin",),
        "loan": ("loanCredit",),
        "cost": ("valAtTrade",),
        "value": ("valueAtCur", "valAtCur"),
        "profit_loss": ("proLoss",),
        "total_value": ("totalAccVal",),
        "withdrawable": ("cashAvWithdraw",),
    },
    EquityRow: {
        "product": ("assetType",),
        "product_type": ("productType",),
        "code": ("isinCode",),
        "name": ("productName",),
        "quantity": ("qty",),
        "trade_type": ("tradeType",),
        **_AMOUNTS,
    },
    FundRow: {
        "product": ("assetType",),
        "fund_type": ("fundType",),
        "code": ("fundCode",),
        "name": ("fundName",),
        "quantity": ("qty",),
        "trade_type": ("tradeType",),
        "first_bought_on": ("firstDateBuy",),
        "last_bought_on": ("lastDateBuy",),
        "matures_on": ("maturity",),
        **_AMOUNTS,
    },
    OtherRow: {
        "product": ("assetType",),
        "code": ("isinCode",),
        "name": ("assetName",),
        "quantity": ("qty",),
        "trade_type": ("tradeType",),
        **_AMOUNTS,
    },
    **ACCOUNT_FIELDS,
    **DISCRETIONARY_NAMES,
}

# No JSON key of the platform's begins like these.
_RAW = "\0raw"
_GIVEN = "\0given "


CODES: tuple[type[OpenEnum], ...] = (
    Product,
    TradeType,
    TransactionType,
    ContractStatus,
    OrderSide,
    Amendment,
    Cancellation,
    TradeKind,
)
"""The codes that rows carry."""


def _code(kind: type[OpenEnum]) -> Callable[[object, object], OpenEnum | None]:
    def read(value: object, _: object) -> OpenEnum | None:
        text = read_text(value)
        return None if text is None else kind(text)

    return read


def _read_currency(value: object, _: object) -> str:
    return (read_text(value) or WON).upper()


def _made_converter() -> Converter:
    converter = Converter()
    converter.register_structure_hook(Decimal | None, lambda value, _: read_number(value))
    converter.register_structure_hook(date | None, lambda value, _: read_date(value))
    converter.register_structure_hook(str | None, lambda value, _: read_text(value))
    converter.register_structure_hook(str, _read_currency)
    converter.register_structure_hook_func(
        lambda kind: kind == tuple[str, ...], lambda value, _: read_texts(value)
    )
    converter.register_structure_hook(datetime | None, lambda value, _: read_time(value))
    for code in CODES:
        converter.register_structure_hook(code | None, _code(code))
    raw = override(rename=_RAW, struct_hook=lambda value, _: value)
    for kind, names in WIRE_NAMES.items():
        renamed: dict[str, Any] = {
            attribute: override(rename=spellings[0]) for attribute, spellings in names.items()
        }
        attributes = [each.name for each in fields(kind)]
        given = {
            name: override(rename=_GIVEN + name, struct_hook=lambda value, _: value)
            for name in attributes
            if name not in names
        }
        hook: Any = make_dict_structure_fn(
            kind, converter, **{**given, **renamed, **({"raw": raw} if "raw" in attributes else {})}
        )
        converter.register_structure_hook(kind, hook)
    return converter


_CONVERTER = _made_converter()

_VARIANTS = {
    kind: [(spellings[0], variant) for spellings in names.values() for variant in spellings[1:]]
    for kind, names in WIRE_NAMES.items()
}


def read_record(kind: type[Record], block: Block, path: str, **given: object) -> Record:
    """Return a block as a record, or raise naming the field that does not fit; `given` is what it does not say."""
    known: dict[str, Any] = {**block, _RAW: block, **{_GIVEN + name: value for name, value in given.items()}}
    for name, variant in _VARIANTS[kind]:
        if variant in block:
            known[name] = _either(block.get(name), block[variant], f"{path}.{variant}")
    try:
        return _CONVERTER.structure(known, kind)
    except ClassValidationError as group:
        raise MalformedResponseError("; ".join(_complaints(kind, block, group, path))) from None


def _either(first: object, second: object, path: str) -> object:
    if is_absent(first):
        return second
    try:
        if is_absent(second) or read_number(first) == read_number(second):
            return first
    except ScalarError as error:
        raise MalformedResponseError(f"{path} or its other spelling: {error}") from None
    raise MalformedResponseError(f"{path}: two spellings of one field with two values")


def _complaints(kind: type, block: Block, group: ClassValidationError, path: str) -> Iterator[str]:
    for error in group.exceptions:
        notes = [
            note for note in getattr(error, "__notes__", ()) if isinstance(note, AttributeValidationNote)
        ]
        spellings = WIRE_NAMES[kind].get(notes[0].name, ("?",)) if notes else ("?",)
        name = next((each for each in spellings if not is_absent(block.get(each))), spellings[0])
        yield f"{path}.{name}: {error}"
