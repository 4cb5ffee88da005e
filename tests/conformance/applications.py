"""Every architecture of keras.applications whose file is at most 500 MB, converted to PyTorch and
compared with Keras; the table of them (tests/results/applications.md).

    applications.py KERAS_PYTHON BINARY FOLDER [NAME…]   exit 1 where a number is wrong

With names, only these are tried and no table is written.
"""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLE = ROOT / "tests" / "results" / "applications.md"
MAKE = ROOT / "tests" / "fixtures" / "make.py"
HEAD = """# The architectures of keras.applications

Written by `./dev conformance --applications`: each one whose file is at most 500 MB, with random
weights by the recipe of the design (logits, calibrated statistics), saved by Keras, converted to
PyTorch and run by real PyTorch. The error is max|a − b| / max|b| of the logits; a net is wrong
where max|a − b| > 1e-3 · s (s: how much the logits of two inputs differ). Where torch's rounding
and Keras's together are more than that, torch has computed in float64; where Keras's alone is,
Keras too. The seconds are those of the conversion, the runs in torch and the comparison.

| architecture | file | error | seconds | |
|---|---|---|---|---|
"""
LIST = """
import os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TENSORFERRY_APPLICATIONS"] = "all"
sys.path.insert(0, sys.argv[2])
from case import Keras
from families import applications
module = __import__("keras" if sys.argv[1] == "3" else "tf_keras")
print("\\n".join(applications.names(Keras(module, int(sys.argv[1])))))
"""


def names_of(python: str, generation: int) -> list[str]:
    command = [python, "-c", LIST, str(generation), MAKE.parent]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.split()


def rows_of(python: str, binary: str, folder: pathlib.Path, generation: int, name: str):
    """A row for each container, and whether all of them are right."""
    shutil.rmtree(folder, ignore_errors=True)
    make = [python, MAKE, "--out", folder, "--only", "applications", "--keras", str(generation)]
    environment = {**os.environ, "TENSORFERRY_APPLICATIONS": name, "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run(make, env=environment, stderr=subprocess.DEVNULL, check=False)
    out = folder / "results.jsonl"
    out.parent.mkdir(parents=True, exist_ok=True)
    script = pathlib.Path(__file__).with_name("torch_results.py")
    started = time.monotonic()
    environment = {**os.environ, "TENSORFERRY_KERAS_PYTHON": python}
    subprocess.run([sys.executable, script, folder, binary, out], check=True, env=environment)
    results = [json.loads(line) for line in out.read_text().splitlines()]
    seconds = time.monotonic() - started
    if not results:
        yield f"| {name} | Keras {generation} | | | could not be made |", False
    for result in results:
        container = result["id"].rsplit("_", 1)[1]
        path = folder / f"{result['id']}.{container}"
        size = path.stat().st_size / 1e6
        wrong = result["wrong"].strip().replace("\n", " ").replace("|", "\\|")
        warnings = ", ".join(result.get("warnings", []))
        if result.get("float64"):
            warnings = result["float64"]
        error = "" if result.get("error") is None else f"{result['error']:.0e}"
        file = f"Keras {generation} `.{container}`, {size:.0f} MB"
        row = f"| {name} | {file} | {error} | {seconds / len(results):.0f} | {wrong or warnings} |"
        yield row, not wrong and not result.get("warnings")


def main() -> int:
    python, binary, folder, *names = sys.argv[1:]
    text, clean = HEAD, True
    for generation in (3, 2):
        for name in names_of(python, generation):
            if names and name not in names:
                continue
            for row, right in rows_of(python, binary, pathlib.Path(folder), generation, name):
                print(row, flush=True)
                text += row + "\n"
                clean = clean and right
    if not names:
        TABLE.write_text(text)
    shutil.rmtree(folder, ignore_errors=True)
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
