#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "graph/passes/axes.h"
#include "graph/passes/wishes.h"

namespace tensorferry::graph {

/// What one attempt of the pass has learned, so that the next does not assume it: each attempt
/// supposes that the order of every flattened axis can be absorbed, and learns where it can't.
struct Lessons {
  std::set<std::pair<std::uint32_t, std::size_t>>
      plain_flattens;                ///< graph, node: permute before it
  std::set<ModuleId> plain_modules;  ///< called with several orders: absorbs none
};

/// What the graphs of a program share while they are given layouts.
struct LayoutState {
  Program& program;  ///< modules, notes and finished graphs of the result
  const std::vector<Boundary>& boundaries;
  Lessons& lessons;
  bool learned = false;  ///< this attempt was in vain
  std::map<ModuleId, std::vector<FlattenedRun>>
      runs;                         ///< what a module has absorbed at its first call
  std::map<ModuleId, Axes> orders;  ///< the layout for which a module's parameters lie ready
};

struct LaidOut {
  Graph graph;
  Boundary boundary;
};

/// `source`, graph number `index`, with a layout for every value. `keep_ports`: inputs and outputs
/// stay in Keras's layout.
LaidOut lay_out(LayoutState& state, const Graph& source, std::uint32_t index, bool keep_ports);

}  // namespace tensorferry::graph
