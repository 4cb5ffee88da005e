#include "graph/passes/layout.h"

#include <utility>

#include "graph/passes/graph_layout.h"

namespace tensorferry::graph {

namespace {

struct Attempt {
  Program program;
  bool learned = false;
};

Attempt attempt(const Program& source, const LayoutOptions& options, Lessons& lessons) {
  Attempt result{source, false};
  std::vector<Boundary> boundaries;
  LayoutState state{result.program, boundaries, lessons, false, {}, {}};
  for (std::uint32_t index = 0; index < source.graphs.size(); ++index) {
    const bool keep_ports = options.channels_last_io && index == source.root;
    LaidOut laid_out = lay_out(state, source.graphs[index], index, keep_ports);
    result.program.graphs[index] = std::move(laid_out.graph);
    boundaries.push_back(std::move(laid_out.boundary));
  }
  result.learned = state.learned;
  return result;
}

}  // namespace

Program channels_first(const Program& program, const LayoutOptions& options) {
  Lessons lessons;
  // Each attempt in vain adds a Flatten or a module to the lessons, of which there are finitely
  // many.
  while (true) {
    Attempt result = attempt(program, options, lessons);
    if (!result.learned) return std::move(result.program);
  }
}

}  // namespace tensorferry::graph
