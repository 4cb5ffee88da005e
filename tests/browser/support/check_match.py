"""Loads what `--match` wrote in real torchvision and compares with Keras: prints the largest
difference in units of what two samples make different.

    python check_match.py FOLDER FIXTURE.json [own]

With `own` the model is made here, and load.py is given it.
"""

import importlib.util
import pathlib
import sys

import numpy as np
import torch
import torchvision

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from support import fixtures  # noqa: E402


def main(folder, fixture, *own):
    spec = importlib.util.spec_from_file_location("load", pathlib.Path(folder) / "load.py")
    load = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(load)
    model = load.load_into(torchvision.models.densenet121()) if own else load.load_model()
    inputs, outputs = fixtures.Fixture(pathlib.Path(fixture)).runs()[0]
    with torch.no_grad():
        y = model(torch.from_numpy(inputs[0]).permute(0, 3, 1, 2)).numpy()
    scale = np.abs(outputs[0][0] - outputs[0][1]).max()
    print(np.abs(y - outputs[0]).max() / scale)


if __name__ == "__main__":
    main(*sys.argv[1:])
