"""`--match`: the weights of a Keras model in the PyTorch model that a user already has. The real
modules of torchvision, and of timm where it is installed, compute what Keras computes."""

import importlib.util
import json
import pathlib
import pickle
import sys

import numpy as np
import pytest
import torch
import torchvision
from matching import (
    TOLERANCE,
    check_equal,
    differ,
    matched,
    outputs_of,
    rows_of,
    run_of,
    script,
    verified,
)
from safetensors.torch import save_file
from support import convert, fixtures
from support import network as nets

# Fixture → the models that it is matched with.
TARGETS = {
    "keras2/deep/densenet121": ("torchvision:densenet121",),
    "keras2/deep/mobilenetv2": ("torchvision:mobilenet_v2",),
    "keras2/deep/resnet50": ("torchvision:resnet50",),
    "keras3/deep/densenet121": ("torchvision:densenet121", "timm:densenet121"),
    "keras3/deep/efficientnetb0": ("torchvision:efficientnet_b0", "timm:tf_efficientnet_b0"),
    "keras3/deep/inceptionv3": ("torchvision:inception_v3", "timm:inception_v3"),
    "keras3/deep/mobilenetv2": ("torchvision:mobilenet_v2", "timm:mobilenetv2_100"),
    "keras3/deep/resnet50": ("torchvision:resnet50", "timm:resnet50"),
    "keras3/deep/xception": ("timm:legacy_xception",),
    "keras3/matching/convnext_tiny": ("torchvision:convnext_tiny", "timm:convnext_tiny"),
    "keras3/matching/efficientnet_v2_s": (
        "torchvision:efficientnet_v2_s",
        "timm:tf_efficientnetv2_s",
    ),
    "keras3/matching/mobilenet": ("timm:mobilenetv1_100",),
    "keras3/matching/mobilenet_v2_any_size": ("torchvision:mobilenet_v2",),
    "keras3/matching/mobilenet_v2_no_top": ("torchvision:mobilenet_v2",),
    "keras3/matching/mobilenet_v2_odd_size": ("torchvision:mobilenet_v2",),
    "keras3/matching/mobilenet_v2_divided": ("torchvision:mobilenet_v2",),
    "keras3/matching/mobilenet_v2_within": ("torchvision:mobilenet_v2",),
    "keras3/matching/mobilenet_v3_small": (
        "torchvision:mobilenet_v3_small",
        "timm:tf_mobilenetv3_small_100",
    ),
    "keras3/matching/vgg16_no_top": ("torchvision:vgg16", "timm:vgg16"),
    "keras3/matching/mobilenet_v3_small_no_top": (
        "torchvision:mobilenet_v3_small",
        "timm:tf_mobilenetv3_small_100",
    ),
}
HAS_TIMM = importlib.util.find_spec("timm") is not None
PAIRS = [
    (fixture, target)
    for fixture, targets in TARGETS.items()
    for target in targets
    if HAS_TIMM or not target.startswith("timm:")
]


@pytest.mark.parametrize(("name", "target"), PAIRS, ids=["-".join(pair) for pair in PAIRS])
def test_equal(name, target, binary, fixtures_root, tmp_path):
    check_equal(binary, tmp_path, fixtures.get(fixtures_root, name), target)


def test_without_the_lines_it_is_another(binary, fixtures_root, tmp_path):
    """The lines that set the architecture right are needed: the comparison can fail."""
    fixture = fixtures.get(fixtures_root, "keras3/deep/resnet50")
    done = matched(binary, tmp_path, fixture, "torchvision:resnet50")
    model = torchvision.models.resnet50()
    model.load_state_dict(nets.load_state(done.out))
    x, expected = run_of(fixture)
    with torch.no_grad():
        assert differ(model.eval()(x).numpy(), expected) > 10 * TOLERANCE


def test_loaded_twice_and_saved_whole(binary, fixtures_root, tmp_path, monkeypatch):
    """A second load changes nothing, and a model with its lines can be pickled."""
    fixture = fixtures.get(fixtures_root, "keras3/deep/resnet50")
    done = matched(binary, tmp_path, fixture, "torchvision:resnet50")
    load = script(done.out)
    monkeypatch.setitem(sys.modules, load.__name__, load)
    model = load.load_into(load.load_model())
    path = tmp_path / "whole.pt"
    torch.save(model, path)
    options = {} if torch.__version__ < "2" else {"weights_only": False}
    x, expected = run_of(fixture)
    for one in (model, torch.load(path, **options)):
        with torch.no_grad():
            assert differ(one(x).numpy(), expected) <= TOLERANCE


def test_transforms_are_said_to_be_wrong(binary, fixtures_root, tmp_path):
    fixture = fixtures.get(fixtures_root, "keras3/deep/resnet50")
    done = matched(binary, tmp_path, fixture, "torchvision:resnet50")
    assert "WRONG" in done.stdout
    assert "BGR" in (done.out / "README.md").read_text()


@pytest.mark.parametrize("weights", ["pt", "safetensors"])
@pytest.mark.parametrize("form", ["plain", "checkpoint", "safetensors"])
def test_state_dict_of_ones_own(form, weights, binary, fixtures_root, tmp_path):
    """ResNet50 as torch's file says it; its strides are set by hand, as load.py's remarks say."""
    fixture = fixtures.get(fixtures_root, "keras3/deep/resnet50")
    own = torchvision.models.resnet50()
    path = tmp_path / ("own.safetensors" if form == "safetensors" else "own.pt")
    state = own.state_dict()
    if form == "safetensors":
        # The format keeps its tensors by name.
        save_file(state, path)
    elif form == "checkpoint":
        optimizer = torch.optim.Adam(own.parameters()).state_dict()
        torch.save({"epoch": 3, "best": 0.5, "state_dict": state, "optimizer": optimizer}, path)
    else:
        torch.save(state, path)
    done = matched(binary, tmp_path, fixture, str(path), "--weights", weights)
    assert done.code == 0, done.explain()
    load = script(done.out)
    assert "layer2.0.conv1: stride 2x2" in load.__doc__
    for block in (own.layer2[0], own.layer3[0], own.layer4[0]):
        block.conv1.stride, block.conv2.stride = (2, 2), (1, 1)
    assert {row["key"] for row in done.manifest["weights"]} == set(state)
    given = {row["module"]: row["given"] for row in rows_of(done)}
    assert given["layer1.0.conv2"] == "relu(layer1.0.bn1)"
    assert given["layer1.1.conv1"] == "relu(add(layer1.0.downsample.1, layer1.0.bn3))"
    x, expected = run_of(fixture)
    assert differ(outputs_of(load, load.load_into(own), x).numpy(), expected) <= TOLERANCE


def test_epsilon_is_assumed_with_a_warning(binary, fixtures_root, tmp_path):
    fixture = fixtures.get(fixtures_root, "keras3/deep/mobilenetv2")
    path = tmp_path / "own.pt"
    torch.save(torchvision.models.mobilenet_v2().state_dict(), path)
    done = matched(binary, tmp_path, fixture, str(path))
    warnings = [n["code"] for n in done.manifest["notes"] if n["severity"] == "warning"]
    assert sorted(warnings) == ["match-ambiguous", "match-epsilon-assumed", "match-unverified"]


class Evil:
    """What a pickle may do where it is executed."""

    def __reduce__(self):
        return (pathlib.Path.touch, (pathlib.Path("/tmp/tensorferry-was-here"),))


@pytest.mark.parametrize("what", ["model", "callable", "legacy", "cut"])
def test_pickles_are_not_executed(what, binary, fixtures_root, tmp_path):
    fixture = fixtures.get(fixtures_root, "keras3/deep/mobilenetv2")
    path = tmp_path / "own.pt"
    model = torch.nn.Linear(2, 3)
    if what == "model":
        torch.save(model, path)
    elif what == "callable":
        torch.save({"a": torch.ones(2), "b": Evil()}, path)
    elif what == "legacy":
        torch.save(model.state_dict(), path, _use_new_zipfile_serialization=False)
    else:
        torch.save(model.state_dict(), path)
        path.write_bytes(path.read_bytes()[:-40])
    done = matched(binary, tmp_path, fixture, str(path))
    assert done.code == 2, done.explain()
    assert not pathlib.Path("/tmp/tensorferry-was-here").exists()
    if what in ("model", "callable"):
        assert "nothing of a pickle is executed" in done.stderr
    # It would have been by Python.
    if what == "callable":
        with pytest.raises(pickle.UnpicklingError):
            torch.load(path, weights_only=True)


def test_mapping_given_back(binary, fixtures_root, tmp_path):
    """A mapping that is given back unchanged changes nothing; a corrected one is followed."""
    fixture = fixtures.get(fixtures_root, "keras3/deep/resnet50")
    target = "torchvision:resnet50"
    first = matched(binary, tmp_path / "a", fixture, target)
    rows = rows_of(first)
    path = tmp_path / "map.json"
    path.write_text(json.dumps(rows))
    second = matched(binary, tmp_path / "b", fixture, target, "--mapping", path)
    plain = nets.load_state(first.out)
    for key, value in nets.load_state(second.out).items():
        assert torch.equal(plain[key], value)
    modules = {row["layer"]: row for row in rows}
    one, other = modules["conv2_block2_1_conv"], modules["conv2_block3_1_conv"]
    one["module"], other["module"] = other["module"], one["module"]
    path.write_text(json.dumps([one, other]))
    third = matched(binary, tmp_path / "c", fixture, target, "--mapping", path)
    swapped = nets.load_state(third.out)
    assert torch.equal(plain["layer1.1.conv1.weight"], swapped["layer1.2.conv1.weight"])
    x, expected = run_of(fixture)
    load = script(third.out)
    assert differ(outputs_of(load, load.load_model(), x).numpy(), expected) > TOLERANCE


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([{"layer": "conv1_conv", "module": "fc"}], "conv1_conv"),
        ([{"layer": "conv1", "module": "conv1"}], "conv1"),
        ([{"layer": "conv1_conv", "module": "conv9"}], "conv9"),
        ([{"layer": "conv1_conv"}], "row"),
        ({"conv1_conv": "conv1"}, "list"),
    ],
)
def test_mapping_refused(rows, says, binary, fixtures_root, tmp_path):
    fixture = fixtures.get(fixtures_root, "keras3/deep/resnet50")
    path = tmp_path / "map.json"
    path.write_text(json.dumps(rows))
    done = matched(binary, tmp_path, fixture, "torchvision:resnet50", "--mapping", path)
    assert done.code == 2
    assert says in done.stderr


def test_what_finds_no_place(binary, fixtures_root, tmp_path):
    """A Dense more than torchvision has: named first, exit 1, and the rest is there."""
    fixture = fixtures.get(fixtures_root, "keras3/matching/mobilenet_v2_more_dense")
    done = matched(binary, tmp_path, fixture, "torchvision:mobilenet_v2")
    assert done.code == 1
    first = rows_of(done)[0]
    assert first["layer"] == "dense" and first["module"] is None
    refused = [n for n in done.manifest["notes"] if n["severity"] == "refused"]
    assert refused[0]["code"] == "match-layer-unplaced" and refused[0]["layer"] == "dense"
    model = script(done.out).load_model()
    assert isinstance(model, torchvision.models.MobileNetV2)


def test_vgg16_features(binary, fixtures_root, tmp_path):
    """At another size its first Dense has other rows: all but this one are in their places."""
    fixture = fixtures.get(fixtures_root, "keras3/deep/vgg16")
    done = matched(binary, tmp_path, fixture, "torchvision:vgg16")
    assert done.code == 1
    unplaced = [row["layer"] or row["module"] for row in rows_of(done) if row["certainty"] == 0]
    assert unplaced == ["fc1", "classifier.0"]
    state = nets.load_state(done.out)
    whole = convert.run(binary, "convert", *fixture.files, "--to", "pytorch", "-o", tmp_path / "w")
    assert whole.returncode == 0
    plain = nets.load_state(tmp_path / "w")
    assert torch.equal(state["features.28.weight"], plain["block5_conv3.weight"])
    assert torch.equal(state["classifier.6.bias"], plain["predictions.bias"])


class Stack(torch.nn.Module):
    """The fixtures' two recurrent layers and Dense, as somebody has them in PyTorch."""

    def __init__(self, kind):
        super().__init__()
        self.first = kind(5, 6, batch_first=True)
        self.second = kind(6, 4, batch_first=True)
        self.out = torch.nn.Linear(4, 3)

    def forward(self, x):
        return self.out(self.second(self.first(x)[0])[0][:, -1])


@pytest.mark.parametrize(("name", "kind"), [("lstm", torch.nn.LSTM), ("gru", torch.nn.GRU)])
@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
def test_recurrent_layers_of_ones_own(name, kind, suffix, binary, fixtures_root, tmp_path):
    fixture = fixtures.get(fixtures_root, f"keras3/recurrent/{name}_stack")
    inputs, outputs = fixture.runs()[0]
    own = Stack(kind)
    path = tmp_path / f"own.{suffix}"
    if suffix == "pt":
        torch.save(own.state_dict(), path)
    else:
        save_file(own.state_dict(), path)
    done = matched(binary, tmp_path, fixture, str(path))
    assert done.code == 0, done.explain()
    with torch.no_grad():
        y = script(done.out).load_into(own)(torch.from_numpy(inputs[0])).numpy()
    assert np.abs(y - outputs[0]).max() <= 1e-5 * np.abs(outputs[0]).max() + 1e-6


def test_verify_of_a_match(binary, fixtures_root, tmp_path):
    """verify.py runs load.py's model; a weight that is disturbed, and a pair of layers that was
    given the wrong way round, fail."""
    fixture = fixtures.get(fixtures_root, "keras3/matching/mobilenet_v3_small")
    target = "torchvision:mobilenet_v3_small"
    done = matched(binary, tmp_path, fixture, target, "--probe")
    assert done.code == 0, done.explain()
    right = verified(done.out)
    assert right.returncode == 0, right.stdout + right.stderr
    state = nets.load_state(done.out)
    state["features.4.block.0.0.weight"] = state["features.4.block.0.0.weight"].flip(0)
    save_file(
        {key: value.contiguous() for key, value in state.items()}, done.out / "model.safetensors"
    )
    wrong = verified(done.out)
    assert wrong.returncode == 1 and "FAIL" in wrong.stdout


def test_verify_of_a_model_of_ones_own(binary, fixtures_root, tmp_path):
    fixture = fixtures.get(fixtures_root, "keras3/deep/densenet121")
    path = tmp_path / "own.pt"
    torch.save(torchvision.models.densenet121().state_dict(), path)
    done = matched(binary, tmp_path, fixture, str(path), "--probe")
    assert done.code == 0, done.explain()
    (done.out / "mine.py").write_text(
        "import torchvision\n\n\ndef net():\n    return torchvision.models.densenet121()\n"
    )
    right = verified(done.out, "--model", "mine:net")
    assert right.returncode == 0, right.stdout + right.stderr
    assert verified(done.out).returncode == 2


def test_no_proof_of_half_a_match(binary, fixtures_root, tmp_path):
    fixture = fixtures.get(fixtures_root, "keras3/matching/mobilenet_v2_more_dense")
    done = matched(binary, tmp_path, fixture, "torchvision:mobilenet_v2", "--probe")
    assert done.code == 1
    assert "probe-unavailable" in [note["code"] for note in done.manifest["notes"]]
    assert not (done.out / "verify.py").exists()


def written(tmp_path, tensors) -> pathlib.Path:
    """A .safetensors of zeros with these names and shapes, sorted as its writers do."""
    path = tmp_path / "odd.safetensors"
    save_file({key: torch.zeros(shape) for key, shape in tensors.items()}, path)
    return path


def test_bias_before_weight_in_a_sorted_file(binary, fixtures_root, tmp_path):
    fixture = fixtures.get(fixtures_root, "keras3/deep/resnet50")
    own = {
        "conv.bias": (64,),
        "conv.weight": (64, 3, 7, 7),
        "bn.bias": (64,),
        "bn.num_batches_tracked": (),
        "bn.running_mean": (64,),
        "bn.running_var": (64,),
        "bn.weight": (64,),
        "plain.num_batches_tracked": (),
        "plain.running_mean": (64,),
        "plain.running_var": (64,),
    }
    done = matched(binary, tmp_path, fixture, str(written(tmp_path, own)))
    assert done.code == 1, done.explain()
    assert nets.load_state(done.out)["conv.weight"].shape == (64, 3, 7, 7)


def test_sizes_of_a_file_are_not_trusted(binary, fixtures_root, tmp_path):
    """A bias of the file that has another length than the layer makes: nothing is written."""
    fixture = fixtures.get(fixtures_root, "keras3/deep/resnet50")
    own = {"conv.bias": (1 << 20,), "conv.weight": (64, 3, 7, 7)}
    done = matched(binary, tmp_path, fixture, str(written(tmp_path, own)))
    assert done.code == 2 and "conv.bias" in done.stderr
    assert not done.out.exists()


def test_usage(binary, fixtures_root, tmp_path):
    fixture = fixtures.get(fixtures_root, "keras3/deep/mobilenetv2")
    done = matched(binary, tmp_path, fixture, "torchvision:resnet51")
    assert done.code == 64 and "torchvision:resnet50" in done.stderr
    options = ("--to", "pytorch", "-o", tmp_path / "x", "--mapping", tmp_path / "m.json")
    assert convert.run(binary, "convert", *fixture.files, *options).returncode == 64
    options = ("--to", "tfjs", "-o", tmp_path / "x", "--match", "torchvision:resnet50")
    assert convert.run(binary, "convert", *fixture.files, *options).returncode == 64
    done = matched(binary, tmp_path, fixture, str(tmp_path / "absent.pt"))
    assert done.code == 2


def test_tables_hold(tmp_path):
    """Names and shapes in targets.txt are those of the models that are installed."""
    text = (pathlib.Path(__file__).resolve().parents[2] / "src/torch/match/targets.txt").read_text()
    for name in ("resnet50", "densenet121", "inception_v3", "convnext_tiny", "efficientnet_v2_s"):
        block = text.split(f"target torchvision:{name}\n")[1].split("\ntarget ")[0]
        rows = [line.split() for line in block.splitlines()[1:]]
        more = {"aux_logits": False, "init_weights": False} if name == "inception_v3" else {}
        state = getattr(torchvision.models, name)(**more).state_dict()
        for prefix, *words in rows:
            if not words or words[0] not in ("conv", "linear", "bn", "norm", "vector"):
                continue
            kind, shape, *_ = words
            key = prefix if kind == "vector" else f"{prefix}.weight"
            assert list(state.pop(key).shape) == [int(n) for n in shape.split(",")]
            for rest in ("bias", "running_mean", "running_var", "num_batches_tracked"):
                state.pop(f"{prefix}.{rest}", None)
        assert not state
