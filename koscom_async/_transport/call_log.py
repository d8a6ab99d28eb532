"""What an operation took, written down while it runs; a `Trace` is its frozen copy."""

from attrs import define, field

from koscom_async.models.outcome import Trace


@define
class CallLog:
    """The gateway and the services write here; one log belongs to one account's question."""

    started: float = 0.0
    calls: int = 0
    retries: int = 0
    pages: int = 0
    seconds_waited: float = 0.0
    notes: dict[str, None] = field(factory=dict)  # a set that keeps its order

    def note(self, *words: str) -> None:
        """Remember what was tolerated, or which way was taken; each thing once."""
        self.notes.update(dict.fromkeys(words))

    def frozen(self, now: float) -> Trace:
        """Return what was written so far."""
        return Trace(
            calls=self.calls,
            retries=self.retries,
            pages=self.pages,
            seconds_waited=round(self.seconds_waited, 6),
            seconds=round(now - self.started, 6),
            notes=tuple(self.notes),
        )
