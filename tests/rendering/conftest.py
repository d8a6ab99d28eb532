"""A Chromium for the whole run."""

import pytest

from tests.rendering.chromium import running


@pytest.fixture(scope="session")
def chromium(chromium_command, tmp_path_factory):
    with running(chromium_command, tmp_path_factory.mktemp("chromium")) as browser:
        yield browser
