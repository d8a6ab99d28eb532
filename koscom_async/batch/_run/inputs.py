"""What a caller gives a run: investors, which are taken as there is room, and options, which are checked at once."""

import os
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeGuard, cast

import anyio
from attrs import field, frozen

from koscom_async._services.operation import LONGEST_SECONDS
from koscom_async._services.tasks import Notifier
from koscom_async.batch.report import BatchProgress
from koscom_async.errors import KoscomError, UsageError, kept
from koscom_async.models.holdings import Holdings
from koscom_async.models.investor import Investor

LONGEST_KEY = 500
Investors = Iterable[tuple[str, Investor]] | AsyncIterable[tuple[str, Investor]]
_ADVICE = "pass an iterable, asynchronous or not, of (key, Investor), such as read_investors(path)"

OnProgress = Callable[[BatchProgress], object]


def check_count(name: str, value: object) -> None:
    """Raise a `UsageError` for what is no whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UsageError(f"{name} must be a whole number of at least 1, got {value!r}")


def checkpoint_path(checkpoint: Any) -> Path | None:
    """Return the checkpoint's path; raise `UsageError` for what is none."""
    if checkpoint is None:
        return None
    if not isinstance(checkpoint, str | os.PathLike) or not os.fspath(checkpoint):
        raise UsageError(f"checkpoint must be a path, got {type(checkpoint).__name__}")
    path = Path(os.fspath(checkpoint))
    if not path.name or "\0" in str(path):
        raise UsageError("checkpoint must be the path of a file", advice="such as out/2026-11-27.checkpoint")
    return path


def _count(_: object, attribute: Any, value: Any) -> None:
    check_count(attribute.name, value)


def _seconds(_: object, attribute: Any, value: Any) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if value is not None and not (is_number and 0 < value <= LONGEST_SECONDS):
        raise UsageError(
            f"{attribute.name} must be a number of seconds above 0, at most {LONGEST_SECONDS:g}, or None, got {value!r}"
        )


@frozen(kw_only=True)
class Options:
    """What a run may be given beside its parts; `goes_on` says that what is not written now can be later.

    `earlier` is what another run read of an investor, by key.
    """

    accounts_open: int = field(validator=_count)
    attempts: int = field(validator=_count)
    patience: float | None = field(validator=_seconds)
    segment_size: int = field(default=1, validator=_count)
    on_progress: OnProgress | None = None
    goes_on: bool = False
    earlier: Mapping[str, Holdings] = field(factory=dict)


class Source:
    """Takes investors from an iterable; what it raises is kept as `failure`, and ends it.

    `total` is its length, `None` where it has none; `taken` so many came.
    """

    def __init__(self, investors: Investors) -> None:
        self.is_dry = False
        self.failure: KoscomError | None = None
        self.taken = 0
        self.total = _length(investors)
        self._steps: AsyncIterator[object] | None = None
        self._wanted = anyio.Event()
        self._ready: list[tuple[str, Investor]] = []
        self._items: Iterator[object] = iter(())
        if isinstance(investors, AsyncIterable):
            self._steps = aiter(investors)
        elif isinstance(investors, Iterable):
            self._items = iter(investors)
        else:
            raise UsageError(f"investors are no iterable but {type(investors).__name__}", advice=_ADVICE)

    async def feed(self, changed: Notifier) -> None:
        """Take each investor whom an asynchronous source is asked for, so that a run goes on while the source waits."""
        while self._steps is not None and not self.is_dry:
            await self._wanted.wait()
            self._ready = await self.take(1)
            self._wanted = anyio.Event()
            changed.announce()

    async def take_ready(self, most: int) -> list[tuple[str, Investor]]:
        """Return the next investors, at most so many; of an asynchronous source one that came, or none so far."""
        if self._steps is None:
            return await self.take(most)
        ready, self._ready = self._ready, []
        if not ready:
            self._wanted.set()
        return ready

    async def take(self, most: int) -> list[tuple[str, Investor]]:
        """Return the next investors, at most so many; of an asynchronous source, which may wait, the next one."""
        found: list[tuple[str, Investor]] = []
        while not self.is_dry and len(found) < (most if self._steps is None else 1):
            try:
                item = next(self._items) if self._steps is None else await anext(self._steps)
                found.append(_checked(item, self.taken))
            except (StopIteration, StopAsyncIteration):
                self.is_dry = True
            except Exception as error:
                self.is_dry = True
                self.failure = _failed(error, self.taken)
            else:
                self.taken += 1
        return found


def _length(investors: object) -> int | None:
    try:
        return len(investors)  # type: ignore[arg-type]  # a generator has none
    except TypeError:
        return None


def _failed(error: Exception, taken: int) -> KoscomError:
    if isinstance(error, KoscomError):
        return kept(error)
    failure = UsageError(
        f"the source of investors failed after {taken:,} of them ({type(error).__name__})",
        code="source",
        advice="see the error's cause; the next run with the same checkpoint goes on",
    )
    failure.__cause__ = kept(error)
    return failure


def is_key(key: object) -> TypeGuard[str]:
    """Whether it can name an investor."""
    return isinstance(key, str) and bool(key.strip()) and len(key) <= LONGEST_KEY and key.isprintable()


def _checked(item: object, number: int) -> tuple[str, Investor]:
    """Return an investor and their key, or raise a `UsageError` that shows neither."""
    where = f"item {number + 1:,} of the investors"
    pair = cast("tuple[object, ...]", item) if isinstance(item, tuple | list) else ()
    if len(pair) != 2:
        raise UsageError(f"{where} is no pair of a key and an Investor", advice=_ADVICE)
    key, investor = pair
    if not isinstance(investor, Investor):
        raise UsageError(f"{where} has no Investor but {type(investor).__name__}", advice=_ADVICE)
    if not is_key(key):
        raise UsageError(
            f"{where} has no key: a printable text of at most {LONGEST_KEY} characters", advice=_ADVICE
        )
    if any(secret in key for secret in investor.secrets):
        raise UsageError(
            f"the key of {where.removeprefix('item ')} holds a secret of the investor",
            advice="use a name of your own, such as a customer's number: keys are written into files",
        )
    return key, investor
