"""Compressed chunks that lie across what is made of them: they go through a temporary file."""

import numpy as np
from support import dense_file

UNITS = 3001


def net(path, **storage):
    """One Dense of 36 MB, more than a thread may hold."""
    kernel = np.arange(UNITS * UNITS, dtype="f4").reshape(UNITS, UNITS)
    return dense_file.write(path, kernel, **storage)


def made(run, source, out, *options):
    done = run("convert", source, *options, "-o", out)
    assert done.returncode == 0, done.stdout + done.stderr
    return {path.name: path.read_bytes() for path in out.iterdir() if path.suffix != ".json"}


def test_chunks_of_any_form_give_the_same_bytes_and_leave_no_file(run, tmp_path):
    plain = net(tmp_path / "net.h5")
    folder = tmp_path / "packed"
    folder.mkdir()
    options = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
    for options_of_target in (("--to", "pytorch"), ("--to", "tfjs")):
        expected = made(run, plain, tmp_path / f"plain{options_of_target[1]}", *options_of_target)
        for index, chunks in enumerate([(64, 64), (UNITS, 8), (8, UNITS), (2000, 2000)]):
            packed = net(folder / "net.h5", chunks=chunks, **options)
            out = tmp_path / f"{options_of_target[1]}{index}"
            assert made(run, packed, out, *options_of_target) == expected
            names = {path.name for path in out.iterdir()}
            assert names == {
                path.name for path in (tmp_path / f"plain{options_of_target[1]}").iterdir()
            }
