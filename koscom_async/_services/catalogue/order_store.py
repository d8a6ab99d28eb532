"""Where orders are kept before they leave, under the client's own ids: in memory, or in files that outlive a crash."""

import json
import os
from pathlib import Path
from typing import Protocol, runtime_checkable

import anyio.to_thread
from attrs import asdict

from koscom_async._files import OWNERS_FILE, OWNERS_FOLDER, replace_file
from koscom_async.errors import UsageError
from koscom_async.models.catalogue.orders import Order, checked_order_id

__all__ = ["FileOrderStore", "MemoryOrderStore", "OrderStore"]

_LONGEST = 10_000


@runtime_checkable
class OrderStore(Protocol):
    """Keeps each order that is about to be sent: what is kept under an id is never sent again under it."""

    async def keep(self, order: Order) -> bool:
        """Keep an order, and return once it is kept for good; `False` where its id is taken."""

    async def find(self, order_id: str) -> Order | None:
        """Return the order that is kept under an id."""


class MemoryOrderStore:
    """Keeps orders as long as the process lives; what was sent before a crash is then not known."""

    def __init__(self) -> None:
        self._orders: dict[str, Order] = {}

    async def keep(self, order: Order) -> bool:
        """Keep an order."""
        if order.order_id in self._orders:
            return False
        self._orders[order.order_id] = order
        return True

    async def find(self, order_id: str) -> Order | None:
        """Return an order."""
        return self._orders.get(order_id)


class FileOrderStore:
    """Keeps each order in a file of its own, for the owner's eyes only, in a folder that processes may share."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.folder}>"

    async def keep(self, order: Order) -> bool:
        """Keep an order; it is on the disk when this returns. Raises `OSError` where it cannot be written."""
        return await anyio.to_thread.run_sync(self._keep, order)

    async def find(self, order_id: str) -> Order | None:
        """Return an order; raise `UsageError` for a file that holds none."""
        return await anyio.to_thread.run_sync(self._find, order_id)

    def _keep(self, order: Order) -> bool:
        self.folder.mkdir(mode=OWNERS_FOLDER, parents=True, exist_ok=True)
        path = self._path(order.order_id)
        try:  # one process makes the file, whatever others do at the same time
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNERS_FILE))
        except FileExistsError:
            return False
        kept = asdict(order, value_serializer=lambda _, __, value: None if value is None else str(value))
        replace_file(path, json.dumps(kept).encode(), mode=OWNERS_FILE)
        return True

    def _find(self, order_id: str) -> Order | None:
        try:
            with self._path(order_id).open("rb") as file:
                return Order(**json.loads(file.read(_LONGEST)))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, UsageError):
            pass
        # Out here, as the error above may hold the account's number.
        raise UsageError(f"what is kept of the order {order_id} cannot be read")

    def _path(self, order_id: str) -> Path:
        return self.folder / f"{checked_order_id(order_id)}.json"
