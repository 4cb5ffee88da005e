"""Larger nets matched with those of torchvision and timm: run by name, by `./dev test --all`, which
makes their fixtures (tests/fixtures/families/matching_large.py)."""

import pytest
from matching import check_equal
from support import fixtures

TARGETS = {
    "vgg16": ("torchvision:vgg16", "timm:vgg16"),
    "resnet101": ("torchvision:resnet101", "timm:resnet101"),
    "densenet201": ("torchvision:densenet201", "timm:densenet201"),
    "mobilenetv3large": ("torchvision:mobilenet_v3_large", "timm:tf_mobilenetv3_large_100"),
    "efficientnetb4": ("torchvision:efficientnet_b4", "timm:tf_efficientnet_b4"),
    "efficientnetv2b0": ("timm:tf_efficientnetv2_b0",),
    "inceptionresnetv2": ("timm:inception_resnet_v2",),
    "convnextbase": ("torchvision:convnext_base", "timm:convnext_base"),
    "nasnetlarge": ("timm:nasnetalarge",),
}
PAIRS = [(name, target) for name, targets in TARGETS.items() for target in targets]


@pytest.mark.parametrize(("name", "target"), PAIRS, ids=["-".join(pair) for pair in PAIRS])
def test_equal(name, target, binary, fixtures_root, tmp_path):
    fixture = fixtures.get(fixtures_root, f"keras3/matching_large/{name}")
    check_equal(binary, tmp_path, fixture, target)
