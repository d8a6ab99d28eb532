"""The choice of libraries: what the settings say, and what is installed."""

import pytest

from koscom_async._transport import backend
from koscom_async._transport.backend import is_fast
from koscom_async.settings import Backend


@pytest.fixture
def nothing_installed(monkeypatch):
    monkeypatch.setattr(backend, "_missing", lambda: ("httptools", "msgspec"))


def test_what_is_installed_is_used_unless_the_settings_say_otherwise():
    assert is_fast(Backend.AUTO)
    assert is_fast(Backend.FAST)
    assert is_fast(Backend.HTTPX)  # for JSON
    assert not is_fast(Backend.CORE)


@pytest.mark.usefixtures("nothing_installed")
def test_without_the_extra_the_core_does_the_work():
    assert not is_fast(Backend.AUTO)
    assert not is_fast(Backend.CORE)


@pytest.mark.usefixtures("nothing_installed")
def test_who_insists_on_what_is_not_there_is_told_the_extra():
    with pytest.raises(
        ImportError, match=r"httptools and msgspec, which the extra 'fast' brings: .*\.\[fast\]"
    ):
        is_fast(Backend.FAST)
