"""The contract of manifest.json ("The PyTorch that comes out" in the design), as faults found."""

from __future__ import annotations

import json
import pathlib
import re

MEMBERS = {
    "generator",
    "target",
    "entry",
    "source",
    "inputs",
    "outputs",
    "weights",
    "notes",
    "files",
}
STEP = re.compile(
    r"identity|permute\(\d+(,\d+)*\)|rows\([a-z](,[a-z])*\)|gates\([^)]*\)|concat\(\d+\)|fold\(bn\)"
    r"|cast\([a-z0-9]+\)|dequantize|const\([-0-9.e]+\)|windows"
)


def faults(out: pathlib.Path, manifest: dict, meta: dict, state: dict) -> list[str]:
    found = []

    def expect(condition, text):
        if not condition:
            found.append(text)

    expect(set(manifest) >= MEMBERS, f"members missing: {MEMBERS - set(manifest)}")
    expect(re.fullmatch(r"tensorferry \d+\.\d+\.\d+", manifest["generator"]), "generator")
    expect(manifest["target"] == "pytorch", "target")
    expect(manifest["source"]["kind"] == "model", f"kind {manifest['source']}")
    named = {f["name"]: f["bytes"] for f in manifest["source"]["files"]}
    expect(set(named) == set(meta["files"]), f"source files {named}")
    version = manifest["source"]["keras_version"]
    # Neither a `.weights.h5` nor Keras 3's to_json() says a version.
    unknown = ("no_version", "without_metadata", "_weights", "shards__")
    known = meta["family"] != "weights_only" and not any(w in meta["name"] for w in unknown)
    known = known and not any(name.endswith(".weights.h5") for name in meta["files"])
    expect(not known or version.startswith(str(meta["generation"])), f"keras_version {version}")
    # A mixed policy computes in float32.
    mixed_dtype = "float32" if "mixed" in meta["name"] else None
    for side in ("inputs", "outputs"):
        found += port_faults(side, manifest[side], meta[side], mixed_dtype)
    found += weight_faults(manifest["weights"], state)
    found += note_faults(manifest["notes"], meta)
    found += file_faults(out, manifest["files"])
    return found


def port_faults(side: str, ports: list, expected: list, mixed_dtype: str | None) -> list[str]:
    found = []
    if [port["name"] for port in ports] != [port["name"] for port in expected]:
        found.append(
            f"{side} are {[p['name'] for p in ports]}, not {[p['name'] for p in expected]}"
        )
        return found
    for port, want in zip(ports, expected, strict=True):
        where = f"{side} {port['name']}"
        if not is_shape_of(port["keras_shape"], want["shape"]):
            found.append(f"{where}: keras_shape {port['keras_shape']}, not {want['shape']}")
        permute = port["permute"] or range(len(port["keras_shape"]))
        if port["shape"] != [port["keras_shape"][axis] for axis in permute]:
            found.append(f"{where}: shape {port['shape']} is not keras_shape by permute")
        if port["dtype"] not in (want["dtype"], mixed_dtype):
            found.append(f"{where}: dtype {port['dtype']}, not {want['dtype']}")
    return found


def is_shape_of(found: list, expected: list) -> bool:
    """An extent behind the batch may be known where Keras does not know it (of tf.shape)."""
    return len(found) == len(expected) and all(
        have == want or (want is None and axis > 0)
        for axis, (have, want) in enumerate(zip(found, expected, strict=True))
    )


def weight_faults(rows: list, state: dict) -> list[str]:
    found = []
    keys = [row["key"] for row in rows]
    if len(set(keys)) != len(keys):
        found.append("a weight is listed twice")
    if set(keys) != set(state):
        found.append(f"weights listed and stored differ: {sorted(set(keys) ^ set(state))}")
        return found
    for row in rows:
        tensor = state[row["key"]]
        if row["shape"] != list(tensor.shape):
            found.append(f"{row['key']}: shape {row['shape']}, stored is {list(tensor.shape)}")
        if f"torch.{row['dtype']}" != str(tensor.dtype):
            found.append(f"{row['key']}: dtype {row['dtype']}, stored is {tensor.dtype}")
        if not all(STEP.fullmatch(step) for step in row["transform"].split(" > ")):
            found.append(f"{row['key']}: transform {row['transform']!r}")
        if not row["sources"] and "const(" not in row["transform"]:
            found.append(f"{row['key']}: no source")
    return found


def note_faults(notes: list, meta: dict) -> list[str]:
    found = []
    for note in notes:
        if set(note) != {"severity", "layer", "code", "text"}:
            found.append(f"note {note}")
        elif note["severity"] != "info" and note["code"] not in meta["notes"]:
            # A model without approximations yields no warning (wall 7).
            found.append(f"unexpected {note['severity']}: {note['code']}: {note['text']}")
    codes = [note["code"] for note in notes]
    found += [
        f"note {code} is missing; there are {codes}" for code in meta["notes"] if code not in codes
    ]
    return found


def file_faults(out: pathlib.Path, files: list) -> list[str]:
    listed = {file["name"]: file["bytes"] for file in files}
    real = {
        path.name: path.stat().st_size for path in out.iterdir() if path.name != "manifest.json"
    }
    return [] if listed == real else [f"files listed {listed}, written {real}"]


def read(out: pathlib.Path) -> dict:
    return json.loads((out / "manifest.json").read_text())
