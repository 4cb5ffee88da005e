"""A model in, its whole `model.py` out, as text: tests/goldens/<family>/<generation>_<name>.py."""

from __future__ import annotations

import json
import pathlib
import zipfile

import pytest
from support import convert

HERE = pathlib.Path(__file__).resolve().parent
PACK = HERE.parent / "fixtures/pack"

CHOSEN = {
    "applications_layers": [
        "keras3/convnext_block",
        "keras3/inverted_residual",
        "keras3/squeeze_excite",
        "keras2/custom_scale",
    ],
    "bad_input": ["keras3/custom_layer", "keras2/lambda_layer"],
    "convolution": ["keras3/conv2d_free_strides_same", "keras3/conv2d_chain"],
    "dtypes": ["keras3/conv_float16"],
    "embedding": ["keras3/embedding_flatten_dense", "keras3/embedding_shared"],
    "flatten": [
        "keras3/flatten_dense",
        "keras3/flatten_is_output",
        "keras3/concatenate_flattens_dense",
        "keras3/dense_shared_by_layouts",
    ],
    "merging": ["keras3/three_inputs_two_outputs", "keras3/residual", "keras3/operators"],
    "nesting": [
        "keras3/called_twice",
        "keras3/backbone_and_head",
        "keras3/layer_at_two_depths",
        "keras2/frozen_first_equal_shapes",
    ],
    "normalization": ["keras3/batch_norm_frozen", "keras3/batch_norm_shared_between_ranks"],
    "pooling": ["keras3/average_pooling2d_strides_same", "keras3/max_pooling2d_free_same"],
    "reshaping": ["keras3/conv_up_sampling2d_bicubic_conv", "keras3/pads_and_crops_between_convs"],
    "sequential": ["keras3/small_cnn", "keras3/stock_modules_only", "keras3/frozen_layer"],
    "transposed_convolution": ["keras3/conv2d_transpose_strides_same"],
}
# Every name, hostile or awkward.
NAMES = "names"


def chosen() -> list[tuple[str, str]]:
    found = [(family, path) for family, paths in CHOSEN.items() for path in paths]
    with zipfile.ZipFile(PACK / f"{NAMES}.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".json"))
    return found + [(NAMES, name.removesuffix(".json")) for name in names]


@pytest.mark.parametrize(("family", "path"), chosen(), ids=["/".join(pair) for pair in chosen()])
def test_golden(family, path, binary, tmp_path, request):
    generation, name = path.split("/")
    with zipfile.ZipFile(PACK / f"{family}.zip") as archive:
        meta = json.loads(archive.read(f"{path}.json"))
        files = [f"{generation}/{file}" for file in meta["files"]]
        archive.extractall(tmp_path, files)
    inputs = [tmp_path / file for file in files]
    done = convert.run(binary, "convert", *inputs, "--to", "pytorch", "-o", tmp_path / "out")
    assert done.returncode == meta["exit"], done.stdout + done.stderr
    text = (tmp_path / "out/model.py").read_text()
    golden = HERE / family / f"{generation}_{name}.py"
    if request.config.getoption("--update-goldens"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text)
    assert text == golden.read_text()


def test_no_golden_is_left_over():
    named = {f"{family}/{path.replace('/', '_')}.py" for family, path in chosen()}
    there = {str(path.relative_to(HERE)) for path in HERE.glob("*/*.py")}
    assert there - named == set()
