"""What the tests of `--match` share."""

import importlib.util
import json
import pathlib
import subprocess
import sys

import numpy as np
import torch
from support import convert

TOLERANCE = 1e-3  # of what two inputs make different


def script(folder: pathlib.Path):
    """The module load.py, fresh from its folder."""
    spec = importlib.util.spec_from_file_location(f"load_{abs(hash(folder))}", folder / "load.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_of(fixture, number=0):
    """An input in torch's layout, and Keras's output."""
    inputs, outputs = fixture.runs()[number]
    return torch.from_numpy(inputs[0]).permute(0, 3, 1, 2), outputs[0]


def differ(y, expected) -> float:
    """In units of what the two samples make different."""
    scale = np.abs(expected[0] - expected[1]).max()
    assert scale > 0.05 * np.abs(expected).max(), "the net ignores its input"
    return float(np.abs(y - expected).max() / scale)


def outputs_of(load, model, x):
    if hasattr(load, "preprocess"):
        x = load.preprocess(x)
    with torch.no_grad():
        return model(x)


def matched(binary, tmp_path, fixture, target, *arguments) -> convert.Conversion:
    out = tmp_path / "out"
    options = ("--to", "pytorch", "-o", out, "--match", target, *arguments)
    done = convert.run(binary, "convert", *fixture.files, *options)
    return convert.Conversion(out, done.returncode, done.stdout, done.stderr)


def rows_of(done) -> list[dict]:
    return json.loads((done.out / "mapping.json").read_text())


def verified(folder, *arguments) -> subprocess.CompletedProcess:
    command = [sys.executable, folder / "verify.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)


def check_equal(binary, tmp_path, fixture, target):
    """The real module with our weights computes what Keras computed, and nothing is in doubt."""
    done = matched(binary, tmp_path, fixture, target)
    assert done.code == 0, done.explain()
    assert [row for row in rows_of(done) if row["certainty"] < 0.9 and row["layer"]] == []
    codes = {note["code"] for note in done.manifest["notes"]}
    assert not {"match-structure-differs", "match-unverified"} & codes, done.explain()
    load = script(done.out)
    model = load.load_model()
    keys = {row["key"] for row in done.manifest["weights"]}
    assert keys == set(model.state_dict())
    for number in range(len(fixture.runs())):
        x, expected = run_of(fixture, number)
        y = outputs_of(load, model, x)
        if "torch.softmax(model(x), -1)" in load.__doc__:
            y = torch.softmax(y, -1)
        assert differ(y.numpy(), expected) <= TOLERANCE
