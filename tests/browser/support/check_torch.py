"""Unpacks downloaded zips as anybody would and lets real torch compute with what is in them.

    check_torch.py ZIP FIXTURE.json [ZIP FIXTURE.json …]

Prints a JSON list with the faults of each: its CRCs, its files, its numbers against Keras's.
"""

import json
import pathlib
import sys
import tempfile
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
sys.dont_write_bytecode = True

from support import fixtures, manifest as contract, network as nets  # noqa: E402


def faults(archive: pathlib.Path, fixture: fixtures.Fixture) -> list[str]:
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(archive) as unpacked:
        bad = unpacked.testzip()
        if bad:
            return [f"CRC of {bad}"]
        unpacked.extractall(folder)
        out = pathlib.Path(folder)
        manifest = contract.read(out)
        state = nets.load_state(out)
        found = contract.faults(out, manifest, fixture.meta, state)
        network, half = nets.widen(nets.load_network(out, manifest, state))
        return found + nets.differences(fixture, network, manifest, half)


def main(arguments: list[str]) -> None:
    paths = [pathlib.Path(argument) for argument in arguments]
    pairs = zip(paths[::2], paths[1::2])
    print(json.dumps([faults(archive, fixtures.Fixture(meta)) for archive, meta in pairs]))


main(sys.argv[1:])
