"""The page "Keras and PyTorch, side by side": what the command makes of small models of one layer,
of each activation, loss and optimizer that it knows.

    side_by_side.py --write BINARY   → site/docs/side-by-side.md
"""

from __future__ import annotations

import ast
import json
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import layer_file  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "site" / "docs" / "side-by-side.md"
ACTIVATIONS = ROOT / "src" / "keras" / "layers" / "activation.cpp"

HEAD = """# Keras and PyTorch, side by side

What `tensorferry convert --to pytorch` writes for Keras's layers, activations, losses and
optimizers. This page is made by the command itself (tests/conformance/side_by_side.py): each row is
a model of one layer that was converted. [What is converted](support.md) lists all layers.

## Layers

Keras is channels last, PyTorch channels first: `x` is (batch, channels, height, width) here. Where
PyTorch has no module of the same numbers, the lines of `forward` stand below it.

| Keras | PyTorch |
|---|---|
"""

DIMENSIONS = """
## Dimensions

Of a value, `permute` says which axis of Keras each axis of PyTorch is, as numpy's `transpose`:

| Keras | PyTorch | permute |
|---|---|---|
"""

WEIGHTS = """
Weights move once, when the file is converted. `gates` says which of Keras's blocks each block is,
`rows` the order in which a flattened image lies:

| layer | Keras's weight | shape | PyTorch's key | shape | transform |
|---|---|---|---|---|---|
"""

ACTIVATIONS_HEAD = """
## Activations

By the names that `activation=` takes, with Keras's defaults. Keras 1 is as Keras 2.

| Keras | PyTorch |
|---|---|
"""

LOSSES_HEAD = """
## Losses

The loss of each sample in `training.py`; `criterion` then takes the mean (Keras's
`sum_over_batch_size`), weighted where there are sample weights. `outputs` are what the model gives,
`targets` what Keras calls `y_true`. Behind a softmax or a sigmoid Keras takes the logits of that
activation, so `model.py` has `forward_logits`, and `outputs` are logits.

| Keras | PyTorch |
|---|---|
"""

OPTIMIZERS_HEAD = """
## Optimizers

With Keras's defaults. A class without `torch.optim.` is written out in `training.py`, as torch has
none of the same numbers; what is done before each step stands below.

| Keras | PyTorch |
|---|---|
"""

FOOT = """
Keras adds Adam's epsilon before the bias of the second moment is corrected, torch after it: for
small gradients the plain spelling is off by more than half an update. RMSprop has its epsilon
within the root.
"""

IMAGE, ROWS, STEPS = (16, 18, 4), (5,), (7, 4)
SAME = {"kernel_size": [3, 3], "strides": [2, 2], "padding": "same", "filters": 8}
CELL = {"activation": "tanh", "recurrent_activation": "sigmoid"}
CONV = {"kernel_size": [3, 5], "filters": 8}

# What Keras is told, for the table; class, config, shape of the input, weights.
LAYERS = (
    ("Dense(3)", "Dense", {"units": 3}, ROWS, {"kernel": (5, 3), "bias": (3,)}),
    ("Conv1D(8, 3)", "Conv1D", {"kernel_size": [3], "filters": 8}, STEPS,
     {"kernel": (3, 4, 8), "bias": (8,)}),
    ("Conv2D(8, (3, 5))", "Conv2D", CONV, IMAGE, {"kernel": (3, 5, 4, 8), "bias": (8,)}),
    ('Conv2D(8, 3, strides=2, padding="same")', "Conv2D", SAME, IMAGE,
     {"kernel": (3, 3, 4, 8), "bias": (8,)}),
    ("DepthwiseConv2D(3)", "DepthwiseConv2D", {"kernel_size": [3, 3]}, IMAGE,
     {"depthwise_kernel": (3, 3, 4, 1), "bias": (4,)}),
    ("SeparableConv2D(8, 3)", "SeparableConv2D", {"kernel_size": [3, 3], "filters": 8}, IMAGE,
     {"depthwise_kernel": (3, 3, 4, 1), "pointwise_kernel": (1, 1, 4, 8), "bias": (8,)}),
    ("Conv2DTranspose(8, 3, strides=2)", "Conv2DTranspose",
     {"kernel_size": [3, 3], "strides": [2, 2], "filters": 8}, IMAGE,
     {"kernel": (3, 3, 8, 4), "bias": (8,)}),
    ("Embedding(9, 4)", "Embedding", {"input_dim": 9, "output_dim": 4}, (6,),
     {"embeddings": (9, 4)}),
    ("LSTM(5)", "LSTM", {"units": 5, **CELL}, STEPS,
     {"kernel": (4, 20), "recurrent_kernel": (5, 20), "bias": (20,)}),
    ("GRU(5)", "GRU", {"units": 5, "reset_after": True, **CELL}, STEPS,
     {"kernel": (4, 15), "recurrent_kernel": (5, 15), "bias": (2, 15)}),
    ("BatchNormalization()", "BatchNormalization", {}, IMAGE,
     {"gamma": (4,), "beta": (4,), "moving_mean": (4,), "moving_variance": (4,)}),
    ("LayerNormalization()", "LayerNormalization", {}, STEPS, {"gamma": (4,), "beta": (4,)}),
    ("MaxPooling2D(2)", "MaxPooling2D", {"pool_size": [2, 2]}, IMAGE, {}),
    ('MaxPooling2D(3, 2, padding="same")', "MaxPooling2D",
     {"pool_size": [3, 3], "strides": [2, 2], "padding": "same"}, IMAGE, {}),
    ("AveragePooling2D(2)", "AveragePooling2D", {"pool_size": [2, 2]}, IMAGE, {}),
    ("GlobalAveragePooling2D()", "GlobalAveragePooling2D", {}, IMAGE, {}),
    ("UpSampling2D(2)", "UpSampling2D", {"size": [2, 2]}, IMAGE, {}),
    ("Dropout(0.5)", "Dropout", {"rate": 0.5}, ROWS, {}),
    ("PReLU()", "PReLU", {}, ROWS, {"alpha": (5,)}),
    ("LeakyReLU()", "LeakyReLU", {"negative_slope": 0.3}, ROWS, {}),
    ("ELU()", "ELU", {"alpha": 1.0}, ROWS, {}),
    ("ReLU(max_value=6)", "ReLU", {"max_value": 6.0}, ROWS, {}),
    ("Softmax()", "Softmax", {"axis": -1}, ROWS, {}),
)  # fmt: skip

# Shapes of Keras's values.
VALUES = (ROWS, STEPS, IMAGE, (6, 8, 10, 2))

BEHIND = {
    "BinaryCrossentropy": "sigmoid",
    "CategoricalCrossentropy": "softmax",
    "SparseCategoricalCrossentropy": "softmax",
}


class Converter:
    def __init__(self, binary: str, folder: pathlib.Path):
        self.binary, self.folder, self.count = str(binary), folder, 0

    def convert(self, *layer, options=(), **more) -> pathlib.Path:
        self.count += 1
        out = self.folder / str(self.count)
        file = layer_file.write(self.folder / f"{self.count}.h5", *layer, **more)
        command = [self.binary, "convert", file, "--to", "pytorch", "-o", out, "--quiet", *options]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, (layer[0], done.stderr)
        return out

    def inspect(self) -> dict:
        file = layer_file.write(self.folder / "any.h5", "Activation", {"activation": "relu"}, ROWS)
        done = subprocess.run(
            [self.binary, "inspect", file, "--json"], check=True, capture_output=True
        )
        return json.loads(done.stdout)


def cell(lines: list[str]) -> str:
    return "<br>".join(f"`{line}`" for line in lines).replace("|", "\\|")


def spelling(out: pathlib.Path) -> list[str]:
    """The module that model.py declares, and the lines of `forward` that do more than call it."""
    tree = ast.parse((out / "model.py").read_text())
    declared, done = [], []
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple) and len(node.elts) == 2:
            name = node.elts[0]
            if isinstance(name, ast.Constant) and name.value == "layer":
                declared.append(ast.unparse(node.elts[1]))
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            for line in node.body:
                if isinstance(line, ast.Assign) and "super" not in ast.unparse(line):
                    declared.append(re.sub(r"^self\.\w+ = ", "", ast.unparse(line)))
        if isinstance(node, ast.FunctionDef) and node.name == "forward":
            done += [ast.unparse(line) for line in node.body if not is_text(line)]
    calls = [line for line in done if line != "return x"]
    plain = calls in (["return self.layer(x)"], ["x = self.layer(x)"])
    return declared + ([] if plain else calls)


def is_text(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)


def layer_rows(converter: Converter) -> str:
    rows = []
    for said, class_name, config, shape, weights in LAYERS:
        dtype = "int32" if class_name == "Embedding" else "float32"
        out = converter.convert(class_name, config, shape, weights, dtype=dtype)
        rows.append(f"| `{said}` | {cell(spelling(out))} |\n")
    return "".join(rows)


def sizes(shape: list) -> str:
    return f"({', '.join('N' if extent is None else str(extent) for extent in shape)})"


def value_rows(converter: Converter) -> str:
    rows = []
    for shape in VALUES:
        classes = {1: "Dense", 2: "Conv1D", 3: "Conv2D", 4: "Conv3D"}
        rank = len(shape) - 1
        config = {"units": 3} if rank == 0 else {"kernel_size": [1] * rank, "filters": 3}
        kernel = (*([1] * rank), shape[-1], 3)
        weights = {"kernel": kernel, "bias": (3,)}
        out = converter.convert(classes[len(shape)], config, shape, weights)
        port = json.loads((out / "manifest.json").read_text())["inputs"][0]
        permute = "as it is" if port["permute"] is None else f"`{port['permute']}`"
        rows.append(f"| {sizes(port['keras_shape'])} | {sizes(port['shape'])} | {permute} |\n")
    return "".join(rows)


def weight_rows(converter: Converter) -> str:
    rows = []
    for said, class_name, config, shape, weights in LAYERS:
        if not weights:
            continue
        dtype = "int32" if class_name == "Embedding" else "float32"
        out = converter.convert(class_name, config, shape, weights, dtype=dtype)
        for row in json.loads((out / "manifest.json").read_text())["weights"]:
            source = row["sources"][0].split("/")[-1] if row["sources"] else None
            stored = "" if source is None else sizes(list(weights[source]))
            rows.append(
                f"| `{said}` | {'none' if source is None else f'`{source}`'} | {stored} "
                f"| `{row['key']}` | {sizes(row['shape'])} | `{row['transform']}` |\n"
            )
    return "".join(rows)


def activation_names() -> list[str]:
    """Those that src/keras/layers/activation.cpp knows."""
    text = ACTIVATIONS.read_text()
    table = re.findall(r'^    \{"(\w+)", \{UnaryKind::', text, re.MULTILINE)
    assert len(table) > 20
    return sorted({*table, *re.findall(r'if \(name == "(\w+)"\)', text)})


def activation_rows(converter: Converter) -> str:
    rows = []
    for name in activation_names():
        found = {}
        for keras in (2, 3):
            out = converter.convert("Activation", {"activation": name}, (6,), keras=keras)
            found[keras] = cell(spelling(out))
        if found[2] == found[3]:
            rows.append(f"| `{name}` | {found[3]} |\n")
        else:
            rows += [f"| `{name}` of Keras {keras} | {found[keras]} |\n" for keras in (2, 3)]
    return "".join(rows)


def function(out: pathlib.Path, name: str) -> list[str]:
    """The statements of a function of training.py; none: it has none of that name."""
    for node in ast.parse((out / "training.py").read_text()).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return [ast.unparse(line) for line in node.body if not is_text(line)]
    return []


def loss_lines(out: pathlib.Path) -> list[str]:
    lines = []
    for line in function(out, "criterion"):
        if line.startswith("if sample_weight"):
            break
        lines += line.splitlines()
    return lines


def loss_rows(converter: Converter, names: list[str]) -> str:
    rows = []
    for name in names:
        layer = ("Dense", {"units": 3}, ROWS, {"kernel": (5, 3), "bias": (3,)})
        if name == "CTC":
            layer = ("Dense", {"units": 3}, STEPS, {"kernel": (4, 3), "bias": (3,)})
        out = converter.convert(*layer, options=("--loss", name))
        rows.append(f"| `{name}` | {cell(loss_lines(out))} |\n")
        if end := BEHIND.get(name):
            config = {"units": 3, "activation": end}
            out = converter.convert("Dense", config, *layer[2:], options=("--loss", name))
            rows.append(f"| `{name}`, behind a {end} | {cell(loss_lines(out))} |\n")
    return "".join(rows)


def optimizer_rows(converter: Converter, names: list[str]) -> str:
    rows = []
    for name in names:
        layer = ("Dense", {"units": 3}, ROWS, {"kernel": (5, 3), "bias": (3,)})
        out = converter.convert(*layer, options=("--loss", "mse", "--optimizer", name))
        made = function(out, "make_optimizer")[-1].removeprefix("return ")
        update = "\n".join(function(out, "update")).splitlines()
        around = ("for group in optimizer.param_groups:", "optimizer.step()")
        lines = [line.strip() for line in update if line not in around]
        rows.append(f"| `{name}` | {cell([made, *lines])} |\n")
    return "".join(rows)


def current_page(binary: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        converter = Converter(binary, pathlib.Path(folder))
        choices = converter.inspect()["training"]
        return (
            HEAD
            + layer_rows(converter)
            + DIMENSIONS
            + value_rows(converter)
            + WEIGHTS
            + weight_rows(converter)
            + ACTIVATIONS_HEAD
            + activation_rows(converter)
            + LOSSES_HEAD
            + loss_rows(converter, choices["lossChoices"])
            + OPTIMIZERS_HEAD
            + optimizer_rows(converter, choices["optimizerChoices"])
            + FOOT
        )


def main(arguments: list[str]) -> int:
    if len(arguments) != 2 or arguments[0] != "--write":
        print(__doc__)
        return 64
    PAGE.write_text(current_page(arguments[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
