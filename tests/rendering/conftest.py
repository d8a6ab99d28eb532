"""A Chromium where one is installed. Where none is, these tests are skipped and say so; in CI that is a failure."""

import os

import pytest

from tests.rendering.chromium import NAMES, Chromium, find


@pytest.fixture(scope="session")
def chromium(tmp_path_factory) -> Chromium:
    binary = find()
    if binary is None:
        reason = (
            f"no Chromium is installed ({', '.join(NAMES)}), so pages cannot be rendered; Debian: chromium"
        )
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return Chromium(binary, tmp_path_factory.mktemp("chromium"))
