"""The support table is the one that the code and the last conformance run make, and has all classes
of Keras in it."""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "conformance"))

import table  # noqa: E402


def test_the_table_is_not_stale(binary):
    written = table.TABLE.read_text()
    assert written == table.current_table(binary), "run tests/conformance/table.py --write BINARY"


def test_the_classes_are_those_of_keras(fixtures_root):
    installed = json.loads((fixtures_root / "classes.json").read_text())
    run = json.loads(table.RESULTS.read_text())
    assert run["classes"] == installed, "run ./dev conformance"
    rows = [line.split(" | ")[0].strip("| ") for line in table.TABLE.read_text().splitlines()]
    assert set(installed["keras2"]) | set(installed["keras3"]) <= set(rows)


def test_a_run_is_large_and_clean():
    run = json.loads(table.RESULTS.read_text())
    assert run["models"] >= 1500
    for name, generations in run["results"].items():
        for generation, found in generations.items():
            assert found["models"] >= 6, (name, generation)
            assert found["pytorch"]["converted"] == found["models"], (name, generation)


def test_every_class_has_models_and_every_gap_a_reason(binary):
    run = json.loads(table.RESULTS.read_text())
    for row in table.layers_of(binary):
        if row["class"] in table.CLASSES_ELSEWHERE:
            continue
        for generation, names in run["classes"].items():
            if row["class"] in names and row["pytorch"] in ("converted", "training only"):
                found = run["results"].get(row["class"], {})
                assert generation in found, (row["class"], generation)
    assert [it for it in run["missing"] if not it["reason"]] == []
    for name, generations in run["mutants"].items():
        for generation, found in generations.items():
            assert found["killed"] >= 1, (name, generation)
            assert all(found["survivors"].values()), (name, generation)
