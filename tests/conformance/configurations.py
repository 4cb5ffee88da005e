"""What the models of a run give to each argument of each layer, and what it would be if they gave
none: a JSON line a layer of a model.

    configurations.py MODELS OUT        (Python of the Keras environment)

`id` (of the model), `generation`, `class`, `at` (where the layer stands in the architecture's
JSON), `arguments`: name → [value], or [value, default] where Keras can do without the argument.
The first line of a class also says `all`, the arguments that its constructor knows.
"""

from __future__ import annotations

import copy
import inspect
import json
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_USE_LEGACY_KERAS"] = "1"

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from conformance import architectures, classes  # noqa: E402

MISSING = object()


class Generation:
    """The layers of one Keras, by the names that files give them."""

    def __init__(self, number, module):
        self.number = number
        self.module = module
        names = classes.classes_of(module.layers)
        # GroupQueryAttention is saved by either name.
        self.names = {getattr(module.layers, name).__name__: name for name in names}
        self.names |= {name: name for name in names}
        self.defaults: dict = {}
        self.known: set = set()

    def class_of(self, saved: str):
        return getattr(self.module.layers, self.names[saved])

    def config_of(self, layer) -> dict:
        """As the file says it."""
        if self.number == 3:
            config = self.module.saving.serialize_keras_object(layer)["config"]
        else:
            config = layer.get_config()
        return json.loads(json.dumps(config, default=str))

    def default_of(self, saved: str, config: dict, argument: str):
        """What the layer says of an argument that is left out; MISSING where it may not be."""
        key = json.dumps([saved, config, argument], sort_keys=True)
        if key not in self.defaults:
            rest = {name: value for name, value in config.items() if name != argument}
            try:
                layer = self.class_of(saved).from_config(copy.deepcopy(rest))
                found = self.config_of(layer).get(argument)
            except Exception:  # Keras has many ways to say that it wants an argument
                found = MISSING
            self.defaults[key] = found
        return self.defaults[key]

    def arguments_of(self, saved: str, config: dict) -> dict:
        found = {}
        for name, value in config.items():
            if name == "name":
                continue
            default = self.default_of(saved, config, name)
            found[name] = [value] if default is MISSING else [value, default]
        return found

    def row_of(self, place: list, node: dict) -> dict | None:
        saved = node["class_name"]
        if saved not in self.names:
            return None
        row = {"class": self.names[saved], "at": place}
        row["arguments"] = self.arguments_of(saved, node["config"])
        if saved not in self.known:
            self.known.add(saved)
            row["all"] = parameters_of(self.class_of(saved))
        return row


def parameters_of(layer) -> list[str]:
    """The named arguments of the constructor."""
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = inspect.signature(layer.__init__).parameters
    return [name for name, it in list(parameters.items())[1:] if it.kind not in kinds]


def main() -> int:
    import tf_keras

    import keras

    generations = {3: Generation(3, keras), 2: Generation(2, tf_keras)}
    root = pathlib.Path(sys.argv[1])
    with open(sys.argv[2], "w") as lines:
        for path in sorted(root.glob("keras[23]/*/*.json")):
            meta = json.loads(path.read_text())
            if "generation" not in meta:
                continue  # an architecture
            identity = f"keras{meta['generation']}/{meta['family']}/{meta['name']}"
            generation = generations[meta["generation"]]
            architecture = architectures.read(path.parent, meta["files"])
            for place, node in architectures.layers_of(architecture):
                row = generation.row_of(place, node)
                if row:
                    row = {"id": identity, "generation": generation.number, **row}
                    lines.write(json.dumps(row) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
