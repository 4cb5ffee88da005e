"""Usage: exit codes, flags, outputs, reports."""

import json
import os
import pty
import select
import subprocess
import time
import zipfile

import numpy as np
import pytest
from support import dense_file

# Flags of design.md whose issue is not done: exit 64, "not yet".
NOT_YET = (
    ("--to", "keras"),
    ("--to", "tensorflow"),
    ("--to", "tfjs", "--format", "graph"),
    ("--to", "keras", "--format", "weights"),
)

WRONG = (
    (),
    ("convert",),
    ("conjure", "MODEL"),
    ("convert", "MODEL", "--to", "pytorch"),
    ("convert", "MODEL", "-o", "OUT"),
    ("convert", "--to", "pytorch", "-o", "OUT"),
    ("convert", "MODEL", "--to", "onnx", "-o", "OUT"),
    ("convert", "MODEL", "--to", "pytorch", "-o", "OUT", "--no-such-flag"),
    ("convert", "MODEL", "--to", "pytorch", "-o", "OUT", "--weights", "npz"),
    ("convert", "MODEL", "--to", "pytorch", "-o", "OUT", "--torch-min", "1.12"),
    ("convert", "MODEL", "--to", "pytorch", "-o", "OUT", "--torch-min", "2.1b"),
    ("convert", "MODEL", "--to", "pytorch", "-o", "OUT", "--weights"),
    ("convert", "MODEL", "--to", "pytorch", "-o", "OUT", "--dtype", "int8"),
    ("convert", "MODEL", "--to", "pytorch", "-o", "OUT", "--quantize_uint8"),
    ("convert", "MODEL", "--to", "pytorch", "-o", "OUT", "--match", "torchvision:resnet51"),
    ("convert", "MODEL", "--to", "pytorch", "-o", "OUT", "--mapping", "mapping.json"),
    ("convert", "MODEL", "--to", "tfjs", "-o", "OUT", "--match", "torchvision:resnet50"),
    ("convert", "MODEL", "--to", "pytorch", "-o", "OUT", "--loss", "mes"),
    ("convert", "MODEL", "--to", "pytorch", "-o", "OUT", "--optimizer", "adamm"),
    *(
        ("convert", "MODEL", "--to", "pytorch", "-o", "OUT", *option, "--match", "m.pt")
        for option in (
            ("--assume-kinds",),
            ("--channels-last-io",),
            ("--class-name", "Net"),
            ("--loss", "mse"),
            ("--optimizer", "Adam"),
            ("--torch-min", "2.1"),
        )
    ),
    ("convert", "MODEL", "--to", "tfjs", "-o", "OUT", "--loss", "mse"),
    ("convert", "MODEL", "--to", "tfjs", "-o", "OUT", "--weights", "pt"),
    ("convert", "MODEL", "--to", "tfjs", "-o", "OUT", "--weight_shard_size_bytes", "many"),
    ("convert", "MODEL", "--to", "tfjs", "-o", "OUT", "--weight_shard_size_bytes", "0"),
    ("inspect",),
    ("inspect", "MODEL", "--to", "pytorch"),
)


def filled(arguments, model, out):
    return [{"MODEL": model, "OUT": out}.get(argument, argument) for argument in arguments]


@pytest.mark.parametrize("flags", NOT_YET, ids=" ".join)
def test_not_yet(flags, run, model, tmp_path):
    out = tmp_path / "out"
    done = run("convert", model, "-o", out, *flags)
    assert done.returncode == 64, done.stdout + done.stderr
    assert "not yet" in done.stderr
    assert not out.exists()


@pytest.mark.parametrize("arguments", WRONG, ids=lambda a: " ".join(a) or "nothing")
def test_wrong_usage(arguments, run, model, tmp_path):
    out = tmp_path / "out"
    done = run(*filled(arguments, model, out))
    assert done.returncode == 64, done.stdout + done.stderr
    assert done.stderr.strip()
    assert not out.exists()


@pytest.mark.parametrize("arguments", (("--help",), ("convert", "--help"), ("--version",)))
def test_help_and_version(arguments, run):
    done = run(*arguments)
    assert done.returncode == 0
    assert done.stdout.strip()


def test_help_names_every_flag(run):
    text = run("--help").stdout
    for flag in (
        "inspect",
        "convert",
        "--to",
        "--weights",
        "--contiguous",
        "--dtype",
        "--class-name",
        "--channels-last-io",
        "--checksums",
        "--quiet",
        "--json",
        "--quantize_float16",
        "--quantize_uint8",
        "--quantize_uint16",
        "--weight_shard_size_bytes",
        "--split_weights_by_layer",
        "--metadata",
        "--assume-kinds",
    ):
        assert flag in text, flag


def test_folder_output(run, model, tmp_path):
    done = run("convert", model, "--to", "pytorch", "-o", tmp_path / "a/deep/out")
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "a/deep/out").iterdir()}
    assert names == {"model.py", "model.safetensors", "manifest.json", "README.md"}


def test_flags_in_any_order_and_with_equals(run, model, tmp_path):
    out = tmp_path / "out"
    done = run("convert", "--to=pytorch", "--weights=pt", "-o", out, model)
    assert done.returncode == 0, done.stderr
    assert (out / "model.pt").exists()


@pytest.mark.parametrize("target", ("pytorch", "tfjs"))
def test_zip_output(target, run, model, tmp_path):
    path = tmp_path / "out.zip"
    done = run("convert", model, "--to", target, "-o", path)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    assert not any(name.startswith("/") or ".." in name for name in names)


def test_writing_over_a_former_result(run, model, tmp_path):
    """A longer file of before must not shine through."""
    out = tmp_path / "out"
    for weights in ("safetensors", "pt"):
        assert (
            run("convert", model, "--to", "pytorch", "-o", out, "--weights", weights).returncode
            == 0
        )
    (out / "model.py").write_text("x" * 100_000)
    assert run("convert", model, "--to", "pytorch", "-o", out).returncode == 0
    assert "xxx" not in (out / "model.py").read_text()
    manifest = json.loads((out / "manifest.json").read_text())
    for file in manifest["files"]:
        assert (out / file["name"]).stat().st_size == file["bytes"]


def test_same_input_gives_same_bytes(run, model, tmp_path):
    for name in ("one", "two"):
        run("convert", model, "--to", "pytorch", "-o", tmp_path / name, "--weights", "pt")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_quiet(run, model, tmp_path):
    done = run("convert", model, "--to", "pytorch", "-o", tmp_path / "out", "--quiet")
    assert done.returncode == 0
    assert done.stdout == ""
    assert done.stderr == ""


def test_quiet_keeps_the_sentence_of_a_failure(run, fixtures_root, tmp_path):
    bad = fixtures_root / "keras3/bad_input/empty_file.h5"
    done = run("convert", bad, "--to", "pytorch", "-o", tmp_path / "out", "--quiet")
    assert done.returncode == 2
    assert done.stderr.strip()


def test_json_lines(run, model, tmp_path):
    """Progress in bytes that never falls and ends at the total; then the report, last."""
    done = run("convert", model, "--to", "pytorch", "-o", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    progress = [line for line in lines if line["event"] == "progress"]
    counts = [line["done"] for line in progress]
    assert counts == sorted(counts)
    assert counts[-1] == progress[-1]["total"]
    report = lines[-1]
    assert report["event"] == "report"
    assert report["exitCode"] == 0
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert report["notes"] == manifest["notes"]
    for file in report["files"]:
        assert (tmp_path / "out" / file["name"]).stat().st_size == file["bytes"]


def test_report_says_notes_first(run, fixtures_root, tmp_path):
    """What is left out is said, and said before anything else."""
    bad = fixtures_root / "keras3/bad_input/custom_layer.h5"
    done = run("convert", bad, "--to", "pytorch", "-o", tmp_path / "out")
    assert done.returncode == 1
    text = done.stdout + done.stderr
    assert "twice" in text
    assert "Twice" in text


def test_no_progress_bar_in_a_pipe(run, model, tmp_path):
    done = run("convert", model, "--to", "pytorch", "-o", tmp_path / "out")
    assert "\r" not in done.stdout + done.stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_progress_on_a_terminal(binary, tmp_path):
    """A file that takes long enough to be shown: 64 MB of one Dense kernel."""
    text = on_a_terminal(
        [binary, "convert", large_model(tmp_path), "--to", "pytorch", "-o", "out"], tmp_path
    )
    assert "\r" in text
    assert "MB" in text or "MiB" in text
    assert "%" in text


def on_a_terminal(command, folder) -> str:
    """What the command writes where its output is a terminal."""
    master, slave = pty.openpty()
    process = subprocess.Popen(command, cwd=folder, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    chunks, end = [], time.monotonic() + 60
    while time.monotonic() < end:
        ready, _, _ = select.select([master], [], [], 0.2)
        if ready:
            try:
                chunk = os.read(master, 65536)
            except OSError:
                break
            if not chunk:
                break
            chunks.append(chunk)
        elif process.poll() is not None:
            break
    assert process.wait(10) == 0, b"".join(chunks).decode(errors="replace")
    os.close(master)
    return b"".join(chunks).decode(errors="replace")


def large_model(folder) -> str:
    """Dense(4096 → 4096)."""
    path = dense_file.write(folder / "large.h5", np.ones((4096, 4096), "f4"))
    return str(path)


def test_architecture_beside_weights_in_any_order(run, fixtures_root, tmp_path):
    folder = fixtures_root / "keras3/weights_only"
    files = [
        folder / f"conv_keras_with_architecture.{end}"
        for end in ("architecture.json", "weights.h5")
    ]
    for index, order in enumerate((files, files[::-1])):
        done = run("convert", *order, "--to", "pytorch", "-o", tmp_path / str(index))
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "0/model.py").read_text() == (tmp_path / "1/model.py").read_text()


def test_weights_alone_to_tfjs(run, fixtures_root, tmp_path):
    weights = fixtures_root / "keras3/weights_only/conv_keras.weights.h5"
    done = run("convert", weights, "--to", "tfjs", "-o", tmp_path / "out")
    assert done.returncode == 2
    assert "architecture" in done.stderr
