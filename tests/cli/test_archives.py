"""Models that are several files: shards, an archive that was unzipped."""

import shutil
import zipfile

import pytest
from support import fixtures


def copied(fixture, folder, left_out=()):
    folder.mkdir()
    for file in fixture.files:
        if not file.name.endswith(left_out):
            shutil.copy(file, folder / file.name)
    return folder


@pytest.mark.parametrize("name", ("shards__in_order", "shards__renamed", "container__unzipped"))
def test_folder(name, fixtures_root, run, tmp_path):
    fixture = fixtures.get(fixtures_root, f"keras3/archives/{name}")
    folder = copied(fixture, tmp_path / "model")
    (folder / "notes.json").write_text('{"not": "a model"}')
    done = run("convert", folder, "--to", "pytorch", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/model.py").exists()


def test_shards_without_their_list(fixtures_root, run, tmp_path):
    fixture = fixtures.get(fixtures_root, "keras3/archives/shards__in_order")
    files = [file for file in fixture.files if file.suffix == ".h5"]
    done = run("convert", *files, "--to", "pytorch", "-o", tmp_path / "out")
    assert done.returncode == 64
    assert "one by one" in done.stderr


def test_deflated_gives_the_same_bytes(fixtures_root, run, tmp_path):
    """In either format of weights, and no temporary stays behind."""
    (stored,) = fixtures.get(fixtures_root, "keras2/archives/container__stored").files
    deflated = tmp_path / "called.h5"
    with zipfile.ZipFile(stored) as old, zipfile.ZipFile(deflated, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name), zipfile.ZIP_DEFLATED)
    for weights in ("safetensors", "pt"):
        outputs = []
        for file in (stored, deflated):
            out = tmp_path / f"{weights}_{file.stem}"
            done = run("convert", file, "--to", "pytorch", "--weights", weights, "-o", out)
            assert done.returncode == 0, done.stderr
            names = {"README.md", "manifest.json", "model.py", f"model.{weights}"}
            assert {path.name for path in out.iterdir()} == names
            outputs.append((out / f"model.{weights}").read_bytes())
        assert outputs[0] == outputs[1]
