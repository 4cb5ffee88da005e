"""Writes chunks.h5 with h5py, and chunks.json: where its chunks lie, as HDF5 itself says.

Element i of each dataset (row-major) is float32 or int16 (i * 37 % 1001); see chunks_test.cpp.
"""

import json
from pathlib import Path

import h5py
import numpy as np

FOLDER = Path(__file__).parent
DATASETS = [
    # name, shape, dtype, chunks, options
    ("deflate", (50, 37), "<f4", (16, 16), {"compression": "gzip"}),
    ("shuffle-deflate", (50, 37), "<f4", (16, 16), {"compression": "gzip", "shuffle": True}),
    ("shuffle-only", (7, 5, 11), "<i2", (2, 3, 4), {"shuffle": True}),
    ("fletcher32", (41, 9), "<f4", (7, 9), {"fletcher32": True}),
    ("odd-fletcher32", (27,), "<i2", (9,), {"fletcher32": True, "compression": "gzip"}),
    ("lzf", (50, 37), "<f4", (50, 20), {"compression": "lzf"}),
    (
        "shuffle-lzf-fletcher32",
        (64, 64),
        "<f4",
        (32, 40),
        {"compression": "lzf", "shuffle": True, "fletcher32": True},
    ),
    ("big-endian", (13, 6), ">f4", (5, 4), {"compression": "gzip", "shuffle": True}),
    ("plain", (13, 6), "<f4", (5, 4), {}),
    ("missing", (20, 6), "<f4", (5, 4), {"fillvalue": 2.5}),
]
FILTERS = {1: "deflate", 2: "shuffle", 3: "fletcher32", 32000: "lzf"}


def describe(dataset):
    plist = dataset.id.get_create_plist()
    chunks = []
    for number in range(dataset.id.get_num_chunks()):
        info = dataset.id.get_chunk_info(number)
        chunks.append([list(info.chunk_offset), info.byte_offset, info.size, info.filter_mask])
    return {
        "shape": dataset.shape,
        "chunk_shape": dataset.chunks,
        "dtype": dataset.dtype.name,
        "big_endian": dataset.dtype.byteorder == ">",
        "filters": [FILTERS[plist.get_filter(i)[0]] for i in range(plist.get_nfilters())],
        "chunks": sorted(chunks),
    }


def main():
    table = {}
    with h5py.File(FOLDER / "chunks.h5", "w") as file:
        for name, shape, dtype, chunks, options in DATASETS:
            dataset = file.create_dataset(name, shape, dtype, chunks=chunks, **options)
            values = (np.arange(dataset.size) * 37 % 1001).reshape(shape).astype(dtype)
            if name == "missing":
                dataset[5:10] = values[5:10]
            else:
                dataset[...] = values
            table[name] = describe(dataset)
    (FOLDER / "chunks.json").write_text(json.dumps(table, separators=(",", ":")) + "\n")


main()
