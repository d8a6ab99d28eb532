"""A Chromium for the whole run."""

import pytest

from tests.rendering.chromium import Chromium


@pytest.fixture(scope="session")
def chromium(chromium_command, tmp_path_factory) -> Chromium:
    return Chromium(chromium_command, tmp_path_factory.mktemp("chromium"))
