"""Reads an answer's body: the text, then what the call makes of it, and lets others run between slices of a large one.

What the text and the rows mean is `_wire`'s work.
"""

from contextlib import closing
from typing import TypeVar

import anyio.lowlevel

from koscom_async._wire import exact_json
from koscom_async._wire.call import Call
from koscom_async._wire.slices import SLICE_LENGTH, Steps, steps_of
from koscom_async.errors import KoscomError, MalformedResponseError

Answer = TypeVar("Answer")
Result = TypeVar("Result")


async def read_answer(call: Call[Answer], body: bytes) -> Answer:
    """Return what a call makes of a successful answer, or raise an error of ours."""
    document = await _document(body)
    try:
        if len(body) <= SLICE_LENGTH:
            return call.read(document)
        return await _paced(steps_of(call.read, document))
    except KoscomError:
        raise
    except Exception as error:  # noqa: BLE001  # the last net: no answer, however odd, raises what is not ours
        raise MalformedResponseError(f"the answer could not be read ({type(error).__name__})") from None


async def read_refusal_document(body: bytes) -> object:
    """Return the document of an answer that refuses, or `None` where it is none."""
    try:
        return await _document(body)
    except MalformedResponseError:
        return None


async def _document(body: bytes) -> object:
    if len(body) <= SLICE_LENGTH:
        return exact_json.read_json(body)
    return await _paced(exact_json.json_steps(body))


async def _paced(steps: Steps[Result]) -> Result:
    with closing(steps):
        while True:
            try:
                next(steps)
            except StopIteration as end:
                result: Result = end.value
                return result
            await anyio.lowlevel.checkpoint()
