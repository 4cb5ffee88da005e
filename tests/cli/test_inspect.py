"""`tensorferry inspect`: what is in a file, without reading a tensor."""

import json

import pytest
from support import fixtures


def inspect(run, *files):
    done = run("inspect", *files, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_members(run, model):
    found = inspect(run, model)
    assert found["name"] == "net"
    assert found["container"] == "h5"
    assert found["kerasVersion"] == "3.15.1"
    assert found["generation"] == 3
    assert found["kind"] == "Sequential"
    assert found["inputs"][0]["shape"] == [None, 13, 11, 1]
    assert found["outputs"][0]["shape"] == [None, 3]
    assert found["bytes"] == 4 * found["parameters"]  # of the weights, float32


def test_parameters_and_layers(run, model):
    """Conv 3·2·1·4+4, Conv 2·3·4·5+5, Dense, Dense: as `model.summary()` counts."""
    found = inspect(run, model)
    by_name = {layer["class"]: layer for layer in found["layers"]}
    convs = [layer for layer in found["layers"] if layer["class"] == "Conv2D"]
    assert [layer["parameters"] for layer in convs] == [28, 125]
    assert by_name["Dropout"]["parameters"] == 0
    total = sum(layer["parameters"] for layer in found["layers"])
    assert found["parameters"] == total
    assert found["trainableParameters"] == total


def test_frozen_parameters(run, fixtures_root):
    found = inspect(run, fixtures_root / "keras3/sequential/frozen_layer.h5")
    assert found["parameters"] == 5 * 6 + 6 + 6 * 3 + 3
    assert found["trainableParameters"] == 6 * 3 + 3
    trainable = {layer["name"]: layer["trainable"] for layer in found["layers"]}
    assert trainable["frozen"] is False
    assert trainable["free"] is True


def test_text(run, model):
    done = run("inspect", model)
    assert done.returncode == 0
    for word in ("net", "3.15.1", "Conv2D", "Dense", "MaxPooling2D"):
        assert word in done.stdout, word
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("generation", (2, 3))
def test_shapes_of_every_fixture(generation, run, fixtures_root):
    """Inputs and outputs as Keras itself says them, for a choice of each family."""
    seen = set()
    for fixture in fixtures.find(fixtures_root, ("single",)):
        meta = fixture.meta
        key = (meta["family"], len([k for k in seen if k[0] == meta["family"]]))
        if meta["generation"] != generation or key[1] >= 3:
            continue
        seen.add(key)
        found = inspect(run, *fixture.files)
        for side in ("inputs", "outputs"):
            shapes = [port["shape"] for port in found[side]]
            assert shapes == [port["shape"] for port in meta[side]], fixture.id


def test_hostile_names_are_shown_as_text(run, fixtures_root):
    """No control character of a name reaches a terminal."""
    for name in ("name_newline", "name_bidi", "name_code"):
        done = run("inspect", fixtures_root / f"keras3/names/{name}.h5")
        assert done.returncode == 0, done.stderr
        assert "\u202e" not in done.stdout
        assert "\nraise SystemExit" not in done.stdout
