"""Benchmarks that are never run rot: each comes out with a table and a file, however fast or slow it is."""

import json
import runpy
import sys

import pytest

from tests.benchmarks.scripts import FOLDER, NO_BENCHMARKS, TINY, run

IN_THE_HARNESS_FORM = ["burst", "call", "fanout", "night", "overload", "peers", "stacks", "wrapper"]


@pytest.fixture
def compare(monkeypatch, capsys):
    """Compares two runs in this process: to start one takes longer than to compare."""

    def compared(*runs):
        monkeypatch.setattr(sys, "argv", ["compare.py", *map(str, runs)])
        monkeypatch.syspath_prepend(str(FOLDER))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(FOLDER / "compare.py"), run_name="__main__")
        assert not ended.value.code
        return capsys.readouterr().out

    return compared


def test_every_script_is_run_here():
    scripts = {path.stem for path in FOLDER.glob("*.py") if "__main__" in path.read_text(encoding="utf-8")}
    assert scripts - NO_BENCHMARKS == set(TINY)


@pytest.mark.parametrize("name", [name for name in TINY if name not in IN_THE_HARNESS_FORM])
def test_a_script_prints_and_keeps_its_rows(name, tmp_path, compare):
    table = run(name, *TINY[name], "--json", tmp_path / "rows.json")
    assert len(table.splitlines()) > 2
    assert json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))
    assert "1.00" in compare(tmp_path / "rows.json", tmp_path / "rows.json")


@pytest.mark.parametrize("name", IN_THE_HARNESS_FORM)
def test_a_script_keeps_what_it_measured_and_with_what(name, tmp_path, compare):
    table = run(name, *TINY[name], "--json-dir", tmp_path)
    document = json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8"))
    assert document["benchmark"] == name
    assert set(document) == {"benchmark", "commit", "python", "libraries", "yardstick", "rows"}
    assert document["libraries"].keys() >= {"httpx", "anyio", "attrs"}
    for row in document["rows"]:
        assert set(row) == {"case", "measure", "unit", "value", "spread", "target"}
        assert all(str(part) in table for part in row["case"].values())
    lines = compare(tmp_path, tmp_path).splitlines()
    assert lines[0].startswith(f"{name}: ")
    assert {line.split()[-1] for line in lines[3:] if line} == {"1.00"}
