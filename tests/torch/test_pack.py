"""The committed pack is what the scripts make."""

from __future__ import annotations

import importlib.util
import pathlib
import zipfile

import numpy as np
import pytest

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures"


def load_pack_script():
    spec = importlib.util.spec_from_file_location("fixture_pack", FIXTURES / "pack.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PACK = load_pack_script()
MEND = "; run tests/fixtures/make.py, then again with --pack"


@pytest.mark.parametrize("family", PACK.CHOICE)
def test_pack_is_of_these_scripts(family):
    with zipfile.ZipFile(PACK.FOLDER / f"{family}.zip") as archive:
        assert archive.read("stamp").decode() == PACK.scripts_hash(family), f"{family} is old{MEND}"


@pytest.mark.parametrize("family", PACK.CHOICE)
def test_pack_holds_what_is_made(family, fixtures_root):
    """Another machine's Keras may round otherwise; names, texts and weights are the same."""
    made = PACK.members(fixtures_root, family)
    with zipfile.ZipFile(PACK.FOLDER / f"{family}.zip") as archive:
        packed = {name: archive.read(name) for name in archive.namelist()}
    assert sorted(packed) == sorted(made), f"{family} holds other files{MEND}"
    for name in made:
        if name.endswith(".json"):
            assert packed[name] == made[name], f"{name} differs{MEND}"
        elif name.endswith(".bin"):
            a, b = (np.frombuffer(blob[name], "<f4") for blob in (packed, made))
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5, err_msg=name)


def test_pack_is_small():
    sizes = [path.stat().st_size for path in PACK.FOLDER.glob("*.zip")]
    assert len(sizes) == len(PACK.CHOICE)
    assert sum(sizes) <= PACK.LARGEST
