"""`optimizer.pt` holds what the optimizer of a Keras file has gathered: training goes on."""

from __future__ import annotations

import json
import pathlib
import pickletools
import subprocess
import sys
import zipfile

import pytest
import torch
from support import convert
from test_training import LEFT_OUT, Case, Trainer, differences, state_of
from test_training import converted as converted
from test_training import converted_folder as converted_folder

# Of torch/_weights_only_unpickler.py; 1.13 has no BINFLOAT.
PERMITTED = {
    *("PROTO", "STOP", "MARK", "GLOBAL", "REDUCE", "BINPERSID", "BINPUT", "BINGET"),
    *("EMPTY_DICT", "SETITEMS", "EMPTY_LIST", "APPENDS", "TUPLE", "EMPTY_TUPLE", "NEWTRUE"),
    *("NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE"),
}
# SGD without momentum gathers nothing, and counts no steps without a schedule.
STATELESS = {
    "legacy_sgd",
    "legacy_sgd_clips",
    "optimizer_clipnorm",
    "optimizer_clipnorm_gru",
    "optimizer_global_clipnorm",
    "optimizer_sgd",
    "optimizer_sgd_decayed",
}
CAN_LOAD_WEIGHTS_ONLY = int(torch.__version__.split(".")[0]) >= 2


# Their state is not carried over.
WITHOUT_STATE = {
    "optimizer_adafactor",
    "optimizer_adafactor_turned",
    "optimizer_muon",
    "optimizer_muon_turned",
}


def pytest_generate_tests(metafunc):
    root = pathlib.Path(metafunc.config.getoption("--fixture-root")) / "training"
    cases = [Case(path.parent) for path in sorted(root.glob("keras[23]/*/meta.json"))]
    pairs = [
        (case, container)
        for case in cases
        if case.meta["trained"] is not None
        and case.meta["name"] not in LEFT_OUT
        and case.meta["name"] not in WITHOUT_STATE
        for container in case.meta["containers"]
    ]
    ids = [f"{case.id}.{container}" for case, container in pairs]
    if "resumed" in metafunc.fixturenames:
        metafunc.parametrize(("resumed", "container"), pairs, ids=ids)


def load(out: pathlib.Path) -> dict:
    return torch.load(out / "optimizer.pt", weights_only=CAN_LOAD_WEIGHTS_ONLY)


def test_resumed(resumed, container, converted):
    out = converted(resumed.file("trained", container))
    trainer, data = Trainer(out), resumed.data()
    optimizer = trainer.optimizer()
    stateless = resumed.meta["name"] in STATELESS
    assert (out / "optimizer.pt").exists() != stateless
    if not stateless:
        optimizer.load_state_dict(load(out))
    steps = range(resumed.meta["trained"], resumed.meta["steps"])
    batches = [trainer.batch(data, step) for step in steps]
    trainer.module.train_epoch(trainer.model, optimizer, batches)
    assert differences(trainer, state_of(out), state_of(converted(resumed.file("after")))) == []


def test_hyper_parameters(resumed, container, converted):
    """What the file says of them is what make_optimizer says, so that it may be loaded into it."""
    out = converted(resumed.file("trained", container))
    if resumed.meta["name"] in STATELESS:
        return
    group = load(out)["param_groups"][0]
    own = Trainer(out).optimizer().state_dict()["param_groups"][0]
    changing = {"eps", "lr", "steps"} if "steps" in own else set()
    if changing:
        assert group["steps"] == resumed.meta["trained"]
    for name, value in own.items():
        if name not in changing and name in group:
            assert group[name] == value, name


def test_opcodes(resumed, container, converted):
    """Nothing but what torch.load(weights_only=True) takes."""
    out = converted(resumed.file("trained", container))
    if resumed.meta["name"] in STATELESS:
        return
    with zipfile.ZipFile(out / "optimizer.pt") as archive:
        opcodes = pickletools.genops(raw(out / "optimizer.pt", archive.getinfo("model/data.pkl")))
    assert {opcode.name for opcode, _, _ in opcodes} <= PERMITTED


def raw(path: pathlib.Path, member: zipfile.ZipInfo) -> bytes:
    """The bytes of a stored member, whatever its CRC says: torch does not look at it."""
    data = path.read_bytes()
    names = int.from_bytes(data[member.header_offset + 26 : member.header_offset + 28], "little")
    extra = int.from_bytes(data[member.header_offset + 28 : member.header_offset + 30], "little")
    begin = member.header_offset + 30 + names + extra
    return data[begin : begin + member.file_size]


@pytest.fixture(scope="module")
def trained_adam(request):
    root = pathlib.Path(request.config.getoption("--fixture-root")) / "training"
    return Case(root / "keras3" / "optimizer_adam")


def test_fresh(trained_adam, converted):
    """An optimizer that has made no step has nothing to go on with."""
    for container in ("h5", "keras"):
        out = converted(trained_adam.file("fresh", container))
        assert not (out / "optimizer.pt").exists()
        assert "optimizer.pt" not in (out / "training.py").read_text()


@pytest.mark.parametrize("name", sorted(WITHOUT_STATE))
def test_without_state(name, converted, request):
    root = pathlib.Path(request.config.getoption("--fixture-root")) / "training"
    out = converted(Case(root / "keras3" / name).file("trained", "keras"))
    assert not (out / "optimizer.pt").exists()
    notes = json.loads((out / "manifest.json").read_text())["notes"]
    assert "optimizer-state-unsupported" in [note["code"] for note in notes]


def test_main(trained_adam, binary, converted, tmp_path):
    """training.py loads it; made for a torch that can, weights only."""
    file = trained_adam.file("trained", "h5")
    out = converted(file)
    command = [sys.executable, "-B", "training.py"]
    ran = subprocess.run(command, cwd=out, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0 and "loss" in ran.stdout, ran.stderr
    convert.run(
        binary, "convert", file, "--to", "pytorch", "--torch-min", "2.1", "-o", tmp_path / "out"
    )
    text = (tmp_path / "out" / "training.py").read_text()
    assert 'load_state_dict(torch.load("optimizer.pt", weights_only=True))' in text
