"""Loading what came out as a user would, running it, and comparing with Keras."""

from __future__ import annotations

import importlib.util
import itertools
import pathlib
import warnings

import numpy as np
import torch

_counter = itertools.count()


def import_model(out: pathlib.Path, manifest: dict):
    """The class of `model.py`; any warning of Python while importing it is an error."""
    path = out / manifest["entry"]["file"]
    spec = importlib.util.spec_from_file_location(f"model_{next(_counter)}", path)
    module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        spec.loader.exec_module(module)
    return getattr(module, manifest["entry"]["class"])


def load_state(out: pathlib.Path) -> dict:
    if (out / "model.pt").exists():
        return torch.load(out / "model.pt", weights_only=True)
    import safetensors.torch

    return safetensors.torch.load_file(out / "model.safetensors")


def load_network(out: pathlib.Path, manifest: dict, state: dict | None = None):
    network = import_model(out, manifest)()
    network.load_state_dict(load_state(out) if state is None else state, strict=True)
    return network.eval()


def is_half(dtype: str) -> bool:
    return dtype in ("float16", "bfloat16")


def widen(network):
    """Torch 1.13 cannot compute most of float16 on a CPU; its weights are kept, as float32."""
    halves = (torch.float16, torch.bfloat16)
    tensors = itertools.chain(network.parameters(), network.buffers())
    if any(tensor.dtype in halves for tensor in tensors):
        return network.float(), True
    return network, False


def run_network(network, manifest: dict, inputs: list, half: bool = False) -> list[np.ndarray]:
    """Runs on inputs in Keras's layout; outputs are in Keras's layout too."""
    tensors = []
    for port, array in zip(manifest["inputs"], inputs, strict=True):
        array = array.transpose(port["permute"]) if port["permute"] else array
        if half and array.dtype == np.float16:
            array = array.astype(np.float32)
        tensors.append(torch.from_numpy(np.ascontiguousarray(array)))
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("error")
        outputs = network(*tensors)
    outputs = list(outputs) if isinstance(outputs, (tuple, list)) else [outputs]
    arrays = [output.numpy() for output in outputs]
    return [
        array.transpose(np.argsort(port["permute"])) if port["permute"] else array
        for port, array in zip(manifest["outputs"], arrays, strict=True)
    ]


def allowed(kind: str, expected: np.ndarray, first: np.ndarray, second: np.ndarray) -> float:
    """The largest difference that passes; `first` and `second` are Keras's output of the first two
    inputs, which are of one shape."""
    if kind == "deep":
        return 1e-3 * float(np.abs(first - second).max())
    return 1e-5 * float(np.abs(expected).max()) + 1e-6


def differences(fixture, network, manifest, half=False, runs: int | None = None) -> list[str]:
    """A sentence for each output of each run (or the first `runs`) that is not Keras's."""
    found = []
    all_runs = fixture.runs()
    for number, (inputs, outputs) in enumerate(all_runs[:runs], 1):
        actual = run_network(network, manifest, inputs, half)
        if len(actual) != len(outputs):
            found.append(f"run {number}: {len(actual)} outputs, Keras has {len(outputs)}")
            continue
        for index, (a, b) in enumerate(zip(actual, outputs, strict=True)):
            where = f"run {number}, output {index}"
            if a.shape != b.shape:
                found.append(f"{where}: shape {a.shape}, Keras has {b.shape}")
                continue
            difference = np.abs(a.astype("float64") - b.astype("float64")).max()
            pair = (run[1][index].astype("float64") for run in all_runs[:2])
            bound = allowed(fixture.meta["kind"], b.astype("float64"), *pair)
            if not difference <= bound:
                found.append(f"{where}: differs by {difference:.3g}, allowed are {bound:.3g}")
    return found
