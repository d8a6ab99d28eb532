"""Reads an answer's body: the text, then what the call makes of it, and lets others run between slices of a large one.

What the text and the rows mean is `_wire`'s work.
"""

from contextlib import closing
from typing import Protocol, TypeVar

import anyio.lowlevel

from koscom_async._transport.backend import is_fast
from koscom_async._wire import exact_json
from koscom_async._wire.call import Call
from koscom_async._wire.slices import SLICE_LENGTH, Steps, steps_of
from koscom_async.errors import KoscomError, MalformedResponseError
from koscom_async.settings import Backend

Answer = TypeVar("Answer")
Result = TypeVar("Result")


class JsonReader(Protocol):
    """Reads JSON, exactly; `exact_json` and `quick_json` differ in nothing but speed."""

    def read_json(self, body: bytes) -> object:
        """Return the document in a body, or raise a `MalformedResponseError`."""

    def json_steps(self, body: bytes) -> Steps[object]:
        """Do so in steps, with stops between the slices of a large one."""


class BodyReader:
    """Reads the bodies of answers, with what the settings say and what is installed."""

    def __init__(self, backend: Backend) -> None:
        self.json: JsonReader = exact_json
        if is_fast(backend):
            from koscom_async._wire import quick_json  # noqa: PLC0415  # it imports msgspec, which is optional

            self.json = quick_json

    async def read_answer(self, call: Call[Answer], body: bytes) -> Answer:
        """Return what a call makes of a successful answer, or raise an error of ours."""
        document = await self._document(body)
        try:
            if len(body) <= SLICE_LENGTH:
                return call.read(document)
            return await _paced(steps_of(call.read, document))
        except KoscomError:
            raise
        except Exception as error:  # noqa: BLE001  # the last net: no answer, however odd, raises what is not ours
            raise MalformedResponseError(f"the answer could not be read ({type(error).__name__})") from None

    async def read_refusal(self, body: bytes) -> object:
        """Return the document of an answer that refuses, or `None` where it is none."""
        try:
            return await self._document(body)
        except MalformedResponseError:
            return None

    async def _document(self, body: bytes) -> object:
        if len(body) <= SLICE_LENGTH:
            return self.json.read_json(body)
        return await _paced(self.json.json_steps(body))


async def _paced(steps: Steps[Result]) -> Result:
    with closing(steps):
        while True:
            try:
                next(steps)
            except StopIteration as end:
                result: Result = end.value
                return result
            await anyio.lowlevel.checkpoint()
