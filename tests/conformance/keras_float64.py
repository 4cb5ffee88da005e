"""What Keras computes in float64 with the weights of a saved model.

    keras_float64.py MODEL JSON OUT.npz    MODEL: .keras or .h5; JSON: of its fixture, beside a .bin

OUT has an array `run_output` for each output of each run ("0_0"). Of a net of 150 layers Keras's
float32 alone is farther from this than the rule of the design allows.
"""

from __future__ import annotations

import json
import math
import pathlib
import sys

import numpy as np

import keras


def array_of(raw: bytes, row: dict) -> np.ndarray:
    return np.frombuffer(raw, "f4", math.prod(row["shape"]), row["offset"]).reshape(row["shape"])


def main() -> None:
    model, meta, out = map(pathlib.Path, sys.argv[1:])
    single = keras.models.load_model(model, compile=False)
    keras.backend.set_floatx("float64")
    config = json.dumps(single.get_config()).replace('"float32"', '"float64"')
    double = single.__class__.from_config(json.loads(config))
    double.set_weights([weight.astype("float64") for weight in single.get_weights()])
    raw = meta.with_suffix(".bin").read_bytes()
    arrays = {}
    for number, run in enumerate(json.loads(meta.read_text())["runs"]):
        inputs = [array_of(raw, row).astype("float64") for row in run["inputs"]]
        outputs = double(inputs if len(inputs) > 1 else inputs[0], training=False)
        for i, output in enumerate(outputs if isinstance(outputs, list) else [outputs]):
            arrays[f"{number}_{i}"] = np.asarray(output)
    np.savez(out, **arrays)


main()
