"""Writes the layer classes of both generations of Keras as JSON, each by one of its public names:
{"keras2": […], "keras3": […]}.

    classes.py OUT        (Python of the Keras environment)
"""

from __future__ import annotations

import json
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

NO_LAYERS = ("InputSpec",)


def classes_of(layers) -> list[str]:
    """Python's name of a class is the one that is saved, but for GroupQueryAttention."""
    found: dict = {}
    for name in dir(layers):
        value = getattr(layers, name)
        if isinstance(value, type) and name not in NO_LAYERS:
            found.setdefault(value, []).append(name)
    return sorted(
        value.__name__ if value.__name__ in names else names[0] for value, names in found.items()
    )


def main() -> int:
    import tf_keras

    import keras

    classes = {"keras2": classes_of(tf_keras.layers), "keras3": classes_of(keras.layers)}
    pathlib.Path(sys.argv[1]).write_text(json.dumps(classes, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
