"""A fast constructor is only fast: it makes what the record's own constructor makes."""

import copy
import pickle
import weakref

import pytest
from attrs import field, fields, frozen
from hypothesis import given
from hypothesis import strategies as st

from koscom_async import Instrument, Lot, Position
from koscom_async.models._fields import constructor


@frozen(kw_only=True)
class Base:
    first: object
    hidden: object = field(default=None, repr=False, eq=False)


@frozen(kw_only=True)
class Derived(Base):
    second: object = 7


KINDS = (Base, Derived, Instrument, Lot, Position)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(values=st.lists(st.none() | st.integers() | st.text(), min_size=20, max_size=20))
def test_a_fast_record_is_the_one_that_its_own_constructor_makes(kind, values):
    names = [each.name for each in fields(kind)]
    given_values = dict(zip(names, values, strict=False))
    fast, own = constructor(kind)(*given_values.values()), kind(**given_values)
    assert type(fast) is kind
    assert fast == own
    assert hash(fast) == hash(own)
    assert [getattr(fast, name) for name in names] == [getattr(own, name) for name in names]
    for again in (copy.copy(fast), copy.deepcopy(fast), pickle.loads(pickle.dumps(fast))):  # noqa: S301  # our own bytes
        assert again == own


def test_a_fast_record_is_as_frozen_as_any():
    record = constructor(Derived)(1, None, 2)
    with pytest.raises(AttributeError):
        record.first = 3
    with pytest.raises(AttributeError):
        del record.second
    with pytest.raises(AttributeError):
        record.another = 3
    assert weakref.ref(record)() is record
