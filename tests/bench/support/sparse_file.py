"""A Keras 2 file of several gigabytes that takes no room: holes where the kernels are.

sparse_file.py PATH: five Dense layers of 16384 × 16384 float32, 5.4 GB, of which only a few numbers
are written.
"""

import json
import sys

import h5py
import numpy as np

UNITS = 16384
LAYERS = [f"dense_{i}" for i in range(5)]


def architecture() -> str:
    layers = [
        {
            "class_name": "Dense",
            "config": {
                "name": name,
                "trainable": True,
                "dtype": "float32",
                "units": UNITS,
                "use_bias": False,
                "activation": "linear",
                "batch_input_shape": [None, UNITS],
            },
        }
        for name in LAYERS
    ]
    return json.dumps({"class_name": "Sequential", "config": {"name": "large", "layers": layers}})


def add_kernel(group: h5py.Group, name: str) -> None:
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_layout(h5py.h5d.CONTIGUOUS)
    creation.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    creation.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    space = h5py.h5s.create_simple((UNITS, UNITS))
    links = h5py.h5p.create(h5py.h5p.LINK_CREATE)
    links.set_create_intermediate_group(True)
    path = f"{name}/kernel:0".encode()
    kernel = h5py.Dataset(
        h5py.h5d.create(group.id, path, h5py.h5t.IEEE_F32LE, space, creation, links)
    )
    kernel[0, 1:4] = np.array([1, 2, 3], "f4")
    kernel[-1, -1] = 4


def write(path: str) -> None:
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = architecture()
        file.attrs["keras_version"] = "2.15.0"
        file.attrs["backend"] = "tensorflow"
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = [name.encode() for name in LAYERS]
        for name in LAYERS:
            group = weights.create_group(name)
            group.attrs["weight_names"] = [f"{name}/kernel:0".encode()]
            add_kernel(group, name)


write(sys.argv[1])
