"""The comparison can fail: a wrong order of axes anywhere makes it fail."""

import pytest
import torch
from support import fixtures
from support import network as nets


def swap_height_width(tensor):
    return tensor.transpose(2, 3).contiguous() if tensor.ndim == 4 else None


def reverse_input_channels(tensor):
    return tensor.flip(1) if tensor.ndim >= 2 and tensor.shape[1] > 1 else None


def reverse_output_channels(tensor):
    return tensor.flip(0) if tensor.ndim >= 1 and tensor.shape[0] > 1 else None


def move_gates(tensor):
    gates = 4
    if tensor.ndim < 1 or tensor.shape[0] % gates:
        return None
    return tensor.roll(tensor.shape[0] // gates, 0)


MUTATIONS = (swap_height_width, reverse_input_channels, reverse_output_channels, move_gates)

# Kernels are square in most nets: a swap keeps the shape, so only the numbers can tell.
SINGLE = (
    "keras3/sequential/small_cnn",
    "keras3/convolution/conv2d_chain",
    "keras3/flatten/flatten_dense",
    "keras3/applications_layers/inverted_residual",
    "keras3/normalization/batch_norm_conv_block",
    "keras3/recurrent/lstm_encoder_decoder",
    "keras3/recurrent/gru_sequence_and_states",
    "keras3/bidirectional/stack_frozen",
    "keras3/rnn_cells/stack_frozen",
    "keras2/cudnn/lstm_bidirectional",
    "keras3/time_distributed/conv_lstm_head",
    "keras3/masks/bidirectional_lstm_sequences",
)


def mutants(state: dict, mutate) -> list[tuple[str, dict]]:
    """The state with one tensor changed, for each tensor that the mutation changes visibly."""
    found = []
    for key, tensor in state.items():
        changed = mutate(tensor)
        same_shape = changed is not None and changed.shape == tensor.shape
        if same_shape and not torch.equal(changed, tensor):
            found.append((key, state | {key: changed}))
    return found


@pytest.mark.parametrize("name", SINGLE)
def test_each_mutation_of_each_weight_fails(name, fixtures_root, conversions):
    fixture = fixtures.get(fixtures_root, name)
    done = conversions.get(fixture, "--weights", "safetensors")
    state = nets.load_state(done.out)
    tried = 0
    for mutate in MUTATIONS:
        for key, mutant in mutants(state, mutate):
            network = nets.load_network(done.out, done.manifest, mutant)
            found = nets.differences(fixture, network, done.manifest)
            assert found, f"{mutate.__name__} of {key} passes"
            tried += 1
    assert tried >= 4


MASKED = ("masks/embedding_lstm_sequences", "masks/masking_gru_backwards", "masks/cells")


@pytest.mark.parametrize("keras", ("keras2", "keras3"))
@pytest.mark.parametrize("name", MASKED)
def test_a_mask_that_is_ignored_or_turned_fails(
    keras, name, fixtures_root, conversions, monkeypatch
):
    fixture = fixtures.get(fixtures_root, f"{keras}/{name}")
    done = conversions.get(fixture, "--weights", "safetensors")
    network = nets.load_network(done.out, done.manifest, nets.load_state(done.out))
    names = type(network).forward.__globals__
    select = names["select"]
    for wrong in (lambda on, new, old: new, lambda on, new, old: select(~on, new, old)):
        monkeypatch.setitem(names, "select", wrong)
        assert nets.differences(fixture, network, done.manifest)


def test_mutations_of_whole_nets_fail(application, conversions):
    """An early and a late kernel of each net, since more noise is allowed there."""
    done = conversions.get(application, "--weights", "safetensors")
    state = nets.load_state(done.out)
    for mutate, index in ((swap_height_width, 1), (reverse_input_channels, -1)):
        key, mutant = mutants(state, mutate)[index]
        network = nets.load_network(done.out, done.manifest, mutant)
        found = nets.differences(application, network, done.manifest, runs=1)
        assert found, f"{mutate.__name__} of {key} passes"


def test_order_of_flattened_rows_matters(fixtures_root, conversions):
    """The rows of the Dense after a Flatten, taken as (c, h, w) of another shape."""
    fixture = fixtures.get(fixtures_root, "keras3/flatten/flatten_dense")
    done = conversions.get(fixture, "--weights", "safetensors")
    state = nets.load_state(done.out)
    key = next(key for key, tensor in state.items() if tensor.ndim == 2)
    rows = state[key]
    wrong = rows.reshape(rows.shape[0], 4, -1).transpose(1, 2).reshape(rows.shape)
    network = nets.load_network(done.out, done.manifest, state | {key: wrong.contiguous()})
    assert nets.differences(fixture, network, done.manifest)
