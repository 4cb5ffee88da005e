"""Reading the fixtures that tests/fixtures/make.py has made; its write.py says what they hold."""

from __future__ import annotations

import dataclasses
import functools
import json
import pathlib

import numpy as np


@dataclasses.dataclass(frozen=True)
class Fixture:
    path: pathlib.Path  # of the .json

    @functools.cached_property
    def meta(self) -> dict:
        return json.loads(self.path.read_text())

    @property
    def id(self) -> str:
        return f"keras{self.meta['generation']}/{self.meta['family']}/{self.meta['name']}"

    @property
    def files(self) -> list[pathlib.Path]:
        return [self.path.parent / name for name in self.meta["files"]]

    def runs(self) -> list[tuple[list, list]]:
        """(inputs, outputs) of each run, in Keras's layout."""
        with np.load(self.path.with_suffix(".npz")) as arrays:
            return [
                (
                    [arrays[f"x{number}_{i}"] for i in range(len(run["inputs"]))],
                    [arrays[f"y{number}_{i}"] for i in range(len(run["outputs"]))],
                )
                for number, run in enumerate(self.meta["runs"], 1)
            ]


@functools.cache
def find(root: pathlib.Path, kinds: tuple[str, ...]) -> list[Fixture]:
    """All fixtures of these kinds, in the order of their paths."""
    found = [Fixture(path) for path in sorted(root.glob("keras[123]/*/*.json"))]
    found = [fixture for fixture in found if fixture.path.name != "architecture.json"]
    return [fixture for fixture in found if fixture.meta.get("kind") in kinds]


def get(root: pathlib.Path, name: str) -> Fixture:
    """`get(root, "keras3/dense/dense")`."""
    return Fixture(root / f"{name}.json")
