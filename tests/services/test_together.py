"""Several calls at once: answers in the order of the calls, or the first failure as it is."""

import anyio
import pytest

from koscom_async import UsageError
from koscom_async._services.tasks import gather


async def test_answers_stand_in_the_order_of_the_questions_whatever_comes_first():
    second_is_done = anyio.Event()

    async def first():
        await second_is_done.wait()
        return 1

    async def second():
        second_is_done.set()
        return 2

    assert await gather([first, second]) == [1, 2]


async def test_no_questions_have_no_answers():
    assert await gather([]) == []


@pytest.mark.parametrize("error", [UsageError("ours"), ZeroDivisionError("theirs")])
async def test_the_first_failure_ends_the_rest_and_comes_up_bare(error):
    ended = []

    async def waits():
        try:
            await anyio.Event().wait()
        finally:
            ended.append("waits")

    async def fails():
        raise error

    with pytest.raises(type(error)) as caught:
        await gather([waits, fails, waits])
    assert caught.value is error
    assert ended == ["waits", "waits"]


async def test_cancellation_from_without_is_not_taken_for_an_answer():
    async def waits():
        await anyio.Event().wait()

    with anyio.CancelScope() as scope:
        scope.cancel()
        await gather([waits, waits])
    assert scope.cancelled_caught is True
