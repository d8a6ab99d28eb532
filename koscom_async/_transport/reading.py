"""Reads an answer's body: the JSON, then what the call makes of it. Between slices of a large one, other tasks run.

What the JSON and its rows mean is not decided here.
"""

from typing import Protocol, TypeVar

from koscom_async._cooperative import SLICE_LENGTH, Cooperative, run_cooperatively, steps_of
from koscom_async._transport.connections import is_fast
from koscom_async._wire.endpoints import Call
from koscom_async._wire.json import core as core_json
from koscom_async.errors import KoscomError, MalformedResponseError
from koscom_async.settings import Backend

Answer = TypeVar("Answer")


class Json(Protocol):
    """Reads and writes JSON with exact numbers; `core` and `fast` differ in nothing but speed."""

    def write_json(self, document: object) -> bytes:
        """Return the bytes of a document that JSON can hold."""

    def read_json(self, body: bytes) -> object:
        """Return the document in a body, or raise a `MalformedResponseError`."""

    def json_steps(self, body: bytes) -> Cooperative[object]:
        """Read it in steps, with stops between the slices of a large one."""


def json_of(backend: Backend) -> Json:
    """Return the reader and writer for a backend, as the settings and what is installed decide."""
    if not is_fast(backend):
        return core_json
    from koscom_async._wire.json import fast as fast_json

    return fast_json


class BodyReader:
    """Reads the bodies of answers."""

    def __init__(self, backend: Backend) -> None:
        self.json = json_of(backend)

    async def read_answer(self, call: Call[Answer], body: bytes) -> Answer:
        """Return what a call makes of a successful answer, or raise a `KoscomError`."""
        document = await self._document(body)
        try:
            if len(body) <= SLICE_LENGTH:
                return call.read(document)
            return await run_cooperatively(steps_of(call.read, document), hold=0.0)
        except KoscomError:
            raise
        except Exception as error:  # the last net: an answer, however odd, raises a `KoscomError`
            raise MalformedResponseError(f"the answer could not be read ({type(error).__name__})") from None

    async def read_refusal(self, body: bytes) -> object:
        """Return the JSON of a refusal, or `None` where it is not JSON."""
        try:
            return await self._document(body)
        except MalformedResponseError:
            return None

    async def _document(self, body: bytes) -> object:
        if len(body) <= SLICE_LENGTH:
            return self.json.read_json(body)
        return await run_cooperatively(self.json.json_steps(body), hold=0.0)
