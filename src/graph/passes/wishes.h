#pragma once

#include <cstddef>
#include <vector>

#include "graph/graph.h"
#include "graph/passes/axes.h"

namespace tensorferry::graph {

/// Which layouts the consumers of a value ask for.
struct Wishes {
  bool channels_first = false;  ///< a convolution, pooling, resize… over Keras's last axis
  bool channels_first_each_time = false;  ///< the same behind a FoldTime
  bool keras = false;  ///< a layer that works along Keras's last axis, or a channels-first one
};

/// The order of axes at the border of a nested graph.
struct Boundary {
  std::vector<Axes> inputs;
  std::vector<Axes> outputs;
};

/// What the first consumers of `value` ask for, looked for through ops that don't care
/// (elementwise, padding, merging). `boundaries` are those of the graphs that are called, by index.
Wishes wishes_of(const Graph& graph, ValueId value, const std::vector<Boundary>& boundaries);

}  // namespace tensorferry::graph
