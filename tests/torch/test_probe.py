"""`--probe`: verify.py passes where the conversion is right, and fails where it is not."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest
import safetensors
import torch
import verifying
from safetensors.torch import load_file, save_file
from support import convert, fixtures

TESTS = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("TENSORFERRY_BUILD", TESTS.parents[1] / "build"))
KERAS_PYTHON = BUILD / "venv-keras" / "bin" / "python"

CHOSEN = (
    "keras2/convolution/conv2d_free_strides_same",
    "keras2/embedding/embedding_pool_dense",
    "keras2/masks/embedding_lstm_sequences",
    "keras2/nesting/inner_many_inputs_outputs",
    "keras2/recurrent/lstm_encoder_decoder",
    "keras2/sequential/small_cnn",
    "keras3/activation/prelu_map_shared",
    "keras3/applications_layers/inverted_residual",
    "keras3/archives/applications_layers__convnext_block",
    "keras3/attention/additive_scores",
    "keras3/attention/grouped_gate",
    "keras3/attention/heads_causal",
    "keras3/attention/transformer",
    "keras2/batch_normalization/axes_1_3_between_convs",
    "keras3/bidirectional/gru_mul_sequences",
    "keras3/categories/encoding_in_network",
    "keras3/conv_recurrent/rank2_initial_state",
    "keras3/convolution/conv1d_causal_dilation",
    "keras3/convolution/conv2d_chain",
    "keras3/dense/dense",
    "keras3/dtypes/conv_float64",
    "keras2/archives/dtypes__conv_mixed_bfloat16",
    "keras2/dtypes/conv_bfloat16",
    "keras3/dtypes/dense_bfloat16",
    "keras3/dtypes/dense_float16",
    "keras3/einsum_dense/dense",
    "keras3/embedding/embedding_of_floats",
    "keras3/flatten/conv3d_flatten_dense",
    "keras3/flatten/flatten_dense",
    "keras3/masked_attention/heads_attention_mask",
    "keras2/masks/masking_gru_backwards",
    "keras2/masks_nested/dict_of_inputs",
    "keras2/masks_within/each_global_average",
    "keras3/merging/three_inputs_two_outputs",
    "keras3/names/name_code",
    "keras3/names/name_triple_quotes",
    "keras3/names/ports_hostile",
    "keras3/normalization/batch_norm_conv_block",
    "keras3/operations/ops_04",
    "keras3/pooling/average_pooling2d_free_same",
    "keras3/random_graphs/graph_042",
    "keras3/random_recurrent/convlstm2d_01",
    "keras3/recurrent/gru_sequence_and_states",
    "keras3/separable_convolution/depthwise_conv1d_multiplier_strides_same",
    "keras3/sharing/conv_on_two_sizes",
    "keras3/time_distributed/conv_lstm_head",
    "keras3/transposed_convolution/conv1d_transpose_free_same",
)

# Keras cannot load these files of its own: bfloat16, and Keras 3's functions as nodes, in `.h5`.
UNREADABLE = (
    "keras2/dtypes/conv_bfloat16",
    "keras3/dtypes/dense_bfloat16",
    "keras3/operations/ops_04",
)


def verify(out, *arguments):
    """`python -W error verify.py` from another folder."""
    command = [sys.executable, "-B", "-W", "error", out / "verify.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")


def probed(fixture, conversions, *arguments):
    done = conversions.get(fixture, "--probe", *arguments)
    assert done.code == 0, done.explain()
    assert (done.out / "verify.py").exists(), done.explain()
    return done.out


def run_keras(pairs, folder):
    """(exit code, text) of `verify.py --keras` for each (folder, original), in Keras's environment,
    to which this one lends safetensors."""
    lent = folder / "lent"
    lent.mkdir()
    (lent / "safetensors").symlink_to(pathlib.Path(safetensors.__file__).parent)
    done = subprocess.run(
        [
            KERAS_PYTHON,
            "-B",
            TESTS / "verifying.py",
            *(path for pair in pairs for path in pair),
        ],
        env=os.environ | {"PYTHONPATH": str(lent), "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(results) == len(pairs), done.stdout + done.stderr[-2000:]
    return results


@pytest.mark.parametrize("name", CHOSEN)
def test_a_right_conversion_passes(name, fixtures_root, conversions):
    code, text = verifying.run(probed(fixtures.get(fixtures_root, name), conversions))
    assert code == 0, text
    assert text.endswith("PASS\n")


def test_no_layer_of_a_right_conversion_differs(fixtures_root, conversions):
    named, compared, wrong = 0, 0, []
    for name in CHOSEN:
        out = probed(fixtures.get(fixtures_root, name), conversions)
        if "LAYERS" not in (out / "verify.py").read_text():
            continue
        all_of_it, some_of_it, said = verifying.layers(out)
        named += len(all_of_it)
        compared += len(some_of_it)
        if said:
            wrong.append(f"{name}: {said}")
    assert not wrong, "".join(wrong)
    assert named > 60 and compared > 0.9 * named, (named, compared)


@pytest.mark.parametrize("arguments", (("--weights", "pt"), ("--channels-last-io",)), ids=" ".join)
def test_options_of_the_target(arguments, fixtures_root, conversions):
    fixture = fixtures.get(fixtures_root, "keras3/sequential/small_cnn")
    done = verify(probed(fixture, conversions, *arguments))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("dtype", ("float16", "bfloat16"))
def test_cast_weights(dtype, fixtures_root, conversions):
    fixture = fixtures.get(fixtures_root, "keras3/sequential/small_cnn")
    done = verify(probed(fixture, conversions, "--dtype", dtype))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_probe_is_what_keras_computes(fixtures_root, conversions, tmp_path):
    chosen = [fixtures.get(fixtures_root, name) for name in CHOSEN if name not in UNREADABLE]
    pairs = [(probed(fixture, conversions), fixture.files[0]) for fixture in chosen]
    wrong = [
        f"{fixture.id}: {text}"
        for fixture, (code, text) in zip(chosen, run_keras(pairs, tmp_path), strict=True)
        if code != 0
    ]
    assert not wrong, "\n".join(wrong)


def transpose_square_kernel(state):
    key = next(k for k, v in state.items() if v.ndim == 4 and v.shape[2] == v.shape[3] > 1)
    return {key: state[key].transpose(2, 3)}


def swap_gates(state):
    key = next(key for key in state if key.endswith("weight_ih_l0"))
    i, f, g, o = state[key].chunk(4)
    return {key: torch.cat((f, i, g, o))}


def disturbed(state, key):
    changed = state[key].clone()
    changed.view(-1)[changed.numel() // 2] += 0.01
    return {key: changed}


def disturb_first(state):
    return disturbed(state, next(key for key, value in state.items() if value.ndim > 1))


def disturb_last(state):
    return disturbed(state, [key for key, value in state.items() if value.ndim > 1][-1])


BROKEN = (
    ("keras3/convolution/conv2d_strides_same_even", transpose_square_kernel),
    ("keras3/applications_layers/inverted_residual", transpose_square_kernel),
    ("keras3/time_distributed/conv_lstm_head", swap_gates),
    ("keras2/recurrent/lstm_encoder_decoder", swap_gates),
    ("keras3/sequential/small_cnn", disturb_first),
    ("keras3/attention/transformer", disturb_last),
    ("keras2/masks/embedding_lstm_sequences", disturb_last),
)


@pytest.mark.parametrize("name,change", BROKEN, ids=lambda value: getattr(value, "__name__", value))
def test_a_broken_conversion_fails(name, change, fixtures_root, conversions, tmp_path):
    out = tmp_path / "broken"
    shutil.copytree(probed(fixtures.get(fixtures_root, name), conversions), out)
    state = load_file(out / "model.safetensors")
    changed = {key: value.contiguous() for key, value in change(state).items()}
    save_file(state | changed, out / "model.safetensors")
    done = verify(out)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.endswith("FAIL\n")
    (key,) = changed
    named = re.search(r"torch: '(.*)' is the first layer that differs", done.stdout)
    assert named, done.stdout
    assert key.startswith(f"{named[1]}."), (key, done.stdout)


def swap_kernels(path):
    """Two kernels of one shape, each in the other's place."""
    kernels = {}

    def collect(name, item):
        if isinstance(item, h5py.Dataset) and "kernel" in name and item.ndim > 1:
            kernels.setdefault(item.shape, []).append(name)

    with h5py.File(path, "r+") as file:
        file["model_weights"].visititems(collect)
        first, second = next(names for names in kernels.values() if len(names) > 1)[:2]
        weights = file["model_weights"]
        one, other = weights[first][()], weights[second][()]
        assert not np.array_equal(one, other)
        weights[first][...], weights[second][...] = other, one


def test_only_keras_finds_what_was_read_wrongly(fixtures_root, binary, tmp_path):
    """A reader that takes two weights of one shape for each other, as a file that has them so."""
    fixture = fixtures.get(fixtures_root, "keras2/recurrent/lstm_encoder_decoder")
    misread = tmp_path / "misread.h5"
    shutil.copy(fixture.files[0], misread)
    swap_kernels(misread)
    out = tmp_path / "out"
    done = convert.run(binary, "convert", misread, "--to", "pytorch", "--probe", "-o", out)
    assert done.returncode == 0, done.stderr
    alone = verify(out)
    assert alone.returncode == 0, alone.stdout + alone.stderr
    results = run_keras([(out, fixture.files[0]), (out, misread)], tmp_path)
    assert [code for code, _ in results] == [1, 0], results


def test_names_of_the_model_stay_text(fixtures_root, conversions):
    for name in CHOSEN:
        if "/names/" in name:
            text = (
                probed(fixtures.get(fixtures_root, name), conversions) / "verify.py"
            ).read_text()
            text.encode("ascii")
            compile(text, "verify.py", "exec")


def test_black(fixtures_root, conversions):
    for name in CHOSEN:
        probed(fixtures.get(fixtures_root, name), conversions)
    paths = sorted(str(path) for path in conversions.folder.glob("*/verify.py"))
    command = [sys.executable, "-m", "black", "--check", "--quiet", "--diff", *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[:4000] + done.stderr[:2000]


def test_the_same_probe_each_time(fixtures_root, binary, conversions, tmp_path):
    fixture = fixtures.get(fixtures_root, "keras3/sequential/small_cnn")
    first = probed(fixture, conversions) / "probe.safetensors"
    out = tmp_path / "out"
    arguments = ("--to", "pytorch", "--probe", "-o", out)
    assert convert.run(binary, "convert", *fixture.files, *arguments).returncode == 0
    assert (out / "probe.safetensors").read_bytes() == first.read_bytes()


def test_no_probe_is_a_note(fixtures_root, binary, tmp_path):
    fixture = fixtures.get(fixtures_root, "keras3/operations/ops_26")
    done = convert.run(
        binary, "convert", *fixture.files, "--to", "pytorch", "--probe", "-o", tmp_path / "out"
    )
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "out" / "verify.py").exists()
    notes = json.loads((tmp_path / "out" / "manifest.json").read_text())["notes"]
    assert "probe-unavailable" in [note["code"] for note in notes]
    assert "python verify.py" not in (tmp_path / "out" / "README.md").read_text()
