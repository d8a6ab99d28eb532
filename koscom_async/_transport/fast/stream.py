"""The body of an answer as httpx wants to read it: all that is there, at each step."""

from typing import Self

import httpx

from koscom_async._transport.fast.answer import Answer
from koscom_async._transport.fast.connection import Connection


class BodyStream(httpx.AsyncByteStream):
    """An iterator by hand: a generator that is left early would be closed in a task of the event loop's own."""

    def __init__(
        self, connection: Connection, answer: Answer, *, read: float | None, write: float | None
    ) -> None:
        self._connection = connection
        self._answer = answer
        self._read = read
        self._write = write

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        piece = await self._connection.body_piece(self._answer, read=self._read, write=self._write)
        if not piece:
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        """Close the connection, unless the answer is there to its end."""
        self._connection.abandon(self._answer)
