"""`.pt` and `.safetensors` as files: strides, `--contiguous`, sizes, casts, zips, checksums."""

import hashlib
import inspect
import io
import zipfile

import pytest
import torch
from support import convert, fixtures
from support import network as nets

# Conv, BatchNorm (num_batches_tracked is a scalar), Flatten→Dense, a transposed convolution.
NAMES = (
    "keras3/sequential/stock_modules_only",
    "keras3/applications_layers/inverted_residual",
    "keras3/transposed_convolution/conv2d_transpose_valid",
    "keras3/flatten/concatenate_flattens_batch_norm_dense",
    "keras2/nesting/layer_at_two_depths",
    "keras3/containers/gzip_shuffle",
    "keras3/containers/big_endian",
    "keras3/containers/never_allocated_fill",
    "keras3/dtypes/conv_bfloat16",
)

# torch.load has `mmap` from 2.1 on: the lane torch_today has it, Debian's torch 1.13 does not.
MAPPED = (False, True) if "mmap" in inspect.signature(torch.load).parameters else (False,)


@pytest.fixture(params=NAMES)
def named(request, fixtures_root):
    return fixtures.get(fixtures_root, request.param)


def test_both_formats_hold_the_same(named, conversions):
    a = nets.load_state(conversions.get(named, "--weights", "safetensors").out)
    b = nets.load_state(conversions.get(named, "--weights", "pt").out)
    c = nets.load_state(conversions.get(named, "--weights", "pt", "--contiguous").out)
    assert list(a) and set(a) == set(b) == set(c)
    for key in a:
        assert torch.equal(a[key], b[key]), key
        assert torch.equal(a[key], c[key]), key
        assert a[key].dtype == b[key].dtype == c[key].dtype


@pytest.mark.parametrize("mapped", MAPPED)
def test_pt_opens(named, mapped, conversions):
    """As weights alone, and mapped into memory."""
    expected = nets.load_state(conversions.get(named, "--weights", "safetensors").out)
    path = conversions.get(named, "--weights", "pt").out / "model.pt"
    state = torch.load(path, weights_only=True, **({"mmap": True} if mapped else {}))
    assert set(state) == set(expected)
    for key, tensor in state.items():
        assert torch.equal(tensor, expected[key]), key


def test_strided_is_said_and_survives(named, conversions, tmp_path):
    done = conversions.get(named, "--weights", "pt")
    state = nets.load_state(done.out)
    rows = {row["key"]: row.get("strided", False) for row in done.manifest["weights"]}
    for key, tensor in state.items():
        assert rows[key] == (not tensor.is_contiguous()), key
    network = nets.load_network(done.out, done.manifest, state)
    for key, tensor in network.state_dict().items():
        assert tensor.is_contiguous(), key
    torch.save(state, tmp_path / "again.pt")
    again = torch.load(tmp_path / "again.pt", weights_only=True)
    assert list(again) == list(state)
    for key, tensor in again.items():
        assert torch.equal(tensor, state[key])
        assert tensor.stride() == state[key].stride()


def test_a_convolution_is_strided(conversions, fixtures_root):
    """Nothing is computed for a kernel: its strides are Keras's."""
    fixture = fixtures.get(fixtures_root, NAMES[0])
    done = conversions.get(fixture, "--weights", "pt")
    assert any(row.get("strided") for row in done.manifest["weights"])


def test_contiguous_writes_no_strides(named, conversions):
    done = conversions.get(named, "--weights", "pt", "--contiguous")
    assert all(tensor.is_contiguous() for tensor in nets.load_state(done.out).values())
    assert not any(row.get("strided") for row in done.manifest["weights"])


def test_pt_is_a_sound_zip(named, conversions):
    path = conversions.get(named, "--weights", "pt").out / "model.pt"
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
        assert all(info.compress_type == zipfile.ZIP_STORED for info in infos)
        for info in infos:
            name = info.filename.split("/", 1)[1]
            if name.startswith("data/") and info.file_size:
                assert data_offset(path, info) % 64 == 0, name
    # Plain torch.load too, which trusts pickles more.
    assert torch.load(path).keys() == torch.load(path, weights_only=True).keys()


def data_offset(path, info) -> int:
    with path.open("rb") as file:
        file.seek(info.header_offset + 26)
        name_length = int.from_bytes(file.read(2), "little")
        extra_length = int.from_bytes(file.read(2), "little")
    return info.header_offset + 30 + name_length + extra_length


def test_safetensors_is_what_the_library_writes(named, conversions):
    """The real library reads it, and its own writing of it has the same tensors and offsets."""
    import safetensors
    import safetensors.torch

    path = conversions.get(named, "--weights", "safetensors").out / "model.safetensors"
    with safetensors.safe_open(str(path), framework="pt") as file:
        state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        assert file.metadata() in (None, {"format": "pt"})
    again = safetensors.torch.load(safetensors.torch.save(state))
    assert all(torch.equal(state[key], again[key]) for key in state)
    header = int.from_bytes(path.read_bytes()[:8], "little")
    assert header % 8 == 0


@pytest.mark.parametrize("weights", ("safetensors", "pt"))
@pytest.mark.parametrize("dtype", ("float16", "bfloat16"))
def test_cast(weights, dtype, conversions, fixtures_root):
    fixture = fixtures.get(fixtures_root, "keras3/sequential/stock_modules_only")
    plain = nets.load_state(conversions.get(fixture, "--weights", weights).out)
    done = conversions.get(fixture, "--weights", weights, "--dtype", dtype)
    assert done.code == 0, done.explain()
    state = nets.load_state(done.out)
    for key, tensor in plain.items():
        expected = tensor.to(getattr(torch, dtype)) if tensor.is_floating_point() else tensor
        assert state[key].dtype == expected.dtype, key
        assert torch.equal(state[key], expected), key
    network = nets.load_network(done.out, done.manifest, state)
    assert {p.dtype for p in network.parameters()} == {getattr(torch, dtype)}
    rows = {row["key"]: row for row in done.manifest["weights"]}
    for key, tensor in state.items():
        assert rows[key]["dtype"] == str(tensor.dtype).removeprefix("torch.")
        assert (f"cast({dtype})" in rows[key]["transform"]) == tensor.is_floating_point()


@pytest.mark.parametrize("weights", ("safetensors", "pt"))
def test_zip_output(named, weights, binary, conversions, tmp_path):
    """One stored zip with true CRCs, whose members are the folder's files."""
    folder = conversions.get(named, "--weights", weights)
    target = tmp_path / "out.zip"
    arguments = ("--to", "pytorch", "--weights", weights, "-o", target)
    done = convert.run(binary, "convert", *named.files, *arguments)
    assert done.returncode == folder.code, done.stdout + done.stderr
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        contents = {name.split("/")[-1]: archive.read(name) for name in archive.namelist()}
    assert set(contents) == {path.name for path in folder.out.iterdir()}
    for path in folder.out.iterdir():
        if path.name == "model.pt":
            # A `.pt` inside a zip has the CRCs that a plain one may leave at 0.
            state = torch.load(io.BytesIO(contents[path.name]), weights_only=True)
            expected = torch.load(path, weights_only=True)
            assert all(torch.equal(state[key], expected[key]) for key in expected)
        else:
            assert contents[path.name] == path.read_bytes(), path.name


def test_checksums(named, conversions):
    done = conversions.get(named, "--weights", "pt", "--checksums")
    assert done.code == 0, done.explain()
    for file in done.manifest["files"]:
        digest = hashlib.sha256((done.out / file["name"]).read_bytes()).hexdigest()
        assert file["sha256"] == digest, file["name"]


def test_no_checksums_unless_asked(named, conversions):
    done = conversions.get(named, "--weights", "pt")
    assert not any("sha256" in file for file in done.manifest["files"])
