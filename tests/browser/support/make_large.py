"""A model of some hundred MB, for what takes its time: make_large.py OUT.h5 [UNITS]

Dense layers of UNITS × UNITS, whose kernels PyTorch wants transposed. Written with h5py as Keras
writes it; its numbers are of no interest, so they need no oracle.
"""

import json
import sys

import h5py
import numpy as np

LAYERS = 2


def config(units: int) -> dict:
    first = {
        "class_name": "InputLayer",
        "config": {"name": "x", "batch_shape": [None, units], "dtype": "float32"},
    }
    dense = [
        {
            "class_name": "Dense",
            "config": {
                "name": f"dense_{i}",
                "trainable": True,
                "dtype": "float32",
                "units": units,
                "activation": "relu",
                "use_bias": True,
            },
        }
        for i in range(LAYERS)
    ]
    return {"class_name": "Sequential", "config": {"name": "large", "layers": [first, *dense]}}


def main(path: str, units: int) -> None:
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config(units))
        file.attrs["keras_version"] = "3.15.1"
        file.attrs["backend"] = "tensorflow"
        weights = file.create_group("model_weights")
        names = [f"dense_{i}" for i in range(LAYERS)]
        weights.attrs["layer_names"] = [name.encode() for name in names]
        row = np.arange(units, dtype="float32")
        for name in names:
            group = weights.create_group(name)
            group.attrs["weight_names"] = [f"{name}/kernel".encode(), f"{name}/bias".encode()]
            kernel = group.create_dataset(f"{name}/kernel", (units, units), "float32")
            for at in range(0, units, 512):
                kernel[at : at + 512] = np.arange(at, min(at + 512, units))[:, None] + row
            group.create_dataset(f"{name}/bias", data=row)


main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 6144)
