#pragma once

#include "graph/passes/layout.h"
#include "passes/model_builder.h"

namespace tensorferry::graph {

/// Runs the pass and compares the two programs' outputs, up to the layouts of the ports; the
/// program after it.
Program checked_layout(ModelBuilder& builder, LayoutOptions options = {});

}  // namespace tensorferry::graph
