"""The token file: its mode, its directory, and that a crash or a neighbour never costs a token."""

import asyncio
import json
import logging
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import anyio
import anyio.to_thread
import pytest
from filelock import FileLock

from koscom_async import ConnectionFailedError, FileTokenStore, Token
from koscom_async.tokens import file as file_module

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
        async with store.lock("a"):
            await store.save("a", TOKEN)
            modes = {path.name: mode_of(path) for path in store.path.parent.iterdir()}
    finally:
        os.umask(previous)
    assert mode_of(store.path.parent) == 0o700
    assert modes == {"tokens.json": 0o600, "tokens.json.lock": 0o600, "tokens.json.renewing": 0o600}


@posix_only
async def test_a_file_that_others_could_read_is_theirs_no_more_after_a_save(store):
    store.path.parent.mkdir(parents=True)
    store.path.write_text("{}")
    store.path.chmod(0o644)
    await store.save("a", TOKEN)
    assert mode_of(store.path) == 0o600


def given_away(path: Path, monkeypatch) -> None:
    """Let the file be another user's."""
    if os.geteuid() == 0:
        os.chown(path, 65534, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 65534)


@posix_only
@pytest.mark.parametrize("what", ["another user's", "group", "world", "link", "directory", "pipe"])
async def test_a_file_that_ssh_would_not_believe_is_not_believed_and_not_replaced(store, monkeypatch, what):
    await store.save("a", TOKEN)
    path, kept = store.path, store.path.read_bytes()
    match what:
        case "another user's":
            given_away(path, monkeypatch)
            words = r"belongs to another user \(\d+\)"
        case "group" | "world":
            path.chmod(0o620 if what == "group" else 0o602)
            words = r"may be written to by others \(mode 06\d\d\)"
        case "link":
            path.rename(path.with_name("elsewhere"))
            path.symlink_to(path.with_name("elsewhere"))
            words = "is a link"
        case _:
            path.unlink()
            path.mkdir() if what == "directory" else os.mkfifo(path)
            words = "is not an ordinary file"
    for act in (store.load("a"), store.save("a", OTHER)):
        with anyio.fail_after(10), pytest.raises(ConnectionFailedError, match=words) as caught:
            await act
        assert (caught.value.code, "MARK" in str(caught.value)) == ("token-store", False)
        assert str(path) in str(caught.value)
    assert what in {"directory", "pipe"} or path.read_bytes() == kept


@posix_only
async def test_a_file_of_root_s_is_believed_as_ssh_believes_it(store, monkeypatch):
    await store.save("a", TOKEN)
    if os.geteuid() == 0:
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert await store.load("a") == TOKEN


@posix_only
async def test_what_others_may_read_or_replace_is_warned_of_once(store, caplog):
    await store.save("a", TOKEN)
    store.path.chmod(0o644)
    store.path.parent.chmod(0o777)
    again = FileTokenStore(store.path)
    for _ in range(30):  # as many calls as an answer takes
        assert await again.load("a") == TOKEN
    file = f"the token file {store.path} may be read by others (mode 0644): chmod 600 it"
    folder = f"the folder {store.path.parent} of the token file may be written to by others (mode 0777): chmod 700 it"
    found = [(record.levelno, record.name, record.getMessage()) for record in caplog.records]
    assert found == [(logging.WARNING, "koscom_async.tokens", words) for words in (file, folder)]
    caplog.clear()
    await again.save("a", TOKEN)
    store.path.parent.chmod(0o1777)  # as /tmp is: others cannot replace what is not theirs
    await FileTokenStore(store.path).load("a")
    assert caplog.records == []


@posix_only
async def test_a_lock_that_another_holds_ends_a_save_at_its_bound_or_at_the_caller_s_deadline(
    store, monkeypatch
):
    await store.save("a", TOKEN)
    monkeypatch.setattr(file_module, "SAVE_SECONDS", 0.05)
    monkeypatch.setattr(file_module, "RENEWAL_SECONDS", 0.05)
    with (
        FileLock(store.path.with_name("tokens.json.lock")),
        FileLock(store.path.with_name("tokens.json.renewing")),
    ):
        with (
            anyio.fail_after(10),
            pytest.raises(ConnectionFailedError, match=r"tokens\.json\.lock for 0\.05 s"),
        ):
            await store.save("a", OTHER)
        with (
            anyio.fail_after(10),
            pytest.raises(ConnectionFailedError, match=r"another process has held the lock"),
        ):
            await store.lock("a").__aenter__()
        monkeypatch.setattr(file_module, "SAVE_SECONDS", 3600)
        with anyio.move_on_after(0.05) as scope:
            await store.save("a", OTHER)
        assert scope.cancelled_caught
    assert await store.load("a") == TOKEN
    await store.save("a", OTHER)
    assert await store.load("a") == OTHER


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
from koscom_async import ConnectionFailedError, FileTokenStore, Token
from koscom_async.tokens import file as file_module

async def main():
    store = FileTokenStore(sys.argv[1])
    for number in range(10):
        await store.save(f"{sys.argv[2]}-{number}", Token(access="token"))

anyio.run(main)
"""


async def test_two_processes_lose_none_of_each_other_s_tokens(store):
    processes = [
        subprocess.Popen([sys.executable, "-c", SAVE_TEN, str(store.path), name])  # noqa: ASYNC220, S603
        for name in ("a", "b")
    ]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert len(json.loads(store.path.read_text())) == 20


async def test_one_caller_at_a_time_renews(store):
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


async def test_a_lock_is_given_back_if_its_caller_was_cancelled_while_a_thread_took_it(store, monkeypatch):
    taking, go_on, taken = Event(), Event(), Event()
    acquire = FileLock.acquire

    def slow(self, *arguments, **options):
        taking.set()
        assert go_on.wait(10)
        try:
            return acquire(self, *arguments, **options)
        finally:
            taken.set()

    async def renew():
        async with store.lock("a"):
            raise AssertionError

    monkeypatch.setattr(FileLock, "acquire", slow)
    # By the event loop's own cancelling, which does not wait for the thread, as anyio's does.
    task = asyncio.get_running_loop().create_task(renew())
    assert await anyio.to_thread.run_sync(taking.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    assert await anyio.to_thread.run_sync(taken.wait, 10)
    monkeypatch.undo()
    with anyio.fail_after(10):
        async with FileTokenStore(store.path).lock("a"):
            pass


async def test_who_waits_for_the_lock_can_be_cancelled_and_leaves_it_to_others(store):
    async with store.lock("a"):
        with anyio.move_on_after(0.2) as scope:
            async with FileTokenStore(store.path).lock("a"):
                raise AssertionError
        assert scope.cancelled_caught
    with anyio.fail_after(10):
        async with FileTokenStore(store.path).lock("a"):
            pass


def test_the_file_s_place_is_the_one_that_was_named_or_the_user_s_own(monkeypatch, tmp_path):
    monkeypatch.setenv("KOSCOM_TOKEN_FILE", str(tmp_path / "mine.json"))
    assert FileTokenStore().path == tmp_path / "mine.json"
    monkeypatch.delenv("KOSCOM_TOKEN_FILE")
    monkeypatch.setenv("XDG_CONFIG_HOME" if sys.platform != "win32" else "APPDATA", str(tmp_path))
    assert FileTokenStore().path == tmp_path / "koscom" / "tokens.json"


def test_a_file_at_its_earlier_place_is_still_found_until_there_is_a_new_one(monkeypatch, tmp_path):
    monkeypatch.delenv("KOSCOM_TOKEN_FILE", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr("platformdirs.user_config_path", lambda *_, **__: tmp_path / "Library" / "koscom")
    new, earlier = (
        tmp_path / "Library" / "koscom" / "tokens.json",
        tmp_path / ".config" / "koscom" / "tokens.json",
    )
    assert FileTokenStore().path == new
    for path, found in ((earlier, earlier), (new, new)):
        path.parent.mkdir(parents=True)
        path.write_text("{}")
        assert FileTokenStore().path == found


async def test_a_store_shows_no_token(store):
    await store.save("a", TOKEN)
    assert "MARK" not in repr(store)
