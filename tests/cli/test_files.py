"""What is written is there whole or not at all; what is saved is the user's alone, and loses nothing."""

import os
import stat
from pathlib import Path

import click
import pytest

from koscom_async.cli.files import savable, save, saved_holdings, writable, write_file
from koscom_async.cli.main import Failed
from tests.cli.portfolio import today, yesterday


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_saved_holdings_are_read_back_equal(tmp_path):
    save(yesterday(), tmp_path / "a.json")
    assert saved_holdings(tmp_path / "a.json") == yesterday()


def test_a_partial_answer_is_read_back_with_its_reasons(tmp_path):
    save(today(), tmp_path / "a.json")
    assert saved_holdings(tmp_path / "a.json").to_json() == today().to_json()


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_a_saved_file_is_the_users_alone_even_where_another_was(tmp_path, umask):
    old = tmp_path / "a.json"
    old.write_text("old")
    old.chmod(0o644)
    before = os.umask(umask)
    try:
        save(today(), old)
    finally:
        os.umask(before)
    assert mode(old) == 0o600


def test_other_files_get_the_usual_mode_and_keep_a_mode_that_they_have(tmp_path):
    kept = tmp_path / "kept.csv"
    kept.write_text("old")
    kept.chmod(0o640)
    before = os.umask(0o022)
    try:
        write_file(tmp_path / "new.csv", b"x")
        write_file(kept, b"y")
    finally:
        os.umask(before)
    assert (mode(tmp_path / "new.csv"), mode(kept), kept.read_bytes()) == (0o644, 0o640, b"y")


def test_where_writing_fails_the_old_file_stays_and_nothing_else_is_left(tmp_path, monkeypatch):
    old = tmp_path / "a.json"
    old.write_text("old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Failed, match=r"a\.json cannot be written: No space left on device"):
        write_file(old, b"new")
    assert old.read_text() == "old"
    assert list(tmp_path.iterdir()) == [old]


def test_a_link_stays_a_link_and_what_it_points_to_is_replaced(tmp_path):
    there = tmp_path / "there"
    there.mkdir()
    link = tmp_path / "link.json"
    link.symlink_to(there / "real.json")
    write_file(link, b"new")
    assert link.is_symlink()
    assert (there / "real.json").read_bytes() == b"new"


def test_a_device_is_written_to_and_never_replaced():
    write_file(Path(os.devnull), b"x")
    assert Path(os.devnull).is_char_device()


@pytest.mark.parametrize("check", [writable, savable])
def test_what_cannot_be_written_is_known_before_anything_is_asked(tmp_path, check):
    for path, said in ((tmp_path, "is a directory"), (tmp_path / "no" / "a.json", "there is no directory")):
        with pytest.raises(click.BadParameter, match=said):
            check(None, None, path)
    assert check(None, None, tmp_path / "a.json") == tmp_path / "a.json"
    assert check(None, None, None) is None


def test_a_device_cannot_be_kept_private():
    device = Path(os.devnull)
    assert writable(None, None, device) == device
    with pytest.raises(click.BadParameter, match="cannot be kept private"):
        savable(None, None, device)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"not json", r"a\.json: this is not JSON"),
        (b"\xff\xfe", r"a\.json: this is not text"),
        (b'{"kind": "else"}', r"a\.json: this is no koscom_async\.holdings document"),
        (b'{"kind": "koscom_async.holdings", "version": 99}', "has version 99"),
        (b'{"kind": "koscom_async.holdings", "version": 1, "content": {}}', "is damaged"),
    ],
)
def test_a_file_that_save_did_not_write_is_named_in_one_line(tmp_path, content, said):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(Failed, match=said):
        saved_holdings(path)
