"""Forms of HDF5 that Keras does not write but other tools do: the same model comes out of each. Our
HDF5 is trimmed (wasm/hdf5/read_only.txt), so what reads them must be shown to be there."""

import pathlib
import sys

import numpy as np
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fixtures"))

import hdf5  # noqa: E402


def resizable(axes):
    """Chunks of few elements in datasets that can grow along their first `axes` axes."""

    def make(group, name, data):
        if data.ndim == 0:
            group.create_dataset(name, data=data)
            return
        limits = tuple(None if axis < axes else extent for axis, extent in enumerate(data.shape))
        chunks = tuple(min(2, extent) for extent in data.shape)
        group.create_dataset(name, data=data, chunks=chunks, maxshape=limits)

    return make


def among_others(attributes, name, value):
    """Attributes beside many, and one that fits into no block of a heap."""
    attributes.create(name, value)
    for i in range(20):
        attributes[f"other {i}"] = "x" * i
    attributes["huge"] = np.zeros(70_000, np.uint8)


FORMS = {
    "pages": {"fs_strategy": "page", "fs_persist": True},
    "latest pages": {"fs_strategy": "page", "fs_persist": True, "libver": "latest"},
    "free space kept": {"fs_strategy": "fsm", "fs_persist": True},
    "dense attributes": {"make_attribute": among_others, "libver": "latest"},
    "extensible arrays": {"make_dataset": resizable(1), "libver": "latest"},
    "trees of version 2": {"make_dataset": resizable(9), "libver": "latest"},
    "trees of version 1": {"make_dataset": resizable(9), "libver": "earliest"},
    "creation order": {"track_order": True, "libver": "v110"},
}


def converted(run, source, out):
    done = run("convert", source, "--to", "pytorch", "-o", out)
    assert done.returncode == 0, done.stdout + done.stderr
    return [(out / name).read_bytes() for name in ("model.py", "model.safetensors")]


@pytest.mark.parametrize("form", FORMS)
def test_form(form, fixtures_root, run, tmp_path):
    plain = fixtures_root / "keras3/containers/plain.h5"
    target = tmp_path / "plain.h5"
    hdf5.rewrite(plain, target, **FORMS[form])
    assert converted(run, target, tmp_path / "rewritten") == converted(
        run, plain, tmp_path / "plain"
    )
