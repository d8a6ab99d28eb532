"""`koscom.ask`: any operation of the catalogue by name. Its types stand in the stub beside it, which is generated."""

from typing import Any

from koscom_async._services.catalogue.asker import Asker
from koscom_async._wire.catalogue.arguments import Values
from koscom_async.models.catalogue.answer import Answer
from koscom_async.models.catalogue.operation import Operation
from koscom_async.models.investor import Investor


class Ask:
    """Asks an operation of the catalogue by its name, with its arguments by name.

    `await koscom.ask("market.stocks.shortsell", issue="005930", since=date(2026, 1, 2))`. `koscom.operations` has every
    operation, with what it takes and gives. Arguments are checked before a call is spent; a range that is longer than
    one call holds is asked in parts, at once; limits, retries, breaker, quota and `deadline` (seconds) hold as for
    every other call. Days and times are Korean. An operation of a catalogue of your own is given as
    `koscom.operations[name]`.
    Raises `UsageError` for a name or an argument that is none, `UndocumentedServiceError` for an operation that no
    public document describes, `NotYetAvailableError` where the platform has today's data later, and otherwise as the
    typed methods do.
    """

    def __init__(self, asker: Asker) -> None:
        self._asker = asker

    async def __call__(
        self,
        operation: str | Operation,
        *,
        investor: Investor | None = None,
        deadline: float | None = None,
        **arguments: Any,
    ) -> Answer:
        """Return the operation's answer."""
        given = Values(arguments)
        del arguments  # a frame shows what it holds
        return await self._asker.ask(operation, given, investor=investor, deadline=deadline)
