"""Models whose lowering is wrong must turn a run red: a converter that ignores an argument does
what a right one does with a file in which that argument has its default. So each argument of each
class is set back in the models that give it, until Keras's numbers tell; the expectations stay. An
argument that must be given becomes that of another model of its class. Of each class it is also
tried that it is taken for another class.

    mutants.py FOLDER BINARY OUT    (configurations.jsonl and pytorch.jsonl are in the folder)

A JSON line a mutant: `class`, `generation`, `argument` (or "class"), `tried` (how many models),
`killed` (how: "refused", "fails", "differs"; null where all models pass), `model` (the last one),
`reason` (why all pass, where that is known).
"""

from __future__ import annotations

import collections
import copy
import json
import pathlib
import sys
import tempfile

import torch

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from conformance import architectures, closed, coverage  # noqa: E402
from support import convert, fixtures  # noqa: E402
from support import network as nets  # noqa: E402

# What a class is taken for. "Softmax" for all others, which is no identity on any shape.
OTHERS = {
    "Add": "Multiply",
    "Average": "Maximum",
    "Concatenate": "Add",
    "Maximum": "Minimum",
    "Minimum": "Maximum",
    "Multiply": "Add",
    "Subtract": "Add",
}
INPUT = "InputLayer"  # its arguments are the model's shapes


class Mutants:
    def __init__(self, folder: pathlib.Path, binary: str, rows: list[dict], right: set[str]):
        self.folder = folder
        self.binary = binary
        self.right = right
        self.values = coverage.Reached(rows, right).values
        self.of_class = collections.defaultdict(list)
        for row in rows:
            if row["id"] in right and row["class"] != INPUT:
                self.of_class[row["class"], row["generation"]].append(row)

    def results(self):
        for (name, generation), rows in sorted(self.of_class.items()):
            arguments = sorted({it for row in rows for it in row["arguments"]})
            for argument in arguments:
                if closed.reason_of(closed.NEUTRAL, name, generation, argument):
                    continue
                mutations = self.mutations(name, generation, argument)
                tried, killed, model = self.first_kill(mutations)
                if tried:
                    yield result(name, generation, argument, tried, killed, model)
            tried, killed, model = self.first_kill(self.as_another(name, rows))
            yield result(name, generation, "class", tried, killed, model)

    def mutations(self, name, generation, argument):
        """(row, function that changes the layer) of each model that gives the argument."""
        values = [json.loads(it) for it in sorted(self.values[name, generation, argument])]
        for row in self.of_class[name, generation]:
            if argument not in row["arguments"]:
                continue
            value, *default = row["arguments"][argument]
            others = default or [it for it in values if it != value][:1]
            if others and others[0] != value:
                yield row, setting(argument, others[0])

    def as_another(self, name, rows):
        other = OTHERS.get(name, "Softmax")
        return [(row, becoming(other)) for row in rows]

    def first_kill(self, mutations):
        tried, how, model = 0, None, None
        for row, change in mutations:
            tried, model = tried + 1, row["id"]
            how = self.fault(row, change)
            if how:
                break
        return tried, how, model

    def fault(self, row, change) -> str | None:
        fixture = fixtures.get(self.folder, row["id"])
        architecture = architectures.read(fixture.path.parent, fixture.meta["files"])
        change(architectures.at(architecture, row["at"]))
        with tempfile.TemporaryDirectory() as scratch:
            scratch = pathlib.Path(scratch)
            files = architectures.copy_changed(
                fixture.path.parent, fixture.meta["files"], architecture, scratch
            )
            out = scratch / "out"
            command = ["convert", *files, "--to", "pytorch", "-o", out, "--weights", "safetensors"]
            done = convert.run(self.binary, *command)
            if done.returncode:
                return "refused"
            manifest = json.loads((out / "manifest.json").read_text())
            try:
                network, half = nets.widen(nets.load_network(out, manifest))
                found = nets.differences(fixture, network, manifest, half)
            except Exception:  # whatever torch says to it
                return "fails"
            return "differs" if found else None


def setting(argument, value):
    def change(node):
        node["config"][argument] = copy.deepcopy(value)

    return change


def becoming(name):
    def change(node):
        node["class_name"] = name
        kept = ("name", "trainable", "dtype", "batch_input_shape")
        node["config"] = {key: it for key, it in node["config"].items() if key in kept}

    return change


def result(name, generation, argument, tried, killed, model) -> dict:
    return {
        "class": name,
        "generation": generation,
        "argument": argument,
        "tried": tried,
        "killed": killed,
        "model": model,
        "reason": None if killed else closed.reason_of(closed.INERT, name, generation, argument),
    }


def main() -> int:
    folder, binary, out = sys.argv[1:]
    folder = pathlib.Path(folder)
    torch.set_num_threads(1)
    lines = map(json.loads, (folder / "pytorch.jsonl").read_text().splitlines())
    right = {row["id"] for row in lines if not row["wrong"]}
    mutants = Mutants(folder, binary, coverage.read(folder), right)
    with open(out, "w") as file:
        for found in mutants.results():
            file.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
