"""The benchmarks are scripts beside the package: their modules are found in their folder."""

import importlib

import pytest

from tests.benchmarks.scripts import FOLDER


@pytest.fixture
def module(monkeypatch):
    """Give a module of the benchmarks by its name."""
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module
