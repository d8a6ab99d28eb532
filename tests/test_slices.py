"""Work in slices: the same result at once and in turns, and other tasks run when the loop has been held long enough."""

import anyio
import pytest

from koscom_async._cooperative import HOLD_SECONDS, batched, run_cooperatively, run_now


def counting(log, slices=6):
    """Work that takes so many slices, and says when it is dropped."""
    try:
        for number in range(slices):
            log.append(number)
            yield
    except GeneratorExit:
        log.append("dropped")
        raise
    return sum(range(slices))


class Clock:
    """Each look at it is later by as much as a slice takes."""

    def __init__(self, seconds):
        self.seconds, self.time = seconds, 0.0

    def __call__(self):
        self.time += self.seconds
        return self.time


@pytest.mark.parametrize(
    ("count", "parts"), [(2, [(1, 2), (3, 4), (5,)]), (5, [(1, 2, 3, 4, 5)]), (9, [(1, 2, 3, 4, 5)])]
)
def test_items_come_so_many_at_a_time(count, parts):
    assert list(batched((1, 2, 3, 4, 5), count=count)) == parts
    assert list(batched((), count=count)) == []


def test_at_once_runs_every_slice_and_returns_the_result():
    log = []
    assert run_now(counting(log)) == 15
    assert log == [0, 1, 2, 3, 4, 5]


async def run_beside(log, seconds):
    """Run the work while another task notes each of its turns."""

    async def other():
        while True:
            log.append("other")
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as group:
        group.start_soon(other)
        result = await run_cooperatively(counting(log), now=Clock(seconds))
        group.cancel_scope.cancel()
    return result


async def test_work_that_is_soon_done_keeps_the_loop():
    log = []
    assert await run_beside(log, HOLD_SECONDS / 100) == 15
    assert [each for each in log if each != "other"] == [0, 1, 2, 3, 4, 5]
    assert log[:6] == [0, 1, 2, 3, 4, 5]


async def test_other_tasks_run_each_time_that_the_loop_was_held_long_enough():
    log = []
    assert await run_beside(log, HOLD_SECONDS * 0.6) == 15
    places = [log.index(number) for number in range(6)]
    assert "other" not in log[places[0] : places[1]]
    for first, second in ((1, 2), (3, 4)):
        assert "other" in log[places[first] : places[second]]


async def test_work_that_is_cancelled_in_between_is_dropped():
    log = []
    with anyio.CancelScope() as scope:
        scope.cancel()
        await run_cooperatively(counting(log), now=Clock(HOLD_SECONDS))
    assert scope.cancelled_caught
    assert log == [0, "dropped"]


async def test_an_error_of_the_work_is_raised_as_it_is():
    def broken():
        yield
        raise KeyError("of the work")

    with pytest.raises(KeyError, match="of the work"):
        await run_cooperatively(broken())
    with pytest.raises(KeyError, match="of the work"):
        run_now(broken())
