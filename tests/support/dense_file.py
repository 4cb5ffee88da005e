"""A Keras 2 file written by hand: large enough for what a test needs, and made in no time."""

from __future__ import annotations

import json
import pathlib

import h5py
import numpy as np


def write(path: pathlib.Path, kernel: np.ndarray, **storage) -> pathlib.Path:
    """A Sequential of one Dense without a bias; `storage` is how HDF5 keeps the kernel."""
    layer = {
        "name": "dense",
        "trainable": True,
        "dtype": "float32",
        "units": kernel.shape[1],
        "use_bias": False,
        "activation": "linear",
        "batch_input_shape": [None, kernel.shape[0]],
    }
    config = {
        "class_name": "Sequential",
        "config": {"name": "net", "layers": [{"class_name": "Dense", "config": layer}]},
    }
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = "2.15.0"
        file.attrs["backend"] = "tensorflow"
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = [b"dense"]
        weights.attrs["keras_version"] = "2.15.0"
        group = weights.create_group("dense")
        group.attrs["weight_names"] = [b"dense/kernel:0"]
        group.create_dataset("dense/kernel:0", data=kernel, **storage)
    return path
