"""Reads an answer's body: the text, then what the call makes of it, and lets others run between slices of a large one.

What the text and the rows mean is `_wire`'s work.
"""

from typing import Protocol, TypeVar

from koscom_async._cooperative import SLICE_LENGTH, Cooperative, run_cooperatively, steps_of
from koscom_async._transport.connections import is_fast
from koscom_async._wire.endpoints import Call
from koscom_async._wire.json import core as exact_json
from koscom_async.errors import KoscomError, MalformedResponseError
from koscom_async.settings import Backend

Answer = TypeVar("Answer")


class Json(Protocol):
    """Reads and writes JSON, exactly; `exact_json` and `quick_json` differ in nothing but speed."""

    def write_json(self, document: object) -> bytes:
        """Return the bytes of a document that JSON can hold."""

    def read_json(self, body: bytes) -> object:
        """Return the document in a body, or raise a `MalformedResponseError`."""

    def json_steps(self, body: bytes) -> Cooperative[object]:
        """Do so in steps, with stops between the slices of a large one."""


def json_of(backend: Backend) -> Json:
    """Return what the settings say, and what is installed, for reading and writing."""
    if not is_fast(backend):
        return exact_json
    from koscom_async._wire.json import fast as quick_json  # noqa: PLC0415  # an extra

    return quick_json


class BodyReader:
    """Reads the bodies of answers."""

    def __init__(self, backend: Backend) -> None:
        self.json = json_of(backend)

    async def read_answer(self, call: Call[Answer], body: bytes) -> Answer:
        """Return what a call makes of a successful answer, or raise an error of ours."""
        document = await self._document(body)
        try:
            if len(body) <= SLICE_LENGTH:
                return call.read(document)
            return await run_cooperatively(steps_of(call.read, document), hold=0.0)
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
        return await run_cooperatively(self.json.json_steps(body), hold=0.0)
