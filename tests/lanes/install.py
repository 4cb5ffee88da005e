"""Installs what is missing, and nothing that is there: a tool on the PATH is used as it is."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lanes.project import (
    BUILD,
    KERAS_PYTHON,
    MKDOCS_PYTHON,
    ROOT,
    SPHINX_PYTHON,
    TORCH_PYTHON,
    TORCH_TODAY_PYTHON,
    Failure,
    digest,
    once,
    run,
    say,
)

LANES = Path(__file__).resolve().parent
SYSTEM_PYTHON = "/usr/bin/python3"
SYSTEM_MODULES = Path("/usr/lib/python3/dist-packages")

# What shows that it is there (a command, or a file) → the package that brings it.
COMPILER = {
    "g++": "g++",
    "cmake": "cmake",
    "ninja": "ninja-build",
    "/usr/include/nlohmann/json.hpp": "nlohmann-json3-dev",
    "/usr/include/fmt/format.h": "libfmt-dev",
    "/usr/include/tl/expected.hpp": "libexpected-dev",
    "/usr/include/doctest/doctest.h": "doctest-dev",
}
EMSCRIPTEN = {"emcc": "emscripten"}
VENV = {"python's venv": "python3-venv"}
TORCH = {
    str(SYSTEM_MODULES / "torch"): "python3-torch",
    str(SYSTEM_MODULES / "torchvision"): "python3-torchvision",
}
HDF5_TOOLS = {"h5repack": "hdf5-tools"}
# What each needs beside the packages of the environment.
OLD_KERAS = {
    "1.2.2": [],
    "2.2.4": ["keras_applications==1.0.6", "keras_preprocessing==1.0.5", "pyyaml==6.0.4"],
}
NPM_FILES = ("package.json", "package-lock.json")
WEBKIT = {"WebKitWebDriver": "webkit2gtk-driver", "xvfb-run": "xvfb", "xauth": "xauth"}
LINTERS = {"clang-format-19": "clang-format-19", "clang-tidy-19": "clang-tidy-19"}
BROWSERS = {
    "TENSORFERRY_CHROMIUM": ("chromium", "chromium-browser", "google-chrome"),
    "TENSORFERRY_FIREFOX": ("firefox-esr", "firefox"),
}


def is_there(witness: str) -> bool:
    if witness in VENV:
        probe = [SYSTEM_PYTHON, "-c", "import ensurepip, venv"]
        return subprocess.run(probe, stderr=subprocess.DEVNULL, check=False).returncode == 0
    return Path(witness).exists() if witness.startswith("/") else bool(shutil.which(witness))


def packages(wanted: dict[str, str]) -> None:
    """Installs the packages of those witnesses that are not there."""
    missing = [package for witness, package in wanted.items() if not is_there(witness)]
    if missing:
        install_packages(missing)


def install_packages(missing: list[str]) -> None:
    if not shutil.which("apt-get"):
        raise Failure(f"please install (Debian's names): {' '.join(missing)}")
    say(f"installing {' '.join(missing)}")
    root = [] if os.geteuid() == 0 else ["sudo"]
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    run([*root, "apt-get", "update"], log="apt-update", environment=quiet)
    command = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    run([*root, "env", "DEBIAN_FRONTEND=noninteractive", *command], log="apt-install")


def cargo_is_new_enough() -> bool:
    """hdf5-metno-src is of the 2024 edition, which cargo 1.85 was the first to read."""
    if not shutil.which("cargo"):
        return False
    version = subprocess.run(["cargo", "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"cargo (\d+)\.(\d+)", version.stdout)
    return bool(found) and (int(found[1]), int(found[2])) >= (1, 85)


@functools.cache
def library_sources() -> None:
    """The sources of HDF5 and zlib, in build/deps/sources."""
    fetch = ROOT / "wasm" / "hdf5" / "fetch"
    sources = BUILD / "deps" / "sources"

    def fetch_them() -> None:
        if not cargo_is_new_enough():
            install_packages(["cargo-web"])
        run([fetch, sources], log="fetch-hdf5")

    once("sources", digest([fetch]), [sources / "hdf5", sources / "zlib"], fetch_them)


@functools.cache
def node_modules() -> None:
    def install() -> None:
        say("installing node_modules")
        run(["npm", "ci", "--no-audit", "--no-fund"], log="npm")

    if not shutil.which("npm"):
        raise Failure("please install Node.js 20 or newer, with npm")
    once("npm", digest([ROOT / "package-lock.json"]), [ROOT / "node_modules"], install)


def environment(python: Path, requirements: Path, options: list[str]) -> None:
    """A virtual environment with exactly what a requirements file lists."""
    folder = python.parents[1]

    def create() -> None:
        say(f"installing {folder.relative_to(ROOT)}")
        shutil.rmtree(folder, ignore_errors=True)
        run([SYSTEM_PYTHON, "-m", "venv", *options, folder], log=f"{folder.name}-create")
        pip = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-deps"]
        run([*pip, "-r", requirements], log=f"{folder.name}-install")

    once(folder.name, digest([requirements, str(options)]), [python], create)


@functools.cache
def keras() -> None:
    packages(VENV)
    environment(KERAS_PYTHON, LANES / "requirements-keras.txt", [])


@functools.cache
def old_keras() -> dict[str, Path]:
    """Old releases beside that environment, by version: the folder that each is unpacked in."""
    keras()
    folders = {version: BUILD / f"keras-{version}" for version in OLD_KERAS}
    for version, folder in folders.items():
        packages_of_it = [f"keras=={version}", *OLD_KERAS[version]]

        def unpack(folder: Path = folder, packages_of_it: list[str] = packages_of_it) -> None:
            shutil.rmtree(folder, ignore_errors=True)
            pip = [KERAS_PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-deps"]
            # Its sdist needs no more than the setuptools that are there.
            run(
                [*pip, "--no-build-isolation", "--target", folder, *packages_of_it],
                log=folder.name,
            )

        once(folder.name, digest(packages_of_it), [folder / "keras"], unpack)
    return folders


@functools.cache
def torch() -> None:
    packages(VENV | TORCH)
    environment(TORCH_PYTHON, LANES / "requirements-torch.txt", ["--system-site-packages"])


@functools.cache
def torch_today() -> None:
    packages(VENV)
    environment(TORCH_TODAY_PYTHON, LANES / "requirements-torch-today.txt", [])


@functools.cache
def mkdocs() -> None:
    packages(VENV)
    environment(MKDOCS_PYTHON, LANES / "requirements-mkdocs.txt", [])


@functools.cache
def sphinx() -> None:
    packages(VENV)
    environment(SPHINX_PYTHON, LANES / "requirements-sphinx.txt", [])


@functools.cache
def docusaurus() -> None:
    """In build/hosts/docusaurus, where its tests make the sites."""
    sources = [ROOT / "tests" / "hosts" / "docusaurus" / name for name in NPM_FILES]
    folder = BUILD / "hosts" / "docusaurus"

    def install() -> None:
        say("installing Docusaurus")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for source in sources:
            shutil.copy(source, folder)
        run(["npm", "ci", "--no-audit", "--no-fund"], log="npm-docusaurus", cwd=folder)

    once("docusaurus", digest(sources), [folder / "node_modules"], install)


@functools.cache
def compiler() -> None:
    packages(COMPILER)
    library_sources()


@functools.cache
def emscripten() -> None:
    packages(COMPILER | EMSCRIPTEN)
    library_sources()


@functools.cache
def hdf5_tools() -> None:
    packages(HDF5_TOOLS)


@functools.cache
def linters() -> None:
    packages(LINTERS)


@functools.cache
def korean_font() -> None:
    packages({"/usr/share/fonts/truetype/nanum/NanumGothic.ttf": "fonts-nanum"})


def browsers() -> dict[str, str]:
    """The browsers' paths, by the variables that tests read them from. Where one is missing, it is
    installed on Debian; other systems' packages are snaps, which a bare machine cannot run."""
    release = Path("/etc/os-release")
    if release.exists() and re.search(r"^ID=debian$", release.read_text(), re.MULTILINE):
        packages({names[0]: names[0] for names in BROWSERS.values() if not first_of(names)})
    return {variable: path for variable, names in BROWSERS.items() if (path := first_of(names))}


def webkit() -> None:
    packages(WEBKIT)


def first_of(names: tuple[str, ...]) -> str | None:
    return next((path for name in names if (path := shutil.which(name))), None)


def everything() -> None:
    packages(COMPILER | EMSCRIPTEN | VENV | TORCH | LINTERS)
    browsers()
    # Each waits for the network, and then unpacks on one core. None asks apt for what another does.
    steps = (old_keras, node_modules, library_sources, torch, mkdocs)
    with ThreadPoolExecutor(len(steps)) as pool:
        for started in [pool.submit(step) for step in steps]:
            started.result()
