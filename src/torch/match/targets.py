#!/usr/bin/env python3
"""Writes targets.txt: what the models of torchvision and timm hold, by name and shape only.

    python3 targets.py > targets.txt

A model is a line "target NAME", a line "make PYTHON", and a line for each module that holds
tensors or pools, in the order in which the modules run:

    PREFIX conv 64,3,7,7 bias s2 p3 d1    the weight's shape; stride, padding, dilation where not 1,
                                          0, 1; "same": padded as TensorFlow does
    PREFIX linear 1000,2048 bias classes  "classes": its rows are the model's classes
    PREFIX batchnorm 64 e1e-05            epsilon
    PREFIX norm 96 bias e1e-06            LayerNorm, in whatever layout
    PREFIX max|average 3 s2 p1 ceil real  a pool; "real": only cells of the input are counted
    PREFIX.NAME vector 96,1,1             a parameter of its own
"""

import re
import sys

import timm
import torch
import torchvision
from torch import nn

TORCHVISION = [
    *(f"resnet{n}" for n in (50, 101, 152)),
    *(f"vgg{n}" for n in (16, 19)),
    "mobilenet_v2",
    *(f"mobilenet_v3_{n}" for n in ("large", "small")),
    *(f"densenet{n}" for n in (121, 169, 201)),
    *(f"efficientnet_b{n}" for n in range(8)),
    *(f"efficientnet_v2_{n}" for n in "sml"),
    "inception_v3",
    *(f"convnext_{n}" for n in ("tiny", "small", "base", "large")),
]
# Not here: timm's resnetv2_* (Keras has biases and an order of strides that it has not) and
# nasnetalarge (its cells run in an order that Keras's graph does not tell).
TIMM = [
    *(f"resnet{n}" for n in (50, 101, 152)),
    *(f"vgg{n}" for n in (16, 19)),
    "mobilenetv1_100",
    "mobilenetv2_100",
    *(f"tf_mobilenetv3_{n}_100" for n in ("large", "small")),
    *(f"densenet{n}" for n in (121, 169, 201)),
    *(f"tf_efficientnet_b{n}" for n in range(8)),
    *(f"tf_efficientnetv2_{n}" for n in ("b0", "b1", "b2", "b3", "s", "m", "l")),
    "inception_v3",
    "inception_resnet_v2",
    "legacy_xception",
    *(f"convnext_{n}" for n in ("tiny", "small", "base", "large", "xlarge")),
]
# inception_v3 has a second classifier beside it unless told otherwise.
ARGUMENTS = {"torchvision:inception_v3": {"aux_logits": False, "init_weights": False}}
# Shapes that differ from the usual (3, 299, 299) matter to no table: nothing depends on them.
INPUT = (1, 3, 331, 331)


def constructor(name):
    library, _, model = name.partition(":")
    arguments = ARGUMENTS.get(name, {})
    said = [f"{key}={value}" for key, value in arguments.items()]
    if library == "torchvision":
        text = f"torchvision.models.{model}({', '.join(said)})"
        return text, lambda **more: getattr(torchvision.models, model)(**arguments, **more)
    return f'timm.create_model("{model}")', lambda **more: timm.create_model(model, **more)


def pair(value):
    return tuple(value) if isinstance(value, tuple | list) else (value, value)


def option(letter, value, default):
    value = pair(value)
    if value == (default, default):
        return []
    return [letter + (str(value[0]) if value[0] == value[1] else f"{value[0]},{value[1]}")]


def is_like_tensorflow(module):
    return type(module).__name__ in ("Conv2dSame", "MaxPool2dSame", "AvgPool2dSame")


def padding(module):
    if is_like_tensorflow(module) or module.padding == "same":
        return ["same"]
    return option("p", module.padding, 0)


def row(module, classes):
    """Kind, shape and options; None for a module that holds nothing and pools nothing."""
    bias = ["bias"] if getattr(module, "bias", None) is not None else []
    if isinstance(module, nn.Conv2d):
        shape = ",".join(str(n) for n in module.weight.shape)
        how = option("s", module.stride, 1) + padding(module) + option("d", module.dilation, 1)
        return ["conv", shape, *bias, *how]
    if isinstance(module, nn.Linear):
        shape = ",".join(str(n) for n in module.weight.shape)
        return ["linear", shape, *bias, *(["classes"] if classes else [])]
    if isinstance(module, nn.BatchNorm2d):
        return ["batchnorm", str(module.num_features), f"e{module.eps}"]
    if isinstance(module, nn.LayerNorm):
        return ["norm", str(module.weight.shape[0]), *bias, f"e{module.eps}"]
    if isinstance(module, nn.MaxPool2d | nn.AvgPool2d):
        kind = "max" if isinstance(module, nn.MaxPool2d) else "average"
        size = option("", module.kernel_size, -1)
        how = option("s", module.stride, 1) + padding(module)
        real = kind == "average" and not getattr(module, "count_include_pad", True)
        return [kind, *size, *how, *(["ceil"] if module.ceil_mode else []), *(["real"] * real)]
    return None


def own_parameters(module):
    return list(module.named_parameters(recurse=False))


def modules_in_order(model):
    """Names of modules in the order of a run. One with parameters beside other modules stands where
    it ends."""
    order = []
    for name, module in model.named_modules():

        def note(*_, name=name):
            if name not in order:
                order.append(name)

        if any(True for _ in module.children()) and own_parameters(module):
            module.register_forward_hook(note)
        else:
            module.register_forward_pre_hook(note)
    with torch.no_grad():
        model.eval()(torch.zeros(INPUT, device="meta"))
    return order


def write(name, out):
    text, make = constructor(name)
    with torch.device("meta"):
        model, other = make(), make(num_classes=7)
    other_shapes = {key: value.shape for key, value in other.state_dict().items()}
    modules, keys = dict(model.named_modules()), set()
    print(f"target {name}", file=out)
    print(f"make {text}", file=out)
    for prefix in modules_in_order(model):
        module = modules[prefix]
        by_classes = (
            other_shapes.get(f"{prefix}.weight")
            != model.state_dict().get(f"{prefix}.weight", torch.empty(0)).shape
            and f"{prefix}.weight" in other_shapes
        )
        found = row(module, by_classes)
        if found:
            print(prefix, *found, file=out)
            keys |= {f"{prefix}.{key}" for key in module.state_dict() if "." not in key}
            continue
        for key, value in own_parameters(module):
            full = f"{prefix}.{key}" if prefix else key
            print(full, "vector", ",".join(str(n) for n in value.shape), file=out)
            keys.add(full)
    missing = set(model.state_dict()) - keys
    assert not missing, f"{name} has {sorted(missing)[:5]}, which is in no row"


def main():
    print(f"# Made by targets.py of torchvision {version(torchvision)}, timm {version(timm)}.")
    for library, names in (("torchvision", TORCHVISION), ("timm", TIMM)):
        for name in names:
            write(f"{library}:{name}", sys.stdout)


def version(module):
    return re.match(r"[0-9.]+", module.__version__)[0]


if __name__ == "__main__":
    main()
