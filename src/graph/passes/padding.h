#pragma once

#include "graph/graph.h"

namespace tensorferry::graph {

/// Before: a layer pads the spatial axes with zeros, alike on both sides, and a convolution alone
/// reads that. After: the convolution pads, the layer is an Identity (with a note
/// `padding-merged`). Runs after the layout pass, since spatial axes are found behind the channels.
void merge_padding(Program& program);

}  // namespace tensorferry::graph
