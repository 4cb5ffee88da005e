"""./dev conformance: random models of each layer class, made, converted, computed, and tabled."""

from __future__ import annotations

import shutil

from lanes import build, install
from lanes.project import BUILD, KERAS_PYTHON, ROOT, TORCH_PYTHON, run, say

TESTS = ROOT / "tests"
FOLDER = BUILD / "conformance"
SCRIPTS = TESTS / "conformance"
FAMILIES = (
    "random_layers",
    "random_maps",
    "random_attention",
    "random_augmentation",
    "random_preprocessing",
    "random_recurrent",
)
COUNT = 10  # models of each class and generation


def applications(names: list[str]) -> bool:
    """True if no number of keras.applications' architectures is wrong: to PyTorch from Keras 3's
    `.h5` and `.keras`, and from Keras 2's `.h5`. Writes tests/results/applications.md. Each is
    removed before the next is made: all of them are some 15 GB."""
    build.native()
    install.keras()
    install.torch()
    script = SCRIPTS / "applications.py"
    folder = BUILD / "applications"
    binary = BUILD / "native" / "tensorferry"
    return (
        run([TORCH_PYTHON, script, KERAS_PYTHON, binary, folder, *names], check=False).returncode
        == 0
    )


def conformance(count: int) -> bool:
    """True if no number is wrong. Writes tests/results/conformance.json and the support table."""
    build.native()
    install.keras()
    install.torch()
    install.node_modules()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    binary = BUILD / "native" / "tensorferry"
    for family in FAMILIES:
        make = [KERAS_PYTHON, TESTS / "fixtures" / "make.py", "--out", FOLDER, "--only", family]
        # It says which models it could not make: of some draws Keras's outputs are all zero.
        run(make, check=False, environment={"TENSORFERRY_CONFIGURATIONS": str(count)})
    run([KERAS_PYTHON, SCRIPTS / "classes.py", FOLDER / "classes.json"], log="conformance")
    run([TORCH_PYTHON, SCRIPTS / "torch_results.py", FOLDER, binary, FOLDER / "pytorch.jsonl"])
    node = ["node", SCRIPTS / "tfjs_results.mjs", FOLDER / "tfjs.jsonl"]
    run(node, log="conformance", environment={"TENSORFERRY_FIXTURES": str(FOLDER)})
    configurations = FOLDER / "configurations.jsonl"
    run([KERAS_PYTHON, SCRIPTS / "configurations.py", FOLDER, configurations], log="conformance")
    run([TORCH_PYTHON, SCRIPTS / "mutants.py", FOLDER, binary, FOLDER / "mutants.jsonl"])
    table = [TORCH_PYTHON, SCRIPTS / "table.py"]
    clean = run([*table, "--collect", FOLDER], check=False).returncode == 0
    run([*table, "--write", binary])
    say("conformance: site/docs/support.md is written")
    return clean
