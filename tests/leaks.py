"""What an operation may not leave behind: tasks, connections, file descriptors, slots of the limiter."""

import asyncio
from pathlib import Path

from koscom_async import Koscom
from koscom_async._http.transport import PooledTransport
from koscom_async._transport.backend import HttpxPools
from tests.fake_time import settled

DESCRIPTORS = next(filter(Path.exists, map(Path, ("/proc/self/fd", "/dev/fd"))))


def open_descriptors() -> int:
    """Count this process's open files and sockets, the one that counts left out."""
    return len(list(DESCRIPTORS.iterdir())) - 1


def other_tasks() -> set[asyncio.Task]:
    return asyncio.all_tasks() - {asyncio.current_task()}


def held_slots(koscom: Koscom) -> dict[str, int]:
    """Return what the limiter has given out and not got back, by broker and in total; waiting queues count, too."""
    bulkhead = koscom._gateway.limiter.bulkhead
    held = {"total": bulkhead.in_flight(), "waiting": len(bulkhead._waiting)}
    for broker, calls in bulkhead._brokers.items():
        line = calls.line
        held[broker] = calls.slots.taken + calls.has_slot + calls.is_asking + line.waiting
        held[f"owed by {broker}"] = round(line.owed + line.expected, 6)
    return {name: count for name, count in held.items() if count}


def busy_connections(koscom: Koscom) -> list[str]:
    """Return the connections that are neither idle nor closed, or not given back."""
    transport = koscom._gateway.sender.transport
    if not isinstance(transport, PooledTransport | HttpxPools):
        return []
    wrong = [f"{transport.busy} connections carry a call"] if transport.busy else []
    if isinstance(transport, HttpxPools):
        return wrong
    if transport._dialler._under_way:
        wrong.append("a connection is being opened")
    if len(transport._open) != len(transport._idle):
        wrong.append(f"{len(transport._open)} connections are open, {len(transport._idle)} of them idle")
    return wrong


async def assert_nothing_left(koscom: Koscom, tasks_before: set[asyncio.Task]) -> None:
    """Give what was cancelled the turns that it needs, and then find nothing."""
    await settled()
    assert other_tasks() <= tasks_before
    assert held_slots(koscom) == {}
    assert busy_connections(koscom) == []
    assert {each.in_flight for each in koscom.statistics().brokers} <= {0}
    assert {each.breaker for each in koscom.statistics().brokers} <= {"closed", "open"}
