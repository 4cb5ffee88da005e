"""Runs the native command and keeps what came out."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import subprocess

from .fixtures import Fixture


@dataclasses.dataclass
class Conversion:
    out: pathlib.Path
    code: int
    stdout: str
    stderr: str

    @property
    def manifest(self) -> dict:
        return json.loads((self.out / "manifest.json").read_text())

    def explain(self) -> str:
        return f"exit {self.code}\n{self.stdout}{self.stderr}"


def run(binary: str, *arguments) -> subprocess.CompletedProcess:
    return subprocess.run(
        [binary, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False
    )


class Conversions:
    """Converts to PyTorch, each (fixture, arguments) once."""

    def __init__(self, binary: str, folder: pathlib.Path):
        self.binary = binary
        self.folder = folder
        self.done: dict = {}

    def get(self, fixture: Fixture, *arguments: str) -> Conversion:
        key = (fixture.path, arguments)
        if key not in self.done:
            self.done[key] = self.convert(fixture, arguments)
        return self.done[key]

    def convert(self, fixture: Fixture, arguments: tuple) -> Conversion:
        out = self.folder / f"{len(self.done):05d}"
        extra = (*fixture.meta["arguments"], *arguments)
        done = run(self.binary, "convert", *fixture.files, "--to", "pytorch", "-o", out, *extra)
        return Conversion(out, done.returncode, done.stdout, done.stderr)
