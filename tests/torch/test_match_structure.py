"""`--match` compares what has no weights, too: each change of a model that no weight shows is told
by the layer that it reaches, and what changes nothing is not."""

import json
import shutil
import types

import h5py
import pytest
from matching import matched, verified
from support import fixtures

RESNET = ("keras3/deep/resnet50", "torchvision:resnet50")
CONVNEXT = ("keras3/matching/convnext_tiny", "torchvision:convnext_tiny")
DENSENET = ("keras3/deep/densenet121", "torchvision:densenet121")
EFFICIENTNET = ("keras3/deep/efficientnetb0", "torchvision:efficientnet_b0")
INCEPTION = ("keras3/deep/inceptionv3", "torchvision:inception_v3")
MOBILENET = ("keras3/deep/mobilenetv2", "torchvision:mobilenet_v2")
MOBILENET_V3 = ("keras3/matching/mobilenet_v3_small", "torchvision:mobilenet_v3_small")


def set_class(name, class_name, **config):
    """The layer is of another class."""

    def change(layers):
        layers[name]["class_name"] = class_name
        layers[name]["registered_name"] = None
        layers[name]["config"].pop("activation", None)
        layers[name]["config"].update(config)

    return change


def set_config(name, **config):
    return lambda layers: layers[name]["config"].update(config)


def sources(layer):
    """The lists [layer, node, tensor] of what it is given."""
    found = []

    def walk(value):
        if isinstance(value, dict) and "keras_history" in value.get("config", {}):
            found.append(value["config"]["keras_history"])
        elif isinstance(value, dict):
            walk(list(value.values()))
        elif isinstance(value, list):
            for item in value:
                walk(item)

    walk(layer["inbound_nodes"])
    return found


def swap_sources(name):
    def change(layers):
        a, b, *_ = sources(layers[name])
        a[0], b[0] = b[0], a[0]

    return change


def set_source(name, place, source):
    def change(layers):
        sources(layers[name])[place][0] = source

    return change


def insert(name, class_name, **config):
    """A layer before the layer."""

    def change(layers):
        new = json.loads(json.dumps(layers[name]))
        new.update(class_name=class_name, registered_name=None, name="inserted")
        new["config"] = {"name": "inserted", "trainable": True, "dtype": "float32", **config}
        layers["inserted"] = new
        for source in sources(layers[name]):
            source[0] = "inserted"

    return change


def several(*changes):
    def change(layers):
        for one in changes:
            one(layers)

    return change


def set_layer(name, class_name, **config):
    """Another layer with the same weights."""

    def change(layers):
        layers[name].update(class_name=class_name, registered_name=None)
        kept = {key: layers[name]["config"][key] for key in ("name", "trainable", "dtype")}
        layers[name]["config"] = {**kept, **config}

    return change


def rename(old, new):
    def change(layers):
        layers[new] = layers.pop(old)
        layers[new]["name"] = layers[new]["config"]["name"] = new
        for layer in layers.values():
            for source in sources(layer):
                source[0] = new if source[0] == old else source[0]

    return change


CHANGED = {
    "activation": (*RESNET, set_config("conv3_block2_2_relu", activation="tanh")),
    "activation missing": (*RESNET, set_config("conv4_block3_out", activation="linear")),
    "activation more": (*RESNET, insert("conv4_block3_2_conv", "ReLU", max_value=2.0)),
    "relu of another maximum": (*MOBILENET, set_config("out_relu", max_value=5.0)),
    "relu with a slope": (*MOBILENET, set_config("Conv1_relu", negative_slope=0.01)),
    "silu or relu": (*EFFICIENTNET, set_config("block3a_activation", activation="relu")),
    "gate's function": (*EFFICIENTNET, set_config("block3a_se_expand", activation="tanh")),
    "gate's number": (*MOBILENET_V3, set_config("re_lu_1", max_value=5.0)),
    "maximum for a sum": (*RESNET, set_class("conv3_block2_add", "Maximum")),
    "average for a sum": (*RESNET, set_class("conv3_block2_add", "Average")),
    "sum for a product": (*EFFICIENTNET, set_class("block2b_se_excite", "Add")),
    "another way around": (*RESNET, set_source("conv3_block3_add", 0, "conv3_block1_out")),
    "no way around": (*RESNET, set_source("conv3_block3_add", 0, "conv3_block3_3_bn")),
    "parts in another order": (*DENSENET, swap_sources("conv2_block2_concat")),
    "parts in another order, 2": (*INCEPTION, swap_sources("mixed3")),
    "maximum of all": (*RESNET, set_class("avg_pool", "GlobalMaxPooling2D")),
    "maximum pool": (*DENSENET, set_class("pool3_pool", "MaxPooling2D")),
    "maximum pool, 2": (*INCEPTION, set_class("average_pooling2d_3", "MaxPooling2D")),
    "zeros that are counted": (
        *INCEPTION,
        several(
            insert("average_pooling2d_3", "ZeroPadding2D", padding=[[1, 1], [1, 1]]),
            set_config("average_pooling2d_3", padding="valid"),
        ),
    ),
    "another normalization": (
        *CONVNEXT,
        set_layer(
            "convnext_tiny_stage_0_block_0_layernorm",
            "GroupNormalization",
            groups=1,
            axis=-1,
            epsilon=1e-6,
        ),
    ),
    "another size": (*INCEPTION, set_config("average_pooling2d_3", pool_size=[5, 5])),
    "height for width, 2": (*RESNET, insert("conv1_pad", "Reshape", target_shape=[128, 96, 3])),
    "zeros for another layer": (*RESNET, insert("conv1_conv", "SpatialDropout2D", rate=0.1)),
    "called like a step": (
        *MOBILENET,
        several(set_layer("Conv1_relu", "Softmax", axis=-1), rename("Conv1_relu", "relu6")),
    ),
    "called like a step, 2": (
        *RESNET,
        several(set_class("avg_pool", "GlobalMaxPooling2D"), rename("avg_pool", "mean")),
    ),
    "height for width": (*RESNET, insert("conv1_pad", "Permute", dims=[2, 1, 3])),
    "normalized": (
        *RESNET,
        insert("conv3_block2_1_conv", "UnitNormalization", axis=-1),
    ),
    "more softmax": (*RESNET, insert("predictions", "Softmax", axis=-1)),
}
UNCHANGED = {
    "dropout": (*RESNET, insert("conv3_block2_1_conv", "SpatialDropout2D", rate=0.1)),
    "linear": (*RESNET, insert("conv3_block2_1_conv", "Activation", activation="linear")),
    "sum the other way round": (*RESNET, swap_sources("conv3_block2_add")),
    "the same shape": (
        *RESNET,
        insert("conv3_block2_1_conv", "Reshape", target_shape=[12, 16, 512]),
    ),
    "relu as a layer": (*RESNET, set_class("conv3_block2_2_relu", "ReLU")),
}


def codes(done):
    return [note["code"] for note in done.manifest["notes"]]


def match_of_changed(name, target, change, binary, root, folder):
    """The conversion of a copy of the fixture whose architecture is another."""
    (original,) = fixtures.get(root, name).files
    path = folder / "changed.h5"
    shutil.copy(original, path)
    with h5py.File(path, "r+") as file:
        model = json.loads(file.attrs["model_config"])
        layers = {layer["config"]["name"]: layer for layer in model["config"]["layers"]}
        change(layers)
        model["config"]["layers"] = list(layers.values())
        file.attrs["model_config"] = json.dumps(model)
    return matched(binary, folder, types.SimpleNamespace(files=[path]), target)


@pytest.mark.parametrize("what", CHANGED)
def test_differences_are_told(what, binary, fixtures_root, tmp_path):
    done = match_of_changed(*CHANGED[what], binary, fixtures_root, tmp_path)
    assert "match-structure-differs" in codes(done), done.stdout


@pytest.mark.parametrize("what", UNCHANGED)
def test_what_computes_the_same_is_the_same(what, binary, fixtures_root, tmp_path):
    done = match_of_changed(*UNCHANGED[what], binary, fixtures_root, tmp_path)
    assert done.code == 0
    assert not {"match-structure-differs", "match-unverified"} & set(codes(done)), done.stdout


def test_other_steps_fail_in_verify(binary, fixtures_root, tmp_path):
    fixture = fixtures.get(fixtures_root, "keras3/matching/mobilenet_v2_other_activation")
    done = matched(binary, tmp_path, fixture, "torchvision:mobilenet_v2", "--probe")
    notes = [n for n in done.manifest["notes"] if n["code"] == "match-structure-differs"]
    assert notes[0]["layer"] == "expanded_conv_depthwise"
    assert "leaky_relu 0.3(bn_Conv1)" in notes[0]["text"]
    assert "relu6(features.0.1)" in notes[0]["text"]
    assert "35" in notes[-1]["text"] and len(notes) == 6
    assert verified(done.out).returncode == 1
