"""The figures of the native command on VGG16, as ratios of the same run.

Time against `cp` of the file and against a plain h5py + safetensors script that transposes and
saves; resident memory at its peak above an empty run; the same for a chunked, gzipped copy,
against `h5repack` of that one to contiguous datasets. Ratios depend on the machine, so nothing here
fails; on one that others use, those of CPU time say more.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py

BUILD = Path(os.environ.get("TENSORFERRY_BUILD", Path(__file__).parents[2] / "build"))
COMMAND = BUILD / "native" / "tensorferry"
MODELS = BUILD / "bench"
PEER_PYTHON = BUILD / "venv-torch" / "bin" / "python"  # it has safetensors
ROUNDS = 5
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


@dataclass
class Taken:
    """Seconds: on the clock, and of all cores."""

    wall: float
    cpu: float


def run(command: list[str | Path]) -> Taken:
    begin = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{command} ended with {done.returncode}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Taken(time.perf_counter() - begin, cpu)


def best(works: dict[str, Callable[[], Taken]], rounds: int) -> dict[str, Taken]:
    """The least of some rounds of each, taking turns, so that all see the machine alike."""
    found: dict[str, Taken] = {}
    for _ in range(rounds):
        for name, work in works.items():
            taken = work()
            least = found.setdefault(name, taken)
            found[name] = Taken(min(least.wall, taken.wall), min(least.cpu, taken.cpu))
    return found


def convert(model: Path, options: list[str], out: Path) -> list[str | Path]:
    return [COMMAND, "convert", model, *options, "-o", out, "--quiet"]


def afresh(command: list[str | Path], out: Path) -> Taken:
    """What is written over costs more than what is new."""
    if out.is_dir():
        shutil.rmtree(out)
    out.unlink(missing_ok=True)
    return run(command)


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


def row(what: str, figure: str, limit: str = "", fine: bool | None = None) -> None:
    verdict = "" if fine is None else "ok" if fine else "OVER"
    print(f"{what:<44}{figure:>28}   {limit:<22}{verdict}", flush=True)


def row_of_ratio(what: str, ours: Taken, base: Taken, base_name: str, most: float) -> None:
    ratio = ours.wall / base.wall
    figure = f"{ours.wall:.2f} s = {ratio:.2f} × (CPU {ours.cpu / base.cpu:.2f} ×)"
    row(what, figure, f"at most {most:g} × {base_name}", ratio <= most)


def row_of_memory(what: str, peak: int) -> None:
    row(f"{what}, memory above empty", f"{peak / MIB:.1f} MiB", "at most 64 MiB", peak <= 64 * MIB)


def plain(model: Path, folder: Path, empty: int) -> None:
    copy, out, peer = folder / "copy.h5", folder / "out", folder / "peer.safetensors"
    works = {"cp": lambda: afresh(["cp", model, copy], copy)}
    for target, options, _ in RUNS:
        command = convert(model, options, out)
        works[target] = lambda command=command: afresh(command, out)
    script = [PEER_PYTHON, "-c", PEER, model, peer]
    works["script"] = lambda: afresh(script, peer)
    found = best(works, ROUNDS)
    row(f"cp of {model.stat().st_size / 1e6:.0f} MB", f"{found['cp'].wall:.2f} s")
    row("h5py + safetensors script", f"{found['script'].wall:.2f} s")
    for target, options, most in RUNS:
        row_of_ratio(f"VGG16 → {target}", found[target], found["cp"], "cp", most)
        peak = peak_memory(convert(model, options, out)) - empty
        row_of_memory(f"VGG16 → {target}", peak)
    row_of_ratio("VGG16 → safetensors", found["safetensors"], found["script"], "the script", 0.2)


def packed(model: Path, folder: Path, empty: int) -> None:
    out, repacked = folder / "out", folder / "contiguous.h5"
    command = ["h5repack", "-f", "NONE", "-l", "CONTI", model, repacked]
    works = {"h5repack": lambda: afresh(command, repacked)}
    for target, options, _ in RUNS:
        ours = convert(model, options, out)
        works[target] = lambda ours=ours: afresh(ours, out)
    found = best(works, 1)
    row("h5repack of the gzipped file", f"{found['h5repack'].wall:.2f} s")
    for target, options, _ in RUNS:
        row_of_ratio(f"gzipped VGG16 → {target}", found[target], found["h5repack"], "h5repack", 1)
        peak = peak_memory(convert(model, options, out)) - empty
        row_of_memory(f"gzipped VGG16 → {target}", peak)


def main() -> None:
    model = vgg16()
    with tempfile.TemporaryDirectory(dir=MODELS) as name:
        folder = Path(name)
        empty = peak_memory([COMMAND, "--version"])
        plain(model, folder, empty)
        packed(gzipped(model), folder, empty)


if __name__ == "__main__":
    main()
