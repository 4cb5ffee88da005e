"""A Keras 2 file of as many small layers as wanted.

chain_file.py COUNT PATH
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import h5py
import numpy as np


def layer(name: str, class_name: str, inputs: list[str], config: dict) -> dict:
    nodes = [[[source, 0, 0, {}] for source in inputs]] if inputs else []
    config = {"name": name, "trainable": True, "dtype": "float32", **config}
    return {"class_name": class_name, "config": config, "name": name, "inbound_nodes": nodes}


def write(path: Path, count: int) -> None:
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


if __name__ == "__main__":
    write(Path(sys.argv[2]), int(sys.argv[1]))
