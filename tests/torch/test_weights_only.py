"""Weights without an architecture: Keras's names and axes, bytes unchanged, no `model.py`."""

import h5py
import numpy as np
import pytest
from support import convert, fixtures
from support import network as nets

FORMS = ("keras", "legacy")


def datasets(path) -> dict[str, np.ndarray]:
    found = {}
    with h5py.File(path, "r") as file:

        def visit(name, item):
            if isinstance(item, h5py.Dataset):
                found[name] = item[()]

        file.visititems(visit)
    return found


@pytest.mark.parametrize("weights", ("safetensors", "pt"))
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ("conv", "nested", "frozen"))
@pytest.mark.parametrize("generation", (2, 3))
def test_bytes_are_unchanged(generation, name, form, weights, fixtures_root, conversions):
    fixture = fixtures.get(fixtures_root, f"keras{generation}/weights_only/{name}_{form}")
    done = conversions.get(fixture, "--weights", weights)
    assert done.code == 1, done.explain()
    assert not (done.out / "model.py").exists()
    manifest = done.manifest
    assert manifest["notes"][0]["code"] == "architecture-missing"
    assert manifest["source"]["kind"] == "weights"
    state = nets.load_state(done.out)
    stored = datasets(fixture.files[0])
    assert len(state) == len(stored)
    for key, tensor in state.items():
        path = path_of(key, list(stored))
        assert np.array_equal(tensor.numpy(), stored[path]), key
        assert tensor.is_contiguous()
    rows = {row["key"]: row for row in manifest["weights"]}
    assert set(rows) == set(state)
    assert {row["transform"] for row in rows.values()} == {"identity"}


@pytest.mark.parametrize("weights", ("safetensors", "pt"))
def test_empty_and_scalar(weights, binary, tmp_path):
    """Keras makes no weight without elements, but a file may hold one."""
    stored = {
        "none": np.zeros((0, 4), np.float32),
        "none_between": np.zeros((3, 0, 2), np.float32),
        "scalar": np.array(2.5, np.float32),
        "count": np.array(7, np.int64),
        "some": np.arange(6, dtype=np.float32).reshape(3, 2),
    }
    with h5py.File(tmp_path / "net.weights.h5", "w") as file:
        file.attrs["layer_names"] = [b"odd"]
        group = file.create_group("odd")
        group.attrs["weight_names"] = [name.encode() for name in stored]
        for name, value in stored.items():
            group[name] = value
    out = tmp_path / "out"
    arguments = ("--to", "pytorch", "--weights", weights, "-o", out)
    done = convert.run(binary, "convert", tmp_path / "net.weights.h5", *arguments)
    assert done.returncode == 1, done.stdout + done.stderr
    state = nets.load_state(out)
    assert {key.split("/")[-1] for key in state} == set(stored)
    for key, tensor in state.items():
        value = stored[key.split("/")[-1]]
        assert tuple(tensor.shape) == value.shape
        assert np.array_equal(tensor.numpy(), value)


def path_of(key: str, paths: list[str]) -> str:
    """The dataset that is meant; a group's name may stand before the weight's own."""
    if key in paths:
        return key
    found = [path for path in paths if plain(path).endswith(f".{plain(key)}")]
    assert len(found) == 1, f"{key} among {paths}"
    return found[0]


def plain(name: str) -> str:
    return name.replace(":0", "").replace("/", ".")


def test_assume_kinds(fixtures_root, conversions):
    fixture = fixtures.get(fixtures_root, "keras3/weights_only/conv_legacy_assume_kinds")
    done = conversions.get(fixture)
    assert done.code == 1, done.explain()
    stored = datasets(fixture.files[0])
    shapes = sorted(tuple(tensor.shape) for tensor in nets.load_state(done.out).values())
    orders = {2: (1, 0), 3: (2, 1, 0), 4: (3, 2, 0, 1), 5: (4, 3, 0, 1, 2)}
    kernels = {path for path in stored if "kernel" in path.split("/")[-1]}
    expected = [
        value.transpose(orders[value.ndim]).shape if path in kernels else value.shape
        for path, value in stored.items()
    ]
    assert shapes == sorted(expected)
    codes = [note["code"] for note in done.manifest["notes"]]
    assert codes.count("assumed-kind") == len(kernels)
