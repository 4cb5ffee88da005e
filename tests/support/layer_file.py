"""A file of one layer, written by hand as Keras writes it, with weights of zeros."""

from __future__ import annotations

import json
import pathlib

import h5py
import numpy as np


def write(
    path: pathlib.Path,
    class_name: str,
    config: dict,
    shape: tuple,
    weights: dict[str, tuple] | None = None,
    keras: int = 3,
    dtype: str = "float32",
) -> pathlib.Path:
    """A Sequential of `class_name`, called "layer", on inputs of `shape` (without the batch)."""
    version = {2: "2.15.0", 3: "3.15.1"}[keras]
    key = "batch_shape" if keras == 3 else "batch_input_shape"
    first = {"name": "x", "dtype": dtype, key: [None, *shape]}
    own = {"name": "layer", "trainable": True, "dtype": "float32", **config}
    layers = [
        {"class_name": "InputLayer", "config": first},
        {"class_name": class_name, "config": own},
    ]
    model = {"class_name": "Sequential", "config": {"name": "net", "layers": layers}}
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(model)
        file.attrs["keras_version"] = version
        file.attrs["backend"] = "tensorflow"
        root = file.create_group("model_weights")
        root.attrs["layer_names"] = [b"layer"]
        group = root.create_group("layer")
        names = {
            f"layer/{name}:0" if keras == 2 else name: of for name, of in (weights or {}).items()
        }
        group.attrs["weight_names"] = np.array([name.encode() for name in names], dtype="S")
        for name, of in names.items():
            group.create_dataset(name, data=np.zeros(of, "float32"))
    return path
