"""What counts as a change between two runs."""

import json

import pytest


def row(value, *, spread=0.0, unit="x"):
    return {"case": {"rows": 4}, "measure": "ours", "unit": unit, "value": value, "spread": spread}


@pytest.mark.parametrize(
    ("old", "new", "ratio", "mark"),
    [
        (row(1.0), row(1.02), "1.02", ""),
        (row(1.0), row(1.5), "1.50", "more"),
        (row(1.0), row(0.5), "0.50", "less"),
        (row(1.0, spread=0.6), row(1.5, spread=0.6), "1.50", ""),
        (row(10.0, unit="us"), row(10.0, unit="us"), "0.50", "less"),
    ],
    ids=["noise", "more", "less", "within the spread", "on a machine of half the speed"],
)
def test_ratios_are_of_new_to_old_and_beyond_the_spread_are_marked(module, old, new, ratio, mark):
    documents = {"yardstick": 1.0, "rows": [old]}, {"yardstick": 2.0, "rows": [new]}
    ((name, *_, found, marked),) = module("compare").compared(*documents)
    assert (name, found, marked) == ("4 · ours", ratio, mark)


def test_rows_that_one_run_lacks_are_left_out(module):
    assert (
        module("compare").compared({"yardstick": 1.0, "rows": []}, {"yardstick": 1.0, "rows": [row(1.0)]})
        == []
    )


def test_a_plain_list_of_rows_is_compared_by_its_numbers(module, tmp_path):
    plain = [{"case": "import", "rows": 4, "modules": 12, "ratio": 0.5, "spread": 0.1, "target": None}]
    (tmp_path / "imports.json").write_text(json.dumps(plain), encoding="utf-8")
    found = module("compare").read(tmp_path / "imports.json")
    assert found["benchmark"] == "imports"
    assert [(row["measure"], row["value"], row["spread"]) for row in found["rows"]] == [
        ("modules", 12, 0.0),
        ("ratio", 0.5, 0.1),
    ]
    assert found["rows"][0]["case"] == {"case": "import", "rows": 4}
