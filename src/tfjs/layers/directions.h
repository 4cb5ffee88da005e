#pragma once

#include <string_view>
#include <vector>

#include "tfjs/builder.h"

/// Layers that read a sequence from both of its ends.
namespace tensorferry::tfjs {

/// A sequence of vectors or of maps (channels last) from its end.
Tensor reverse_time(LayerCall& call, std::string_view part, const Tensor& x);

/// How a Bidirectional merges: its `merge_mode`, which may be null.
Json merge_mode_of(const LayerCall& call);

/// What it makes of what its layers made: sequences of the backward one are turned before both
/// meet. One tensor, or two.
std::vector<Tensor> joined_directions(LayerCall& call, const Tensor& forward,
                                      const Tensor& backward, bool sequences);

/// Says of one under a mask that before 2.4 it repeated the last outputs of its layers there.
void note_masked_outputs(LayerCall& call);

/// Whether its layers differ in more than their direction and their training, or are none that
/// TF.js's own takes (tfjs-layers/src/layers/wrappers.ts makes both of the forward one's config).
bool has_two_layers(const keras::Layer& bidirectional);

}  // namespace tensorferry::tfjs
