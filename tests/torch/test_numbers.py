"""Each fixture, converted and run by real torch, computes what Keras computes."""

import pytest
from support import manifest as contract
from support import network as nets

FORMATS = ("safetensors", "pt")


@pytest.mark.parametrize("weights", FORMATS)
def test_numbers(fixture, weights, conversions):
    check(fixture, weights, conversions)


@pytest.mark.parametrize("weights", FORMATS)
def test_deep(deep_fixture, weights, conversions):
    check(deep_fixture, weights, conversions)


def check(fixture, weights, conversions):
    done = conversions.get(fixture, "--weights", weights)
    assert done.code == fixture.meta["exit"], done.explain()
    if done.code:
        # A stub stands in for a layer: nothing to run, but it must import and name the layer.
        nets.import_model(done.out, done.manifest)
        return
    manifest = done.manifest
    state = nets.load_state(done.out)
    assert contract.faults(done.out, manifest, fixture.meta, state) == []
    network, half = nets.widen(nets.load_network(done.out, manifest, state))
    assert nets.differences(fixture, network, manifest, half) == []
