"""The token file: its mode, its directory, and that a crash or a neighbour never costs a token."""

import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest

from koscom_async import FileTokenStore, Token
from koscom_async.tokens.file_lock import FileLock

TOKEN = Token(access="ACCESS-MARK", refresh="REFRESH-MARK", expires_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC))
OTHER = Token(access="OTHER-MARK")

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="modes and file locks are POSIX's")


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def store(tmp_path: Path) -> FileTokenStore:
    return FileTokenStore(tmp_path / "configuration" / "koscom" / "tokens.json")


async def test_what_was_saved_is_loaded_also_by_another_store(store):
    await store.save("a", TOKEN)
    await store.save("b", OTHER)
    again = FileTokenStore(store.path)
    assert (await again.load("a"), await again.load("b"), await again.load("c")) == (TOKEN, OTHER, None)


async def test_where_there_is_no_file_there_is_no_token_and_none_is_made(store):
    assert await store.load("a") is None
    assert not store.path.parent.exists()


@posix_only
async def test_only_the_owner_may_read_the_file_and_look_into_its_directory(store):
    previous = os.umask(0)
    try:
        await store.save("a", TOKEN)
        async with store.lock("a"):
            pass
    finally:
        os.umask(previous)
    assert mode_of(store.path.parent) == 0o700
    assert {path.name: mode_of(path) for path in store.path.parent.iterdir()} == {
        "tokens.json": 0o600,
        "tokens.json.lock": 0o600,
        "tokens.json.renewing": 0o600,
    }


@posix_only
async def test_a_file_that_others_could_read_is_theirs_no_more_after_a_save(store):
    store.path.parent.mkdir(parents=True)
    store.path.write_text("{}")
    store.path.chmod(0o644)
    await store.save("a", TOKEN)
    assert mode_of(store.path) == 0o600


@pytest.mark.parametrize("step", ["fsync", "replace"])
async def test_a_crash_half_way_leaves_the_old_file_whole_and_nothing_beside_it(store, monkeypatch, step):
    await store.save("a", TOKEN)

    def crash(*_):
        raise OSError("no space left on device")

    if step == "fsync":
        monkeypatch.setattr(os, "fsync", crash)
    else:
        monkeypatch.setattr(Path, "replace", crash)
    with pytest.raises(OSError, match="no space"):
        await store.save("a", OTHER)
    monkeypatch.undo()
    assert await store.load("a") == TOKEN
    assert sorted(path.name for path in store.path.parent.iterdir()) == ["tokens.json", "tokens.json.lock"]


async def test_the_new_file_is_on_the_disk_before_it_takes_the_old_one_s_place(store, monkeypatch):
    steps = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda descriptor: (steps.append("fsync"), fsync(descriptor))[1])
    monkeypatch.setattr(Path, "replace", lambda old, new: (steps.append("replace"), replace(old, new))[1])
    await store.save("a", TOKEN)
    assert steps[:2] == ["fsync", "replace"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff", b'{"a": 1}', b'{"a": {}}', b'{"a": {"access": "x y"}}', b'{"a": {"access": null}}',
     b'{"a": {"access": "x", "expires_at": "soon"}}', b'{"a": {"access": "x", "expires_at": "2026-01-01"}}'],
)  # fmt: skip
async def test_what_is_no_token_counts_as_none_and_is_replaced_by_the_next_one(store, content):
    store.path.parent.mkdir(parents=True)
    store.path.write_bytes(content)
    assert await store.load("a") is None
    await store.save("a", TOKEN)
    assert await store.load("a") == TOKEN


async def test_tokens_that_are_saved_at_once_are_all_kept(store):
    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(store.save, f"key-{number}", Token(access=f"token-{number}"))
    assert len(json.loads(store.path.read_text())) == 20


SAVE_TEN = """
import sys, anyio
from koscom_async import FileTokenStore, Token

async def main():
    store = FileTokenStore(sys.argv[1])
    for number in range(10):
        await store.save(f"{sys.argv[2]}-{number}", Token(access="token"))

anyio.run(main)
"""


@posix_only
async def test_two_processes_lose_none_of_each_other_s_tokens(store):
    processes = [
        subprocess.Popen([sys.executable, "-c", SAVE_TEN, str(store.path), name])  # noqa: ASYNC220, S603
        for name in ("a", "b")
    ]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert len(json.loads(store.path.read_text())) == 20


@posix_only
async def test_whoever_renews_does_it_alone(store):
    entered, inside = [], anyio.Event()

    async def second():
        async with FileTokenStore(store.path).lock("a"):
            entered.append("second")

    async with anyio.create_task_group() as group, store.lock("a"):
        group.start_soon(second)
        for _ in range(30):
            await anyio.lowlevel.checkpoint()
        entered.append("first")
        inside.set()
    assert entered == ["first", "second"]


@posix_only
def test_a_lock_whose_taker_has_gone_is_not_taken_for_nobody(tmp_path):
    given_up, other = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    given_up.release()
    assert given_up.acquire(wait=False) is False
    assert other.acquire(wait=False) is True
    assert FileLock(tmp_path / "lock").acquire(wait=False) is False
    other.release()


def test_the_file_s_place_is_the_one_that_was_named_or_the_user_s_own(monkeypatch, tmp_path):
    monkeypatch.setenv("KOSCOM_TOKEN_FILE", str(tmp_path / "mine.json"))
    assert FileTokenStore().path == tmp_path / "mine.json"
    monkeypatch.delenv("KOSCOM_TOKEN_FILE")
    monkeypatch.setenv("XDG_CONFIG_HOME" if sys.platform != "win32" else "APPDATA", str(tmp_path))
    assert FileTokenStore().path == tmp_path / "koscom" / "tokens.json"


async def test_a_store_shows_no_token(store):
    await store.save("a", TOKEN)
    assert "MARK" not in repr(store)
