"""Compressed chunks that lie across what is made of them: they go through a temporary file."""

import json

import h5py
import numpy as np

UNITS = 3001


def net(path, **storage):
    """A Keras 2 file written by hand: one Dense of 36 MB, more than a thread may hold."""
    layer = {
        "name": "dense",
        "trainable": True,
        "dtype": "float32",
        "units": UNITS,
        "use_bias": False,
        "activation": "linear",
        "batch_input_shape": [None, UNITS],
    }
    config = {
        "class_name": "Sequential",
        "config": {"name": "net", "layers": [{"class_name": "Dense", "config": layer}]},
    }
    kernel = np.arange(UNITS * UNITS, dtype="f4").reshape(UNITS, UNITS)
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


def made(run, source, out, *options):
    done = run("convert", source, *options, "-o", out)
    assert done.returncode == 0, done.stdout + done.stderr
    return {path.name: path.read_bytes() for path in out.iterdir() if path.suffix != ".json"}


def test_chunks_of_any_form_give_the_same_bytes_and_leave_no_file(run, tmp_path):
    plain = net(tmp_path / "net.h5")
    folder = tmp_path / "packed"
    folder.mkdir()
    options = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
    for options_of_target in (("--to", "pytorch"), ("--to", "tfjs")):
        expected = made(run, plain, tmp_path / f"plain{options_of_target[1]}", *options_of_target)
        for index, chunks in enumerate([(64, 64), (UNITS, 8), (8, UNITS), (2000, 2000)]):
            packed = net(folder / "net.h5", chunks=chunks, **options)
            out = tmp_path / f"{options_of_target[1]}{index}"
            assert made(run, packed, out, *options_of_target) == expected
            names = {path.name for path in out.iterdir()}
            assert names == {
                path.name for path in (tmp_path / f"plain{options_of_target[1]}").iterdir()
            }
