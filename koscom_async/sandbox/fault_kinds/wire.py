"""Faults of the bytes: bodies that drip, break off, lie about their length, or are far too large."""

import zlib
from collections.abc import Iterator
from functools import cache
from itertools import chain, repeat
from typing import ClassVar

from attrs import evolve

from koscom_async.sandbox.delivery import End, Pause, Step, head
from koscom_async.sandbox.fault_kinds.kind import FaultKind, is_count, is_seconds
from koscom_async.sandbox.reply import Reply

DRIP_SECONDS = 1.0
TOO_MANY = 100
MEGABYTE = 2**20
BLOCK = b" " * 2**16


class Empty(FaultKind):
    """No body."""

    def corrupt(self, reply: Reply) -> Reply:
        return evolve(reply, body=b"")


class Truncated(FaultKind):
    """Half a document, as HTTP wants it."""

    def corrupt(self, reply: Reply) -> Reply:
        return evolve(reply, body=reply.body[: len(reply.body) // 2])


class _OddlySent(FaultKind):
    """An answer that leaves HTTP's ways: each kind gives the steps in which it is sent."""

    def corrupt(self, reply: Reply) -> Reply:
        """Have the answer sent step by step."""
        return evolve(reply, steps=self.steps)

    def steps(self, reply: Reply) -> Iterator[Step]:
        """Return what comes over the wire."""
        raise NotImplementedError


class Silent(_OddlySent):
    """The connection stays open, and not a byte comes."""

    def steps(self, reply: Reply) -> Iterator[Step]:
        yield End.HANG


class HalfClosed(_OddlySent):
    """Half a body, and the gateway's side of the connection is closed."""

    def steps(self, reply: Reply) -> Iterator[Step]:
        yield head(reply, Content_Length=len(reply.body)) + reply.body[: len(reply.body) // 2]
        yield End.HALF_CLOSE


class Drip(_OddlySent):
    """One byte a second, or after each number of seconds that follows the colon."""

    @classmethod
    def accepts(cls, argument: str) -> bool:
        return is_seconds(argument)

    def steps(self, reply: Reply) -> Iterator[Step]:
        pause = Pause(float(self.argument or DRIP_SECONDS))
        yield head(reply, Content_Length=len(reply.body))
        for byte in reply.body:
            yield bytes([byte])
            yield pause
        yield End.CLOSE


class LengthLong(_OddlySent):
    """`Content-Length` promises more than ever comes."""

    def steps(self, reply: Reply) -> Iterator[Step]:
        yield head(reply, Content_Length=len(reply.body) + TOO_MANY) + reply.body
        yield End.HANG


class LengthShort(_OddlySent):
    """`Content-Length` is half of what comes; the rest would be the next answer's beginning."""

    def steps(self, reply: Reply) -> Iterator[Step]:
        yield head(reply, Content_Length=len(reply.body) // 2) + reply.body
        yield End.CLOSE


class ChunkedGarbage(_OddlySent):
    """Chunks whose sizes are no numbers."""

    def steps(self, reply: Reply) -> Iterator[Step]:
        yield (
            head(reply, Transfer_Encoding="chunked") + b"5\r\n" + reply.body[:5] + b"\r\nxyz\r\n" + reply.body
        )
        yield End.CLOSE


class Closes(_OddlySent):
    """A whole answer, as if the connection stayed; then it is closed, or the seconds that follow the colon later."""

    @classmethod
    def accepts(cls, argument: str) -> bool:
        return is_seconds(argument)

    def steps(self, reply: Reply) -> Iterator[Step]:
        yield head(reply, Content_Length=len(reply.body)) + reply.body
        yield Pause(float(self.argument or 0))
        yield End.CLOSE


class Forgets(FaultKind):
    """A balancer that forgets connections: over one that carried an answer before, a call is answered by a reset."""

    def corrupt(self, reply: Reply) -> Reply:
        return evolve(reply, needs_new_connection=True)


class _Large(_OddlySent):
    default: ClassVar[int]

    @classmethod
    def accepts(cls, argument: str) -> bool:
        """Whether it is a number of megabytes."""
        return is_count(argument)

    @property
    def megabytes(self) -> int:
        """How large the body is, once it is unpacked."""
        return int(self.argument or self.default)


class Huge(_Large):
    """A body of 100 megabytes, or as many as follow the colon; its length is not announced."""

    default = 100

    def steps(self, reply: Reply) -> Iterator[Step]:
        blocks = repeat(BLOCK, self.megabytes * MEGABYTE // len(BLOCK))
        return chain([head(reply, Connection="close")], blocks, [reply.body, End.CLOSE])


class GzipBomb(_Large):
    """A gigabyte, or as many megabytes as follow the colon, packed into a thousandth."""

    default = 1024

    def steps(self, reply: Reply) -> Iterator[Step]:
        first, more = _packed_megabytes()
        yield head(reply, Content_Encoding="gzip", Connection="close") + first
        yield from repeat(more, self.megabytes - 1)
        yield End.CLOSE


@cache
def _packed_megabytes() -> tuple[bytes, bytes]:
    """Return the first megabyte, and one that can follow as often as wanted, since each begins anew."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    blank = bytes(MEGABYTE)
    first, more = (packer.compress(blank) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return first, more


class EucKr(FaultKind):
    """Korean text in EUC-KR, as the media type says."""

    def corrupt(self, reply: Reply) -> Reply:
        body = reply.body.decode().encode("cp949")
        return evolve(reply, body=body, media_type="application/json; charset=euc-kr")


class OddCoding(FaultKind):
    """`Content-Encoding: utf-8`, which is no coding: the body is as it would be without."""

    def corrupt(self, reply: Reply) -> Reply:
        return reply.with_headers({"Content-Encoding": "utf-8"})
