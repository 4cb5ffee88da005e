"""Options of the PyTorch tests, and the conversions that they share."""

from __future__ import annotations

import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import convert, fixtures  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TENSORFERRY_BUILD", ROOT / "build"))


def pytest_addoption(parser):
    parser.addoption("--binary", default=str(BUILD / "native/tensorferry"))
    parser.addoption(
        "--fixture-root", default=str(BUILD / "fixtures"), help="what make.py has made"
    )
    parser.addoption("--update-goldens", action="store_true")


def pytest_configure(config):
    import torch

    torch.set_num_threads(1)
    sys.dont_write_bytecode = True


def pytest_generate_tests(metafunc):
    """`fixture` and `deep_fixture` stand for each fixture that can be run, by its kind;
    `application` for each net of keras.applications, `attention` for each with attention."""
    root = pathlib.Path(metafunc.config.getoption("--fixture-root"))
    chosen = {
        "fixture": fixtures.find(root, ("single",)),
        "deep_fixture": fixtures.find(root, ("deep",)),
    }
    chosen["application"] = [f for f in chosen["deep_fixture"] if f.meta["family"] == "deep"]
    chosen["attention"] = [
        fixture
        for fixture in chosen["fixture"] + chosen["deep_fixture"]
        if fixture.meta["family"].endswith("attention")
    ]
    for name, found in chosen.items():
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, found, ids=[fixture.id for fixture in found])


@pytest.fixture(scope="session")
def binary(request) -> str:
    path = request.config.getoption("--binary")
    if not pathlib.Path(path).exists():
        pytest.exit(f"There is no {path}: build it first", returncode=2)
    return path


@pytest.fixture(scope="session")
def fixtures_root(request) -> pathlib.Path:
    return pathlib.Path(request.config.getoption("--fixture-root"))


@pytest.fixture(scope="session")
def conversions(binary, tmp_path_factory) -> convert.Conversions:
    """Each (fixture, arguments) is converted once in a session."""
    return convert.Conversions(binary, tmp_path_factory.mktemp("converted"))
