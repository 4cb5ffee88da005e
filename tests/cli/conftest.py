"""Options of the command line tests."""

from __future__ import annotations

import os
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
BAD = ("bad_input", "bad_archives")
BUILD = pathlib.Path(os.environ.get("TENSORFERRY_BUILD", ROOT / "build"))


def pytest_addoption(parser):
    parser.addoption("--binary", default=str(BUILD / "native/tensorferry"))
    parser.addoption(
        "--fixture-root", default=str(BUILD / "fixtures"), help="what make.py has made"
    )


def pytest_generate_tests(metafunc):
    from support import fixtures

    root = pathlib.Path(metafunc.config.getoption("--fixture-root"))
    for name, is_bad in (("bad", True), ("refused", False)):
        if name not in metafunc.fixturenames:
            continue
        found = [f for f in fixtures.find(root, ("none",)) if (f.meta["family"] in BAD) == is_bad]
        # Weights alone have tests of their own.
        found = [f for f in found if is_bad or "architecture-missing" not in f.meta["notes"]]
        metafunc.parametrize(name, found, ids=[fixture.id for fixture in found])


@pytest.fixture(scope="session")
def binary(request) -> str:
    return request.config.getoption("--binary")


@pytest.fixture(scope="session")
def fixtures_root(request) -> pathlib.Path:
    return pathlib.Path(request.config.getoption("--fixture-root"))


@pytest.fixture(scope="session")
def model(fixtures_root) -> pathlib.Path:
    """A small model that converts without a note."""
    return fixtures_root / "keras3/sequential/small_cnn.h5"


@pytest.fixture
def run(binary):
    """Runs the command; its output is text, its input empty."""
    from support import convert

    return lambda *arguments: convert.run(binary, *arguments)
