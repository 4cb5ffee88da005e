"""Options of the goldens; they need the native command and the committed pack, no TensorFlow."""

from __future__ import annotations

import os
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
BUILD = pathlib.Path(os.environ.get("TENSORFERRY_BUILD", ROOT / "build"))


def pytest_addoption(parser):
    parser.addoption("--binary", default=str(BUILD / "native/tensorferry"))
    parser.addoption("--update-goldens", action="store_true", help="write what comes out")


@pytest.fixture(scope="session")
def binary(request) -> str:
    return request.config.getoption("--binary")
