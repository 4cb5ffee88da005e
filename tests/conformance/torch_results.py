"""Converts each model to PyTorch, runs it, and writes what came of it: a JSON line a model.

    torch_results.py MODELS BINARY OUT

`id`, `container`, `layers` (class, what it becomes in PyTorch and in TF.js), `exit`, `error`
(max|a − b| / max|b| over all outputs, null where nothing ran), `wrong` (empty, or what is wrong),
`warnings` (codes of notes).
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import convert, fixtures  # noqa: E402
from support import network as nets  # noqa: E402

KERAS_PYTHON = os.environ.get("TENSORFERRY_KERAS_PYTHON", "")


def error_of(fixture, network, manifest) -> float:
    worst = 0.0
    for inputs, outputs in fixture.runs():
        actual = nets.run_network(network, manifest, inputs)
        for a, b in zip(actual, outputs, strict=True):
            difference = np.abs(a.astype("float64") - b.astype("float64")).max()
            worst = max(worst, difference / max(np.abs(b).max(), 1e-30))
    return worst


def result_of(fixture, conversions) -> dict:
    done = conversions.get(fixture, "--weights", "safetensors")
    result = {"id": fixture.id, "exit": done.code, "error": None, "wrong": ""}
    if done.code:
        return {**result, "wrong": done.explain()}
    manifest = done.manifest
    inspected = json.loads(
        convert.run(conversions.binary, "inspect", "--json", *fixture.files).stdout
    )
    result["container"] = inspected["container"]
    result["layers"] = [[it["class"], it["pytorch"], it["tfjs"]] for it in inspected["layers"]]
    result["warnings"] = [n["code"] for n in manifest["notes"] if n["severity"] != "info"]
    network, half = nets.widen(nets.load_network(done.out, manifest))
    faults = nets.differences(fixture, network, manifest, half)
    if faults and fixture.meta["kind"] == "deep":
        # Torch's rounding and Keras's add up; this leaves Keras's alone.
        fixture = InFloat64(fixture)
        faults = nets.differences(fixture, network.double(), manifest)
        result["float64"] = "torch in float64"
        if faults and KERAS_PYTHON:
            fixture.outputs = outputs_in_float64(fixture.fixture)
            faults = nets.differences(fixture, network, manifest)
            result["float64"] = "torch and Keras in float64"
    if not faults:
        result["error"] = error_of(fixture, network, manifest)
    return {**result, "wrong": "; ".join(faults)}


class InFloat64:
    """A fixture whose inputs are float64."""

    def __init__(self, fixture):
        self.meta, self.fixture = fixture.meta, fixture
        self.outputs = [outputs for _, outputs in fixture.runs()]

    def runs(self):
        inputs = [[x.astype("float64") for x in xs] for xs, _ in self.fixture.runs()]
        return list(zip(inputs, self.outputs, strict=True))


def outputs_in_float64(fixture) -> list:
    """What Keras computes in float64: its own rounding may be more than the rule allows."""
    script = pathlib.Path(__file__).with_name("keras_float64.py")
    meta = pathlib.Path(fixture.files[0]).with_suffix(".json")
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "outputs.npz"
        command = [KERAS_PYTHON, script, fixture.files[0], meta, out]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        arrays = np.load(out)
        return [
            [arrays[f"{number}_{i}"] for i in range(len(outputs))]
            for number, (_, outputs) in enumerate(fixture.runs())
        ]


def main() -> int:
    root, binary, out = sys.argv[1:]
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder, open(out, "w") as lines:
        conversions = convert.Conversions(binary, pathlib.Path(folder))
        for fixture in fixtures.find(pathlib.Path(root), ("single", "deep")):
            try:
                result = result_of(fixture, conversions)
            except Exception as error:  # one model must not hide the others
                result = {"id": fixture.id, "wrong": f"{type(error).__name__}: {error}"}
            lines.write(json.dumps(result) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
