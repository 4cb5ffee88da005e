"""Weights without an architecture: Keras's names and axes, bytes unchanged, no `model.py`."""

import h5py
import numpy as np
import pytest
from support import fixtures
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
        matching = [value for path, value in stored.items() if same_name(path, key)]
        assert len(matching) == 1, f"{key} among {list(stored)}"
        assert np.array_equal(tensor.numpy(), matching[0]), key
        assert tensor.is_contiguous()
    rows = {row["key"]: row for row in manifest["weights"]}
    assert set(rows) == set(state)
    assert {row["transform"] for row in rows.values()} == {"identity"}


def same_name(path: str, key: str) -> bool:
    """Whether a dataset of the file is meant; a group's name may stand before the weight's."""
    plain = path.replace(":0", "").replace("/", ".")
    key = key.replace(":0", "").replace("/", ".")
    return plain == key or plain.endswith(f".{key}")


def test_assume_kinds(fixtures_root, conversions):
    fixture = fixtures.get(fixtures_root, "keras3/weights_only/conv_legacy_assume_kinds")
    done = conversions.get(fixture)
    assert done.code == 1, done.explain()
    stored = datasets(fixture.files[0])
    shapes = sorted(tensor.shape for tensor in nets.load_state(done.out).values())
    expected = []
    for value in stored.values():
        order = {2: (1, 0), 3: (2, 1, 0), 4: (3, 2, 0, 1), 5: (4, 3, 0, 1, 2)}.get(value.ndim)
        expected.append(value.transpose(order).shape if order else value.shape)
    assert shapes == sorted(expected)
    codes = [note["code"] for note in done.manifest["notes"]]
    kernels = sum(value.ndim >= 2 for value in stored.values())
    assert codes.count("assumed-kind") == kernels
