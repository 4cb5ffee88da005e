#!/usr/bin/env python3
"""Writes targets.txt: what the models of torchvision and timm hold and compute: names, shapes and
steps.

    python3 targets.py > targets.txt

A model is a line "target NAME", a line "make PYTHON", and a line for each step of a run:

    PREFIX conv 64,3,7,7 bias s2 p3 d1    the weight's shape; stride, padding, dilation where not 1,
                                          0, 1; "same": padded as TensorFlow does
    PREFIX linear 1000,2048 bias classes  "classes": its rows are the model's classes
    PREFIX bn 64 e0.001                   BatchNorm; epsilon where not 1e-05
    PREFIX norm 96 bias e1e-06            LayerNorm, in whatever layout
    PREFIX max|average 3 s2 p1 ceil real  a pool; "real": only cells of the input are counted
    PREFIX.NAME vector 96,1,1             a product with a parameter of its own
    .relu                                 a step without tensors; "PREFIX relu" where a module that
                                          may belong to the head makes it
    .max|average 3 s2 p1                  a pool that is no module
    PREFIX whole 7,7                      an average over as many places as there are: nothing, but
                                          without the head one over all places

A conv with the word "dense" takes all places at once: its kernel is that of a linear layer.

A step takes the result of the line before it, or of those that "@1,3" says: 1 is the line before,
the input of the model is the line "make". The last line is the result. Steps that only give the
same elements another shape are left out, and what adds zeros around (".pad -1,1" cuts off, too).
"""

import re
import sys

import timm
import torch
import torchvision
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

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
# Not here: timm's resnetv2_*, as Keras's strides are in other blocks, on ways that timm's have not.
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
    "nasnetalarge",
]
# inception_v3 has a second classifier beside it unless told otherwise.
ARGUMENTS = {"torchvision:inception_v3": {"aux_logits": False, "init_weights": False}}
# No table depends on it, but for VGG: at its own size its pool to 7 x 7 does nothing.
INPUT = (2, 3, 224, 224)
# Of these many last lines those without tensors are called by their modules, too.
HEAD = 12


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


def epsilon(module):
    return [] if module.eps == 1e-5 else [f"e{module.eps}"]


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
        return ["bn", str(module.num_features), *epsilon(module)]
    if isinstance(module, nn.LayerNorm):
        return ["norm", str(module.weight.shape[0]), *bias, *epsilon(module)]
    if isinstance(module, nn.MaxPool2d | nn.AvgPool2d):
        kind = "max" if isinstance(module, nn.MaxPool2d) else "average"
        size = option("", module.kernel_size, -1)
        how = option("s", module.stride, 1) + padding(module)
        real = kind == "average" and not getattr(module, "count_include_pad", True)
        return [kind, *size, *how, *(["ceil"] if module.ceil_mode else []), *(["real"] * real)]
    return None


# They give the same elements another shape.
SAME_ELEMENTS = {
    *("view", "_unsafe_view", "as_strided", "permute", "transpose", "t", "squeeze", "unsqueeze"),
    *("clone", "detach"),
}
STEPS = {"add", "cat", "hardsigmoid", "hardswish", "mul", "relu", "sigmoid", "silu"}


class Steps(TorchDispatchMode):
    """Writes down the steps of a run, as lists of words."""

    def __init__(self, model, rows):
        super().__init__()
        self.rows = rows
        self.lines = []
        self.line_of = {}  # id of a tensor → number of the line that made it; the input's is −1
        self.keys = {}  # id of a tensor → key of the parameter that it shows
        self.modules = []  # those that run now
        self.alive = []  # an id belongs to another tensor as soon as its own is gone
        for key, value in (*model.named_parameters(), *model.named_buffers()):
            self.keys[id(value)] = key
        for name, module in model.named_modules():
            module.register_forward_pre_hook(lambda *_, name=name: self.modules.append(name))
            module.register_forward_hook(self.leave)

    def leave(self, *_):
        self.modules.pop()

    def begin(self, x):
        self.line_of[id(x)] = -1
        self.alive.append(x)
        return x

    def add(self, words, sources):
        """A line; sources are numbers of lines."""
        number = len(self.lines)
        back = [number - source for source in sources]
        self.lines.append([*words, *([] if back == [1] else ["@" + ",".join(map(str, back))])])
        return number

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        result = function(*arguments, **(keywords or {}))
        name = function.overloadpacket.__name__.removesuffix("_")
        tensors = [a for a in flat(arguments) if isinstance(a, torch.Tensor)]
        made = result[0] if isinstance(result, tuple | list) else result
        self.alive.append(made)
        keys = [self.keys[id(t)] for t in tensors if id(t) in self.keys]
        sources = [self.line_of[id(t)] for t in tensors if id(t) in self.line_of]
        if keys and not sources:
            self.keys[id(made)] = keys[0]  # a parameter in another shape
        elif sources and (name in SAME_ELEMENTS or is_pad_only(name, arguments)):
            self.line_of[id(made)] = sources[0]
        elif sources:
            words = self.words(name, keys, arguments, keywords or {}, made)
            self.line_of[id(made)] = self.add(words, sources)
        return result

    def words(self, name, keys, arguments, keywords, made):
        x = arguments[0]
        if keys:
            prefix = keys[0].rpartition(".")[0]
            words = self.rows[prefix] if prefix in self.rows else self.rows[keys[0]]
            is_dense = name == "convolution" and covers(x, arguments[1], made)
            return [*words, "dense"] if is_dense else words
        if is_whole(name, x, made):
            return [self.modules[-1], "whole", ",".join(str(n) for n in x.shape[2:])]
        module = self.modules[-1]
        numbers = [a for a in arguments if isinstance(a, int | float)]
        if "pool2d" in name and module in self.rows:
            return self.rows[module]
        if name in ("max_pool2d_with_indices", "avg_pool2d"):
            return [".", *function_pool(name, *arguments[1:])]
        if name == "hardtanh" and numbers == [0.0, 6.0]:
            return [module, "relu6"]
        if name == "constant_pad_nd":
            left, right, top, bottom = arguments[1]
            rows, columns = f"{top},{bottom}", f"{left},{right}"
            return [module, "pad", rows, *([columns] if columns != rows else [])]
        if name == "gelu":
            assert "tanh" not in keywords.values()
            return [module, "gelu"]
        if name == "mean":
            assert sorted(axis % 4 for axis in arguments[1]) == [2, 3]
            return [module, "mean"]
        assert name in STEPS and (name != "cat" or arguments[1] == 1), name
        numbers = [] if name == "cat" else numbers
        return [module, name, *(f"{number:g}" for number in numbers)]


def is_pad_only(name, arguments):
    """It cuts nothing off."""
    return name == "constant_pad_nd" and min(arguments[1]) >= 0


def covers(x, kernel, made):
    """One step of the kernel takes all places."""
    return kernel.shape[2:] == x.shape[2:] and kernel.shape[2:].numel() > made.shape[2:].numel()


def is_whole(name, x, made):
    """An average over as many places as there are."""
    is_one = name == "mean" and x.ndim == 4 and x.shape[2:].numel() == 1
    return is_one or name == "_adaptive_avg_pool2d" and x.shape == made.shape


def flat(arguments):
    for argument in arguments:
        if isinstance(argument, tuple | list):
            yield from flat(argument)
        else:
            yield argument


def function_pool(name, size, stride, padding=0, *_):
    kind = "max" if name.startswith("max") else "average"
    return [kind, *option("", size, -1), *option("s", stride, 1), *option("p", padding, 0)]


def rows_of(model, other_shapes):
    """Prefix → the words of the line of each module or parameter that holds tensors or pools."""
    rows, state = {}, model.state_dict()
    for prefix, module in model.named_modules():
        weight = f"{prefix}.weight"
        classes = weight in other_shapes and other_shapes[weight] != state[weight].shape
        if found := row(module, classes):
            rows[prefix] = [prefix, *found]
            continue
        for key, value in module.named_parameters(recurse=False):
            full = f"{prefix}.{key}" if prefix else key
            rows[full] = [full, "vector", ",".join(str(n) for n in value.shape)]
    return rows


def steps(model, rows):
    recorder = Steps(model.eval(), rows)
    with torch.no_grad(), recorder:
        result = model(recorder.begin(torch.empty(INPUT, device="meta")))
    lines = recorder.lines
    assert recorder.line_of[id(result)] == len(lines) - 1
    leaves = {name for name, module in model.named_modules() if not any(module.children())}
    names = [line[0] for line in lines]
    for number, line in enumerate(lines):
        is_told = number >= len(lines) - HEAD and line[0] in leaves and names.count(line[0]) == 1
        if line[0] not in rows and not is_told:
            line[:2] = [f".{line[1]}"]
    return lines


def write(name, out):
    text, make = constructor(name)
    with torch.device("meta"):
        model, other = make(), make(num_classes=7)
    other_shapes = {key: value.shape for key, value in other.state_dict().items()}
    rows = rows_of(model, other_shapes)
    lines = steps(model, rows)
    assert {line[0] for line in lines} >= set(rows), set(rows) - {line[0] for line in lines}
    print(f"target {name}", file=out)
    print(f"make {text}", file=out)
    for line in lines:
        print(*line, file=out)


def main():
    print(f"# Made by targets.py of torchvision {version(torchvision)}, timm {version(timm)}.")
    for library, names in (("torchvision", TORCHVISION), ("timm", TIMM)):
        for name in names:
            write(f"{library}:{name}", sys.stdout)


def version(module):
    return re.match(r"[0-9.]+", module.__version__)[0]


if __name__ == "__main__":
    main()
