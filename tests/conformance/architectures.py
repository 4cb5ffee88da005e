"""The architecture in the files of a model: read, walked, and written changed."""

from __future__ import annotations

import json
import pathlib
import shutil
import zipfile
from collections.abc import Iterator

import h5py

CONFIG = "config.json"  # the member of a `.keras` archive


def read(folder: pathlib.Path, files: list[str]) -> dict:
    path = folder / place_of(files)
    if path.suffix == ".json":
        return json.loads(path.read_text())
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read(CONFIG))
    with h5py.File(path) as file:
        return json.loads(file.attrs["model_config"])


def place_of(files: list[str]) -> str:
    """The file that has the architecture."""
    return next((name for name in files if name.endswith(".json")), files[0])


def copy_changed(folder: pathlib.Path, files: list[str], changed: dict, target: pathlib.Path):
    """The files, with another architecture, in the folder `target`: their paths."""
    paths = []
    for name in files:
        paths.append(target / name)
        text = json.dumps(changed)
        if name != place_of(files):
            shutil.copyfile(folder / name, paths[-1])
        elif name.endswith(".json"):
            paths[-1].write_text(text)
        elif name.endswith(".keras"):
            with zipfile.ZipFile(folder / name) as old, zipfile.ZipFile(paths[-1], "w") as new:
                for member in old.namelist():
                    new.writestr(member, text if member == CONFIG else old.read(member))
        else:
            shutil.copyfile(folder / name, paths[-1])
            with h5py.File(paths[-1], "r+") as file:
                file.attrs["model_config"] = text
    return paths


def layers_of(node, place: tuple = ()) -> Iterator[tuple[list, dict]]:
    """Where an object with a class and a config stands, and the object; outer ones first."""
    if isinstance(node, dict):
        if "class_name" in node and isinstance(node.get("config"), dict):
            yield list(place), node
        for key, value in node.items():
            yield from layers_of(value, (*place, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from layers_of(value, (*place, index))


def at(architecture: dict, place: list) -> dict:
    for key in place:
        architecture = architecture[key]
    return architecture
