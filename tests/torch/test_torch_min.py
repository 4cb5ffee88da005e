"""`--torch-min 2.1`: attention by F.scaled_dot_product_attention, where no scores are asked for.
Torch 1.13 lacks it; there what torch's documentation says of it stands in, and the lane torch_today
has the real one."""

import pytest
import torch
import torch.nn.functional as F
from support import fixtures
from support import network as nets


def documented_attention(
    query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None
):
    """torch.nn.functional.scaled_dot_product_attention, as its page in torch 2.1 has it."""
    assert dropout_p == 0
    sizes = (query.shape[-2], key.shape[-2])
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    bias = torch.zeros(sizes, dtype=query.dtype)
    if is_causal:
        assert attn_mask is None
        bias.masked_fill_(~torch.ones(sizes, dtype=torch.bool).tril(), float("-inf"))
    if attn_mask is not None:
        if attn_mask.dtype == torch.bool:
            bias = bias.masked_fill(~attn_mask, float("-inf"))
        else:
            assert attn_mask.dtype == query.dtype
            bias = bias + attn_mask
    return torch.softmax(query @ key.transpose(-2, -1) * scale + bias, dim=-1) @ value


@pytest.fixture
def fused(monkeypatch):
    if not hasattr(F, "scaled_dot_product_attention"):
        monkeypatch.setattr(F, "scaled_dot_product_attention", documented_attention, raising=False)


def test_it_computes_the_same(attention, conversions, fused):
    done = conversions.get(attention, "--weights", "safetensors", "--torch-min", "2.1")
    assert done.code == 0, done.explain()
    network = nets.load_network(done.out, done.manifest)
    assert not nets.differences(attention, network, done.manifest)


def test_both_kinds_occur(fixtures_root, conversions):
    for name, fuses in (
        ("heads_two", True),
        ("heads_window", True),
        ("dot_causal", True),
        ("heads_scores", False),
        ("heads_window_dropout", False),
        ("additive_two", False),
    ):
        fixture = fixtures.get(fixtures_root, f"keras3/attention/{name}")
        done = conversions.get(fixture, "--weights", "safetensors", "--torch-min", "2.1")
        source = (done.out / "model.py").read_text()
        assert ("F.scaled_dot_product_attention(" in source) == fuses, name
