"""The `training.py` of a conversion computes Keras's losses and gradients and makes its updates.

The fixtures are made by tests/fixtures/training.py. What torch must have (gradients, the weights
after the steps) is a Keras model too, and comes into torch's layout by converting it.
"""

from __future__ import annotations

import importlib.util
import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import torch
from support import convert
from support import manifest as contract
from support import network as nets

# Of the largest gradient of a weight.
GRADIENT = 1e-4
# Of the largest update of a weight.
UPDATE = 1e-3
# Of the weight: rounding, for a weight that hardly moves.
ROUNDING = 1e-6


# Cases of which a part is not in training.py, and the note that says so.
LEFT_OUT = {
    "end_linear": "loss-unsupported",
    "end_nested": "loss-of-probabilities",
    "end_regularized": "loss-unsupported",
    "net_activity": "regularizer-unsupported",
    "optimizer_known_name": "optimizer-unsupported",
}


class Case:
    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.meta = json.loads((folder / "meta.json").read_text())
        self.id = f"keras{self.meta['generation']}/{self.meta['name']}"

    def file(self, name: str, container: str | None = None) -> pathlib.Path:
        return (
            self.folder
            / f"{name}.{container or ('keras' if self.meta['generation'] == 3 else 'h5')}"
        )

    def data(self) -> dict:
        with np.load(self.folder / "data.npz") as arrays:
            return dict(arrays)


def pytest_generate_tests(metafunc):
    root = pathlib.Path(metafunc.config.getoption("--fixture-root")) / "training"
    cases = [Case(path.parent) for path in sorted(root.glob("keras[23]/*/meta.json"))]
    written = [case for case in cases if case.meta["refused"] is None]
    chosen = {
        "case": [case for case in written if case.meta["name"] not in LEFT_OUT],
        "left_out": [case for case in written if case.meta["name"] in LEFT_OUT],
        "refused": [case for case in cases if case.meta["refused"] is not None],
    }
    for name, found in chosen.items():
        if name in metafunc.fixturenames:
            pairs = [(case, container) for case in found for container in case.meta["containers"]]
            ids = [f"{case.id}.{container}" for case, container in pairs]
            metafunc.parametrize((name, "container"), pairs, ids=ids)


@pytest.fixture(scope="session")
def converted_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("training")


@pytest.fixture(scope="session")
def converted(binary, converted_folder):
    """path of a Keras file → the folder that it is converted to, once."""
    folder, done = converted_folder, {}

    def get(path: pathlib.Path) -> pathlib.Path:
        if path not in done:
            out = folder / f"{len(done):05d}"
            ran = convert.run(binary, "convert", path, "--to", "pytorch", "-o", out)
            assert ran.returncode == 0, ran.stdout + ran.stderr
            done[path] = out
        return done[path]

    return get


class Trainer:
    """A converted model and its `training.py`, imported as a user would."""

    def __init__(self, out: pathlib.Path):
        self.out = out
        self.manifest = contract.read(out)
        self.model = nets.load_network(out, self.manifest).train()
        spec = importlib.util.spec_from_file_location(f"training_{out.name}", out / "training.py")
        self.module = importlib.util.module_from_spec(spec)
        sys.path.insert(0, str(out))
        try:
            spec.loader.exec_module(self.module)
        finally:
            sys.path.remove(str(out))
            sys.modules.pop("model", None)

    def optimizer(self):
        return self.module.make_optimizer(self.model)

    def batch(self, data: dict, step: int) -> tuple:
        """(inputs, targets) or (inputs, targets, weights), in torch's layout; a tuple where there
        are several."""

        def arrays(role, ports=None):
            found, i = [], 0
            while f"{role}{step}_{i}" in data:
                array = data[f"{role}{step}_{i}"]
                permute = ports[i]["permute"] if ports else None
                # A class for each pixel has no channels to move.
                if permute and len(permute) == array.ndim:
                    array = array.transpose(permute)
                found.append(torch.from_numpy(np.ascontiguousarray(array)))
                i += 1
            return found[0] if len(found) == 1 else tuple(found)

        batch = (arrays("x", self.manifest["inputs"]), arrays("y", self.manifest["outputs"]))
        weights = arrays("w")
        return batch if isinstance(weights, tuple) and not weights else (*batch, weights)

    def loss(self, inputs, targets, weights=None) -> float:
        run = getattr(self.model, "forward_logits", self.model)
        outputs = run(*inputs) if isinstance(inputs, tuple) else run(inputs)
        with torch.no_grad():
            return float(self.module.criterion(outputs, targets, weights))

    def gradients(self, batch) -> dict[str, torch.Tensor]:
        """As they come from the loss, before anything clips them."""
        found = {}
        handles = [
            parameter.register_hook(lambda grad, name=name: found.update({name: grad.clone()}))
            for name, parameter in self.model.named_parameters()
            if parameter.requires_grad
        ]
        self.module.train_epoch(self.model, self.optimizer(), [batch])
        for handle in handles:
            handle.remove()
        return found


def state_of(out: pathlib.Path) -> dict[str, np.ndarray]:
    return {key: tensor.numpy().astype("float64") for key, tensor in nets.load_state(out).items()}


def test_loss(case, container, converted):
    trainer, data = Trainer(converted(case.file("fresh", container))), case.data()
    expected = float(data["loss"])
    inputs, targets, *weights = trainer.batch(data, 0)
    forms = [weights]
    if weights and not isinstance(weights[0], tuple) and weights[0].dim() == 1:
        forms.append([weights[0].unsqueeze(1)])  # (N, 1), which Keras takes as well
    for form in forms:
        value = trainer.loss(inputs, targets, *form)
        assert abs(value - expected) <= 1e-5 * abs(expected) + 1e-6


def test_gradients(case, container, converted):
    trainer = Trainer(converted(case.file("fresh", container)))
    expected = state_of(converted(case.file("gradients")))
    found = trainer.gradients(trainer.batch(case.data(), 0))
    faults = []
    for name, parameter in trainer.model.named_parameters():
        want = expected[name]
        if not parameter.requires_grad:
            # Frozen in Keras, or not there: no gradient.
            assert not want.any(), name
            continue
        have = found[name].numpy().astype("float64") if name in found else np.zeros_like(want)
        have *= case.meta["accumulates"]  # each batch gives its share of the mean
        difference, largest = np.abs(have - want).max(), np.abs(want).max()
        if not difference <= GRADIENT * largest + 1e-9:
            faults.append(f"{name}: differs by {difference:.3g}, the largest is {largest:.3g}")
    assert faults == []


def unbiased(case: Case, before: dict, after: dict) -> dict:
    """Keras 3 puts the batch's biased variance into a moving variance; torch (as Keras 2, for
    images) the unbiased one: what the steps have added is n / (n - 1) times as much."""
    if case.meta["norm"] is None or case.meta["generation"] == 2:
        return after
    momentum, size = case.meta["norm"]
    key = "norm.running_var"
    left = momentum ** case.meta["steps"] * before[key]
    return {**after, key: left + (after[key] - left) * size / (size - 1)}


def differences(trainer: Trainer, before: dict, after: dict) -> list[str]:
    """A sentence for each weight that is not where Keras's is."""
    found = []
    for key, value in trainer.model.state_dict().items():
        if key.endswith("num_batches_tracked"):
            continue
        have, want = value.numpy().astype("float64"), after[key]
        difference = np.abs(have - want).max()
        update = np.abs(want - before[key]).max()
        if not difference <= UPDATE * update + ROUNDING * np.abs(want).max():
            found.append(f"{key}: differs by {difference:.3g}, was to move by {update:.3g}")
    return found


def test_weights(case, container, converted):
    out = converted(case.file("fresh", container))
    trainer, data = Trainer(out), case.data()
    batches = [trainer.batch(data, step) for step in range(case.meta["steps"])]
    trainer.module.train_epoch(trainer.model, trainer.optimizer(), batches)
    before, after = state_of(out), state_of(converted(case.file("after")))
    assert differences(trainer, before, unbiased(case, before, after)) == []


def test_black(converted, converted_folder, request):
    """training.py is formatted as black would."""
    root = pathlib.Path(request.config.getoption("--fixture-root")) / "training"
    for file in sorted(root.glob("keras[23]/*/trained.*")) + sorted(root.glob("keras3/*/fresh.h5")):
        converted(file)
    paths = sorted(str(path) for path in converted_folder.glob("*/training.py"))
    command = [sys.executable, "-m", "black", "--check", "--quiet", "--diff", *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[:4000] + done.stderr[:2000]


def test_left_out(left_out, container, converted):
    """What training.py does not do has a note; where that is not the loss, the loss is right."""
    out = converted(left_out.file("fresh", container))
    code = LEFT_OUT[left_out.meta["name"]]
    assert code in [note["code"] for note in contract.read(out)["notes"]]
    if code.startswith("loss-"):
        return
    trainer, data = Trainer(out), left_out.data()
    value, expected = trainer.loss(*trainer.batch(data, 0)), float(data["loss"])
    assert abs(value - expected) <= 1e-5 * abs(expected) + 1e-6


def test_chosen(binary, request, tmp_path):
    """`--loss` and `--optimizer` for a file that was not compiled, or otherwise."""
    root = pathlib.Path(request.config.getoption("--fixture-root")) / "training" / "keras3"
    compiled, chosen, other = (tmp_path / name for name in ("compiled", "chosen", "other"))
    choice = ("--loss", "mse", "--optimizer", "adam")
    for file, out, options in (
        (root / "optimizer_adam" / "fresh.h5", compiled, ()),
        (root / "optimizer_adam" / "after.keras", chosen, choice),
        (root / "optimizer_sgd_cosine" / "trained.keras", other, choice),
    ):
        ran = convert.run(binary, "convert", file, "--to", "pytorch", "-o", out, *options)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    expected = (compiled / "training.py").read_text()
    assert (chosen / "training.py").read_text() == expected
    assert (other / "training.py").read_text() == expected
    assert not (other / "optimizer.pt").exists()


def test_chosen_in_part(binary, request, tmp_path):
    dense = pathlib.Path(request.config.getoption("--fixture-root")) / "keras3" / "dense"
    file = min(dense.glob("*.h5"))  # never compiled
    for option, value, code, is_written in (
        ("--loss", "mean_squared_error", "optimizer-missing", True),
        ("--optimizer", "Adam", "loss-missing", False),
    ):
        out = tmp_path / code
        options = ("--to", "pytorch", "-o", out, option, value)
        assert convert.run(binary, "convert", file, *options).returncode == 0
        assert code in [note["code"] for note in contract.read(out)["notes"]]
        assert (out / "training.py").exists() == is_written


def test_names_that_can_be_chosen(binary, request):
    root = pathlib.Path(request.config.getoption("--fixture-root")) / "training" / "keras3"
    ran = convert.run(binary, "inspect", root / "two_dict" / "fresh.keras", "--json")
    training = json.loads(ran.stdout)["training"]
    assert training["losses"] == ["CategoricalCrossentropy", "MeanAbsoluteError"]
    assert training["optimizer"] == "SGD"
    for option, names in (("loss", "lossChoices"), ("optimizer", "optimizerChoices")):
        wrong = convert.run(
            binary, "convert", "x.h5", "--to", "pytorch", "-o", "y", f"--{option}", "none of them"
        )
        assert wrong.returncode == 64
        assert all(name in wrong.stderr for name in training[names])


def test_refused(refused, container, converted):
    """A loss that isn't Keras's own is named, and nothing is written in its place."""
    out = converted(refused.file("fresh", container))
    assert not (out / "training.py").exists()
    notes = [note["text"] for note in contract.read(out)["notes"]]
    assert any(refused.meta["refused"] in note for note in notes), notes
