"""What a user of the converted model relies on beyond its numbers."""

import ast
import subprocess
import sys

import pytest
import torch
from support import fixtures
from support import network as nets


def network_of(name, fixtures_root, conversions):
    fixture = fixtures.get(fixtures_root, name)
    done = conversions.get(fixture, "--weights", "safetensors")
    assert done.code == 0, done.explain()
    return nets.load_network(done.out, done.manifest), done


def frozen_keys(network) -> set[str]:
    return {name for name, p in network.named_parameters() if not p.requires_grad}


@pytest.mark.parametrize(
    ("name", "frozen"),
    (
        ("keras3/sequential/frozen_layer", {"frozen.weight", "frozen.bias"}),
        ("keras2/sequential/frozen_layer", {"frozen.weight", "frozen.bias"}),
        (
            "keras3/normalization/batch_norm_frozen",
            {"conv.weight", "conv.bias", "frozen.weight", "frozen.bias"},
        ),
        ("keras3/nesting/frozen_first_equal_shapes", {"inner.fa.weight", "inner.fa.bias"}),
        ("keras2/nesting/frozen_first_equal_shapes", {"inner.fa.weight", "inner.fa.bias"}),
        (
            "keras3/nesting/frozen_inner_model",
            {"inner.conv.weight", "inner.conv.bias", "inner.norm.weight", "inner.norm.bias"},
        ),
        ("keras2/nesting/frozen_batch_norm_inside", {"inner.norm.weight", "inner.norm.bias"}),
        ("keras3/sequential/small_cnn", set()),
    ),
)
def test_frozen_parameters(name, frozen, fixtures_root, conversions):
    network, _ = network_of(name, fixtures_root, conversions)
    assert frozen_keys(network) == frozen


def test_frozen_batch_norm_stays_in_eval(fixtures_root, conversions):
    network, _ = network_of("keras3/normalization/batch_norm_frozen", fixtures_root, conversions)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    network.train()
    network(torch.randn(3, 4, 5, 3) * 5)
    after = network.state_dict()
    for key in ("frozen.running_mean", "frozen.running_var", "frozen.num_batches_tracked"):
        assert torch.equal(before[key], after[key]), key
    assert not torch.equal(before["free.running_mean"], after["free.running_mean"])
    assert network.training


def test_batch_norm_momentum_and_epsilon(fixtures_root, conversions):
    name = "keras3/normalization/batch_norm_epsilon_momentum"
    network, _ = network_of(name, fixtures_root, conversions)
    norms = [m for m in network.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
    assert len(norms) == 1
    assert norms[0].momentum == pytest.approx(1 - 0.8)
    assert norms[0].eps == pytest.approx(0.05)
    assert network.state_dict()[next(iter(network.state_dict()))] is not None


def test_dropout_is_there_for_training(fixtures_root, conversions):
    network, _ = network_of("keras3/sequential/stock_modules_only", fixtures_root, conversions)
    drops = [m for m in network.modules() if isinstance(m, torch.nn.Dropout)]
    assert [m.p for m in drops] == [0.3]


def test_sequential_only_of_stock_modules(fixtures_root, conversions):
    network, _ = network_of("keras3/sequential/stock_modules_only", fixtures_root, conversions)
    children = list(network.children())
    inner = children[0] if len(children) == 1 else network
    assert isinstance(inner, torch.nn.Sequential) or isinstance(network, torch.nn.Sequential)
    frozen, _ = network_of("keras3/sequential/frozen_layer", fixtures_root, conversions)
    assert not isinstance(frozen, torch.nn.Sequential)


def test_gradients_reach_every_trainable_weight(fixtures_root, conversions):
    network, _ = network_of("keras3/merging/three_inputs_two_outputs", fixtures_root, conversions)
    network.train()
    outputs = network(torch.randn(3, 3, 7, 6), torch.randn(3, 5), torch.randn(3, 4, 8))
    sum(output.square().sum() for output in outputs).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_channels_last_io(fixtures_root, conversions):
    fixture = fixtures.get(fixtures_root, "keras3/convolution/conv2d_chain")
    done = conversions.get(fixture, "--channels-last-io")
    assert done.code == 0, done.explain()
    ports = done.manifest["inputs"] + done.manifest["outputs"]
    assert all(port["permute"] is None for port in ports)
    assert all(port["shape"] == port["keras_shape"] for port in ports)
    network = nets.load_network(done.out, done.manifest)
    assert nets.differences(fixture, network, done.manifest) == []


def test_class_name(fixtures_root, conversions):
    fixture = fixtures.get(fixtures_root, "keras3/dense/dense")
    done = conversions.get(fixture, "--class-name", "MyNet")
    assert done.manifest["entry"]["class"] == "MyNet"
    assert nets.import_model(done.out, done.manifest).__name__ == "MyNet"


def test_model_py_imports_only_torch_and_the_standard_library(fixtures_root, conversions):
    allowed = {"torch", "collections", "math", "typing", "__future__"}
    for fixture in fixtures.find(fixtures_root, ("single",)):
        done = conversions.get(fixture, "--weights", "safetensors")
        if done.code:
            continue
        tree = ast.parse((done.out / "model.py").read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            else:
                continue
            assert {name.split(".")[0] for name in names} <= allowed, fixture.id


def test_readme_snippet_loads(fixtures_root, conversions):
    """The lines of the README, run as they stand in a fresh Python."""
    for weights in ("safetensors", "pt"):
        fixture = fixtures.get(fixtures_root, "keras3/sequential/small_cnn")
        done = conversions.get(fixture, "--weights", weights)
        blocks = (done.out / "README.md").read_text().split("```python\n")[1:]
        assert blocks, "the README has no block of Python"
        snippet = blocks[0].split("```")[0]
        ran = subprocess.run(
            [sys.executable, "-W", "error", "-c", snippet],
            cwd=done.out,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, snippet + ran.stderr


def test_stub_raises_with_the_layers_name(fixtures_root, conversions):
    fixture = fixtures.get(fixtures_root, "keras3/bad_input/custom_layer")
    done = conversions.get(fixture, "--weights", "safetensors")
    assert done.code == 1, done.explain()
    state = nets.load_state(done.out)
    assert any(key.startswith("twice.") for key in state), list(state)
    network = nets.load_network(done.out, done.manifest, state)
    with pytest.raises(NotImplementedError, match="twice"):
        network(torch.randn(2, 5))
    assert done.manifest["notes"][0]["layer"] == "twice"
