"""What is made when it is first read: nothing tells it from what was given."""

import copy
import pickle
from types import SimpleNamespace

import pytest
from attrs import asdict, evolve, fields
from hypothesis import given

from koscom_async import AssetClass, Instrument, Lot, Position
from koscom_async.export.rows import plain
from koscom_async.models.positions import Lots, lots_of
from tests.merge.accounts import CYBER, STAR, account, fund, merged, read, share
from tests.merge.strategies import accounts_outcomes


def given_whole(position):
    """The same position by its own constructor, every field given."""
    instrument = Instrument(
        **{each.name: getattr(position.instrument, each.name) for each in fields(Instrument)}
    )
    assert instrument.isin == position.instrument.isin
    lots = tuple(Lot(**{each.name: getattr(lot, each.name) for each in fields(Lot)}) for lot in position.lots)
    own = {each.name: getattr(position, each.name) for each in fields(Position)}
    return Position(**own | {"instrument": instrument, "lots": lots})


@given(accounts_outcomes())
def test_a_merged_position_is_the_one_that_its_constructor_makes(outcomes):
    for position in merged(*outcomes).positions:
        own = given_whole(position)
        assert position == own
        assert (hash(position), repr(position)) == (hash(own), repr(own))
        assert asdict(evolve(position, lots=tuple(position.lots))) == asdict(own)
        assert plain(position) == plain(own)


def unread():
    """A position of which nothing has been read yet."""
    (position,) = merged(
        read(account(CYBER), share(trade_type="NRM"), share(trade_type="CRD")), read(account(STAR), share())
    ).positions
    return position


@pytest.mark.parametrize(
    "through",
    [
        copy.copy,
        copy.deepcopy,
        lambda position: pickle.loads(pickle.dumps(position)),  # noqa: S301  # our own bytes
        evolve,
        lambda position: position,
    ],
    ids=["copy", "deepcopy", "pickle", "evolve", "itself"],
)
def test_what_was_not_read_yet_goes_everywhere_with_its_position(through):
    again = through(unread())
    assert [str(lot.trade_type) for lot in again.lots] == ["CRD", "NRM", "NRM"]
    assert again.instrument.isin == "KR7005930003"
    assert again == unread()


def test_what_was_made_once_is_kept():
    position = unread()
    assert position.lots is position.lots
    assert position.instrument.isin is position.instrument.isin


@pytest.mark.parametrize("record", [unread(), unread().instrument], ids=["position", "instrument"])
def test_a_name_that_is_none_is_refused_and_nothing_can_be_set(record):
    with pytest.raises(AttributeError, match="object has no attribute 'colour'"):
        _ = record.colour
    assert not hasattr(record, "_ipython_display_")
    with pytest.raises(AttributeError):
        record.lots = ()


def test_given_lots_are_never_made_anew():
    assert Position(instrument=Instrument(asset_class=AssetClass.EQUITY)).lots == ()


def test_the_isin_is_the_code_if_its_check_digit_holds():
    assert Instrument(asset_class=AssetClass.EQUITY, code="KR7005930003").isin == "KR7005930003"
    assert Instrument(asset_class=AssetClass.EQUITY, code="KR7005930004").isin is None
    assert Instrument(asset_class=AssetClass.FUND, code="KR7005930003").isin is None
    assert Instrument(asset_class=AssetClass.OTHER).isin is None


def test_lots_are_a_sequence_equal_to_the_tuple_of_them():
    lots, own = unread().lots, tuple(unread().lots)
    assert (lots == own, own == lots, lots == unread().lots, lots == list(own)) == (True, True, True, False)
    assert (hash(lots), repr(lots), len(lots)) == (hash(own), repr(own), 3)
    assert (lots[0], lots[1:], lots[-1] in lots, tuple(reversed(lots))) == (own[0], own[1:], True, own[::-1])
    assert type(pickle.loads(pickle.dumps(lots))) is tuple  # noqa: S301  # our own bytes


def test_lots_are_made_once_and_only_when_they_are_read():
    made = []
    lots = Lots(SimpleNamespace(lots=lambda: (made.append(1), ())[1]))
    position = Position(instrument=Instrument(asset_class=AssetClass.EQUITY), lots=lots)
    copy.copy(position)
    assert made == []
    assert (len(lots), list(lots), lots == ()) == (0, [], True)
    assert made == [1]


def test_a_funds_code_is_no_isin_when_it_is_first_read_either():
    (position,) = merged(read(account(), fund("KR7005930003", "한빛", 5))).positions
    assert position.instrument.isin is None


def test_lots_of_one_account_stand_in_one_order_whatever_order_the_rows_came_in():
    rows = [share(trade_type="NRM", value=1), share(trade_type="NRM", value=5), share(trade_type="CRD")]
    who = [account(CYBER)] * 3
    assert lots_of(rows, who) == lots_of(rows[::-1], who)
    assert [(str(lot.trade_type), lot.value) for lot in lots_of(rows, who)] == [
        ("CRD", 120),
        ("NRM", 5),
        ("NRM", 1),
    ]
