#pragma once

#include "graph/graph.h"

namespace tensorferry::graph {

struct LayoutOptions {
  bool channels_last_io = false;  ///< inputs and outputs of the root keep Keras's layout
};

/// Before: values in Keras's layout. After: values in the layout of a channels-first framework,
/// axis arguments rewritten, a Permute only where the meaning forces one (with a note
/// `permute-inserted`), flattened axes' orders absorbed into the parameters of Dense and BatchNorm.
/// See "Layout" in site/docs/design.md.
Program channels_first(const Program& program, const LayoutOptions& options);

}  // namespace tensorferry::graph
