"""How long the native command takes for nets of many layers: seconds from its start to the last
byte, best of some rounds. Chains of 100 to 10,000 layers with branches, whose weights are tiny, and
two real nets of some 500 layers (with their weights). The figure to hold: a net of 500 layers in at
most 0.5 s, and as much time for each layer of a long chain as of a short one.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np

BUILD = Path(os.environ.get("TENSORFERRY_BUILD", Path(__file__).parents[2] / "build"))
COMMAND = BUILD / "native" / "tensorferry"
MODELS = BUILD / "bench"
PYTHON = BUILD / "venv-keras" / "bin" / "python"
COUNTS = (100, 300, 1000, 3000, 10_000)
ROUNDS = 3
NETS = ("NASNetMobile", "EfficientNetB7")
LIMIT = 0.5  # seconds

APPLICATION = "import keras; keras.applications.{name}(weights=None).save({path!r})"


def layer(name: str, class_name: str, inputs: list[str], config: dict) -> dict:
    nodes = [[[source, 0, 0, {}] for source in inputs]] if inputs else []
    config = {"name": name, "trainable": True, "dtype": "float32", **config}
    return {"class_name": class_name, "config": config, "name": name, "inbound_nodes": nodes}


def chain(path: Path, count: int) -> None:
    """Dense and Activation in turn; each tenth layer adds what came before the last three."""
    layers = [layer("x", "InputLayer", [], {"batch_input_shape": [None, 4]})]
    names = ["x"]
    with h5py.File(path, "w") as file:
        weights = file.create_group("model_weights")
        for i in range(count):
            name = f"layer_{i}"
            group = weights.create_group(name)
            group.attrs["weight_names"] = []
            if i % 10 == 9:
                layers.append(layer(name, "Add", [names[-1], names[-4]], {}))
            elif i % 2:
                layers.append(layer(name, "Activation", names[-1:], {"activation": "tanh"}))
            else:
                config = {"units": 4, "activation": "linear", "use_bias": True}
                layers.append(layer(name, "Dense", names[-1:], config))
                own = [f"{name}/kernel:0", f"{name}/bias:0"]
                group.attrs["weight_names"] = own
                group[own[0]] = np.full((4, 4), i, "float32")
                group[own[1]] = np.full(4, i, "float32")
            names.append(name)
        for start in range(0, count, 1000):
            chunk = names[1:][start : start + 1000]
            weights.attrs[f"layer_names{start // 1000}"] = [it.encode() for it in chunk]
        config = {
            "name": "chain",
            "layers": layers,
            "input_layers": [["x", 0, 0]],
            "output_layers": [[names[-1], 0, 0]],
        }
        model = {"class_name": "Functional", "config": config}
        file.attrs["model_config"] = json.dumps(model)
        file.attrs["keras_version"] = "2.15.0"
        file.attrs["backend"] = "tensorflow"


def seconds(model: Path, *options: str) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            command = [COMMAND, "convert", model, "-o", f"{folder}/out", "--quiet", *options]
            started = time.perf_counter()
            subprocess.run(command, check=True)
            best = min(best, time.perf_counter() - started)
    return best


def main() -> None:
    MODELS.mkdir(parents=True, exist_ok=True)
    for target in ("pytorch", "tfjs"):
        print(f"To {target}: layers, seconds, microseconds a layer")
        for count in COUNTS:
            model = MODELS / f"chain_{count}.h5"
            if not model.exists():
                chain(model, count)
            taken = seconds(model, "--to", target)
            print(f"  {count:6}  {taken:7.3f} s  {1e6 * taken / count:6.0f} µs", flush=True)
    for name in NETS:
        model = MODELS / f"{name}.h5"
        if not model.exists():
            subprocess.run(
                [PYTHON, "-c", APPLICATION.format(name=name, path=str(model))], check=True
            )
        taken = seconds(model, "--to", "pytorch", "--weights", "pt")
        size = model.stat().st_size / 1e6
        verdict = "within" if taken <= LIMIT else "OVER"
        print(f"{name} ({size:.0f} MB), to PyTorch: {taken:.2f} s, {verdict} {LIMIT} s")


if __name__ == "__main__":
    main()
