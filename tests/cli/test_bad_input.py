"""Bad input gets a sentence: which object, what was expected, what was found. Exit 2, or 1 where a
part can be left out; nothing half-written stays behind."""

import json

import pytest

# Keras's own words for a class of trouble; none of them is a sentence for a user.
NOT_A_SENTENCE = ("terminate called", "Segmentation", "std::", "nlohmann", "AddressSanitizer")


def is_sentence(stderr: str) -> bool:
    """The first line says it, and ends as a sentence does, or with a command to run."""
    line = stderr.splitlines()[0].rstrip() if stderr.strip() else ""
    return line.startswith("tensorferry: ") and (line.endswith(".") or "h5repack -f NONE" in line)


@pytest.mark.parametrize("target", ("pytorch", "tfjs"))
def test_sentence(bad, target, run, tmp_path):
    out = tmp_path / "out"
    done = run("convert", *bad.files, "--to", target, "-o", out)
    expected = bad.meta["exit"]
    if target == "tfjs" and expected == 1:
        expected = 2  # a model with such a layer would not load there
    assert done.returncode == expected, done.stdout + done.stderr
    text = done.stdout + done.stderr
    for word in bad.meta["words"]:
        assert word.lower() in text.lower(), f"{word!r} is not said: {text}"
    for word in NOT_A_SENTENCE:
        assert word not in text
    if expected == 2:
        assert is_sentence(done.stderr), done.stderr
        assert not out.exists() or not any(out.iterdir()), "something half-written stays"


def test_json_failure_has_a_code(bad, run, tmp_path):
    done = run("convert", *bad.files, "--to", "pytorch", "-o", tmp_path / "out", "--json")
    assert done.returncode == bad.meta["exit"]
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
    assert lines, done.stderr
    if bad.meta["exit"] == 2:
        assert lines[-1]["event"] == "error"
        assert lines[-1]["exitCode"] == 2
        assert lines[-1]["code"]
        assert lines[-1]["message"]


def test_inspect(bad, run):
    """Inspecting says the same trouble, or shows the file where only a tensor's bytes are bad."""
    done = run("inspect", *bad.files)
    assert done.returncode in (0, 1, 2), done.stderr
    for word in NOT_A_SENTENCE:
        assert word not in done.stdout + done.stderr


def test_missing_file(run, tmp_path):
    done = run("convert", tmp_path / "nothing.h5", "--to", "pytorch", "-o", tmp_path / "out")
    assert done.returncode == 2
    assert "nothing.h5" in done.stderr


def test_empty_folder(run, tmp_path):
    (tmp_path / "empty").mkdir()
    done = run("convert", tmp_path / "empty", "--to", "pytorch", "-o", tmp_path / "out")
    assert done.returncode == 2
    assert "empty" in done.stderr


def test_folder_with_one_model(run, model, tmp_path):
    folder = tmp_path / "one"
    folder.mkdir()
    (folder / "m.h5").write_bytes(model.read_bytes())
    (folder / "notes.txt").write_text("not a model")
    done = run("convert", folder, "--to", "pytorch", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/model.py").exists()


def test_folder_with_two_models(run, model, tmp_path):
    folder = tmp_path / "two"
    folder.mkdir()
    for name in ("first.h5", "second.h5"):
        (folder / name).write_bytes(model.read_bytes())
    done = run("convert", folder, "--to", "pytorch", "-o", tmp_path / "out")
    assert done.returncode == 64
    assert "first.h5" in done.stderr
    assert "second.h5" in done.stderr


def test_two_models_as_arguments(run, model, tmp_path):
    copy = tmp_path / "copy.h5"
    copy.write_bytes(model.read_bytes())
    done = run("convert", model, copy, "--to", "pytorch", "-o", tmp_path / "out")
    assert done.returncode == 64
    assert "copy.h5" in done.stderr


def test_good_file_after_a_bad_one_in_one_folder(run, fixtures_root, model, tmp_path):
    """Each run stands alone: what a bad file left does not harm the next."""
    bad = fixtures_root / "keras3/bad_input/truncated_at_50_percent.h5"
    out = tmp_path / "out"
    assert run("convert", bad, "--to", "pytorch", "-o", out).returncode == 2
    assert run("convert", model, "--to", "pytorch", "-o", out).returncode == 0


def test_out_cannot_be_written(run, model, tmp_path):
    (tmp_path / "file").write_text("in the way")
    done = run("convert", model, "--to", "pytorch", "-o", tmp_path / "file/out")
    assert done.returncode == 2
    assert "file" in done.stderr
