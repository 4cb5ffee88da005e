"""What cannot be converted is named with its reason. To PyTorch a stub stands in for it (exit 1)
and every other layer is converted; TF.js gets nothing (exit 2), and all such layers are named."""

import json
import shutil

import h5py
import pytest
from support import fixtures

# What each class says of itself; the text before it is the layer's name.
CLASSES = {
    "DenseFeatures": "feature columns",
    "FlaxLayer": "code of another framework",
    "HashedCrossing": "strings",
    "Hashing": "strings",
    "JaxLayer": "code of another framework",
    "Lambda": "Python code, which is never run",
    "MaxNumBoundingBoxes": "bounding boxes",
    "StringLookup": "strings",
    "TFSMLayer": "SavedModel",
    "TextVectorization": "strings",
    "TorchModuleWrapper": "code of another framework",
    "Layer": "base class",
    "Wrapper": "base class",
    "AbstractRNNCell": "base class",
    "SomebodysAttention": "not supported",
}
GENERATIONS = ("keras2", "keras3")


def layers_of(config: dict) -> list[dict]:
    return config["config"]["layers"]


@pytest.fixture
def with_class(fixtures_root, tmp_path):
    """Real Keras's small_cnn whose Dropout, and with `two` its pooling, are of another class."""

    def make(generation, class_name, two=False):
        fixture = fixtures.get(fixtures_root, f"{generation}/sequential/small_cnn")
        path = tmp_path / "model.h5"
        shutil.copyfile(fixture.files[0], path)
        with h5py.File(path, "a") as file:
            config = json.loads(file.attrs["model_config"])
            changed = []
            for layer in layers_of(config):
                if layer["class_name"] in ("Dropout", "MaxPooling2D")[: 1 + two]:
                    layer["class_name"] = class_name
                    layer["config"] = {"name": layer["config"]["name"], "trainable": True}
                    changed.append(layer["config"]["name"])
            names = [layer["config"]["name"] for layer in layers_of(config)]
            file.attrs["model_config"] = json.dumps(config)
        return path, changed, names

    return make


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("class_name", CLASSES)
def test_pytorch_has_a_stub(class_name, generation, with_class, run, tmp_path):
    path, (changed,), _ = with_class(generation, class_name)
    out = tmp_path / "out"
    done = run("convert", path, "--to", "pytorch", "-o", out)
    assert done.returncode == 1, done.stderr
    manifest = json.loads((out / "manifest.json").read_text())
    notes = [note for note in manifest["notes"] if note["code"] == "layer-unsupported"]
    assert [note["layer"] for note in notes] == [changed]
    assert class_name in notes[0]["text"] and CLASSES[class_name] in notes[0]["text"]
    source = (out / "model.py").read_text()
    assert source.count("NotConverted(") == 2  # its class, and where it is declared
    for module in ("nn.Conv2d(1, 4", "nn.Conv2d(4, 5", "nn.Linear(", "nn.Linear(8, 3"):
        assert module in source, module


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("class_name", CLASSES)
def test_tfjs_gets_nothing(class_name, generation, with_class, run, tmp_path):
    path, changed, _ = with_class(generation, class_name, two=True)
    out = tmp_path / "out"
    done = run("convert", path, "--to", "tfjs", "-o", out)
    assert done.returncode == 2
    assert not out.exists() or not any(out.iterdir())
    assert len(changed) == 2
    for name in changed:
        assert name in done.stderr
    assert class_name in done.stderr and CLASSES[class_name] in done.stderr


def test_a_refused_configuration_has_a_stub(refused, run, tmp_path):
    out = tmp_path / "out"
    done = run("convert", *refused.files, "--to", "pytorch", "-o", out)
    text = done.stdout + done.stderr
    assert done.returncode == refused.meta["exit"], text
    for word in refused.meta["words"]:
        assert word in text, word
    if done.returncode == 1:
        notes = json.loads((out / "manifest.json").read_text())["notes"]
        assert "layer-unsupported" in [note["code"] for note in notes]
        assert "NotConverted(" in (out / "model.py").read_text()
