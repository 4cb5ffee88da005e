"""Unpacks downloaded zips as anybody would and lets real torch compute with what is in them.

    check_torch.py ZIP-OR-FOLDER FIXTURE.json [ZIP-OR-FOLDER FIXTURE.json …]

Prints a JSON list with the faults of each: its CRCs, its files, its numbers against Keras's.
"""

import json
import pathlib
import sys
import tempfile
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
sys.dont_write_bytecode = True

from support import fixtures  # noqa: E402
from support import manifest as contract  # noqa: E402
from support import network as nets  # noqa: E402


def faults(saved: pathlib.Path, fixture: fixtures.Fixture) -> list[str]:
    if saved.is_dir():
        return folder_faults(saved, fixture)
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(saved) as unpacked:
        bad = unpacked.testzip()
        if bad:
            return [f"CRC of {bad}"]
        unpacked.extractall(folder)
        return folder_faults(pathlib.Path(folder), fixture)


def folder_faults(out: pathlib.Path, fixture: fixtures.Fixture) -> list[str]:
    manifest = contract.read(out)
    state = nets.load_state(out)
    found = contract.faults(out, manifest, fixture.meta, state)
    network, half = nets.widen(nets.load_network(out, manifest, state))
    return found + nets.differences(fixture, network, manifest, half)


def main(arguments: list[str]) -> None:
    paths = [pathlib.Path(argument) for argument in arguments]
    pairs = zip(paths[::2], paths[1::2], strict=True)
    print(json.dumps([faults(saved, fixtures.Fixture(meta)) for saved, meta in pairs]))


main(sys.argv[1:])
