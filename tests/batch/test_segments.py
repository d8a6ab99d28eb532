"""What a run hands to a sink, and what of a sink it uses."""

import pickle

from koscom_async import batch
from koscom_async.batch import Entry, Segment
from koscom_async.batch.segments import fingerprint_of, open_sink
from koscom_async.errors import UsageError

SEGMENT = Segment(run="a1", number=3, entries=(Entry(key="kim", error=UsageError("no accounts"), calls=2),))


class Plain:
    """A sink of the caller's own, with no more than is asked for."""

    def has(self, segment):
        return False

    def commit(self, segment):
        return None


class Careful(Plain):
    fingerprint = "careful 1"
    run = None

    def open(self, run):
        self.run = run


def test_the_package_has_these_names():
    for name in batch.__all__:
        assert getattr(batch, name).__name__ == name


def test_a_segment_travels_and_compares():
    assert pickle.loads(pickle.dumps(SEGMENT)) == SEGMENT  # noqa: S301  # what was pickled a moment ago
    assert not SEGMENT.entries[0].complete


def test_a_sink_needs_two_methods_and_may_have_more():
    open_sink(Plain(), "a1")
    assert fingerprint_of(Plain()) == f"{__name__}.Plain"
    careful = Careful()
    open_sink(careful, "a1")
    assert (careful.run, fingerprint_of(careful)) == ("a1", "careful 1")
