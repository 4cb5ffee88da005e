"""How long the native command takes for nets of many layers: seconds from its start to the last
byte, best of some rounds. Chains of 100 to 10,000 layers with branches, whose weights are tiny, and
two real nets of some 500 layers (with their weights). The figure to hold: a net of 500 layers in at
most 0.5 s, and as much time for each layer of a long chain as of a short one.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path

from support import chain_file

BUILD = Path(os.environ.get("TENSORFERRY_BUILD", Path(__file__).parents[2] / "build"))
COMMAND = BUILD / "native" / "tensorferry"
MODELS = BUILD / "bench"
PYTHON = BUILD / "venv-keras" / "bin" / "python"
COUNTS = (100, 300, 1000, 3000, 10_000)
ROUNDS = 3
NETS = ("NASNetMobile", "EfficientNetB7")
LIMIT = 0.5  # seconds

APPLICATION = "import keras; keras.applications.{name}(weights=None).save({path!r})"


def seconds(model: Path, *options: str) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            command = [COMMAND, "convert", model, "-o", f"{folder}/out", "--quiet", *options]
            started = time.perf_counter()
            subprocess.run(command, check=True)
            best = min(best, time.perf_counter() - started)
    return best


def main() -> None:
    MODELS.mkdir(parents=True, exist_ok=True)
    for target in ("pytorch", "tfjs"):
        print(f"To {target}: layers, seconds, microseconds a layer")
        for count in COUNTS:
            model = MODELS / f"chain_{count}.h5"
            if not model.exists():
                chain_file.write(model, count)
            taken = seconds(model, "--to", target)
            print(f"  {count:6}  {taken:7.3f} s  {1e6 * taken / count:6.0f} µs", flush=True)
    for name in NETS:
        model = MODELS / f"{name}.h5"
        if not model.exists():
            subprocess.run(
                [PYTHON, "-c", APPLICATION.format(name=name, path=str(model))], check=True
            )
        taken = seconds(model, "--to", "pytorch", "--weights", "pt")
        size = model.stat().st_size / 1e6
        verdict = "within" if taken <= LIMIT else "OVER"
        print(f"{name} ({size:.0f} MB), to PyTorch: {taken:.2f} s, {verdict} {LIMIT} s")


if __name__ == "__main__":
    main()
