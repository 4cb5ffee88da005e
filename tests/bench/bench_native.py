"""The figures of the native command on VGG16, as ratios of the same run.

Time against `cp` of the file and against a plain h5py + safetensors script that transposes and
saves; resident memory at its peak above an empty run; the same for a chunked, gzipped copy,
against copying that one to contiguous datasets (h5repack where it is on the PATH, else h5py).
Ratios depend on the machine, so nothing here fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import h5py

BUILD = Path(os.environ.get("TENSORFERRY_BUILD", Path(__file__).parents[2] / "build"))
COMMAND = BUILD / "native" / "tensorferry"
MODELS = BUILD / "bench"
PEER_PYTHON = BUILD / "venv-torch" / "bin" / "python"  # it has safetensors
ROUNDS = 3
MIB = 1 << 20

APPLICATION = "import keras; keras.applications.VGG16(weights=None).save({path!r})"

PEER = """
import sys, h5py, numpy as np
from safetensors.numpy import save_file
tensors = {}
def visit(name, item):
    if isinstance(item, h5py.Dataset):
        value = item[...]
        axes = {4: (3, 2, 0, 1), 2: (1, 0)}.get(value.ndim)
        tensors[name] = value if axes is None else np.ascontiguousarray(value.transpose(axes))
with h5py.File(sys.argv[1]) as file:
    file["model_weights"].visititems(visit)
save_file(tensors, sys.argv[2])
"""

# What is converted to what, its largest ratio to `cp`.
RUNS = [
    ("tfjs", ["--to", "tfjs"], 2.0),
    ("pt", ["--to", "pytorch", "--weights", "pt"], 2.0),
    ("safetensors", ["--to", "pytorch"], 4.0),
]


def process_tree(pid: int) -> list[int]:
    """The process and all below it: the command reads in a child."""
    found = [pid]
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return found
    for child in children:
        found += process_tree(int(child))
    return found


def high_water(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM")), 0)


def peak_memory(command: list[str | Path]) -> int:
    """Bytes that the largest process of the command held at its peak."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        peak = max([peak, *(high_water(pid) for pid in process_tree(process.pid))])
        time.sleep(0.002)
    if process.returncode not in (0, 1):
        raise SystemExit(f"{command} ended with {process.returncode}")
    return peak


def seconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The median of some rounds."""
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return median(times)


def run(command: list[str | Path]) -> None:
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{command} ended with {done.returncode}")


def convert(model: Path, options: list[str], out: Path) -> list[str | Path]:
    return [COMMAND, "convert", model, *options, "-o", out, "--quiet"]


def vgg16() -> Path:
    path = MODELS / "VGG16.h5"
    if not path.exists():
        MODELS.mkdir(parents=True, exist_ok=True)
        run([sys.executable, "-c", APPLICATION.format(path=str(path))])
    return path


def copy_datasets(source: Path, target: Path, **options: object) -> None:
    """All groups, attributes and datasets, the large datasets with `options`."""
    with h5py.File(source) as old, h5py.File(target, "w") as new:
        new.attrs.update(old.attrs)

        def copy(name: str, item: h5py.Group | h5py.Dataset) -> None:
            if isinstance(item, h5py.Dataset):
                large = item.size > 1024
                made = new.create_dataset(name, data=item[...], **(options if large else {}))
            else:
                made = new.require_group(name)
            made.attrs.update(item.attrs)

        old.visititems(copy)


def gzipped(model: Path) -> Path:
    path = model.with_name("VGG16.gzip.h5")
    if not path.exists():
        part = path.with_suffix(".part")
        copy_datasets(model, part, chunks=True, compression="gzip", compression_opts=1)
        part.rename(path)
    return path


def to_contiguous(model: Path, out: Path) -> None:
    repack = shutil.which("h5repack")
    if repack:
        run([repack, "-f", "NONE", "-l", "CONTI", model, out])
    else:
        copy_datasets(model, out)


def say(what: str, value: float, unit: str, limit: float | None = None) -> None:
    bound = "" if limit is None else f"   (at most {limit:g})"
    print(f"{what:<44}{value:8.2f} {unit}{bound}", flush=True)


def measure(model: Path, name: str, base: float, base_name: str, folder: Path, empty: int) -> float:
    """Prints all runs of a model; the time of the last, safetensors."""
    taken = 0.0
    for target, options, limit in RUNS:
        command = convert(model, options, folder / "out")
        rounds = ROUNDS if base_name == "cp" else 1
        taken = seconds(lambda command=command: run(command), rounds)
        bound = limit if base_name == "cp" else None
        say(f"{name} → {target}, time", taken / base, f"× {base_name}", bound)
        peak = peak_memory(command) - empty
        say(f"{name} → {target}, memory above empty", peak / MIB, "MiB", 64)
        shutil.rmtree(folder / "out")
    return taken


def main() -> None:
    model = vgg16()
    with tempfile.TemporaryDirectory(dir=MODELS) as name:
        folder = Path(name)
        empty = peak_memory([COMMAND, "--version"])
        copied = seconds(lambda: run(["cp", model, folder / "copy.h5"]))
        print(f"cp of {model.stat().st_size / 1e6:.0f} MB: {copied:.2f} s")
        ours = measure(model, "VGG16", copied, "cp", folder, empty)
        peer = seconds(lambda: run([PEER_PYTHON, "-c", PEER, model, folder / "peer.safetensors"]))
        say("VGG16 → safetensors, of the h5py script", ours / peer, "×", 0.2)

        packed = gzipped(model)
        repacked = seconds(lambda: to_contiguous(packed, folder / "contiguous.h5"), 1)
        tool = "h5repack" if shutil.which("h5repack") else "h5py's copy"
        measure(packed, "gzipped VGG16", repacked, tool, folder, empty)


if __name__ == "__main__":
    main()
