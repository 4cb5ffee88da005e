#include "graph/passes/padding.h"

#include <algorithm>
#include <map>

namespace tensorferry::graph {

namespace {

constexpr std::size_t first_spatial_axis = 2;

bool pads_both_sides_with_zeros(const PadAxes& pad) {
  for (std::size_t axis = 0; axis < pad.pads.size(); ++axis) {
    const Pad& own = pad.pads[axis];
    if (own.before != own.after || own.before < 0) return false;
    if (axis < first_spatial_axis && own != Pad{}) return false;
  }
  return pad.value == 0;
}

bool can_pad(const Conv& conv) {
  return !conv.transposed && conv.channel_axis == 1 &&
         conv.padding.kind == SpatialPadding::Kind::Explicit;
}

/// How often each module is called, in all graphs: a shared layer keeps its own padding.
std::map<ModuleId, int> calls_of(const Program& program) {
  std::map<ModuleId, int> calls;
  for (const Graph& graph : program.graphs) {
    for (const Node& node : graph.nodes) {
      if (node.module) calls[*node.module] += 1;
    }
  }
  return calls;
}

/// The one node that reads the value, or null.
Node* only_reader(Graph& graph, ValueId value) {
  Node* reader = nullptr;
  for (Node& node : graph.nodes) {
    const auto count = std::count(node.inputs.begin(), node.inputs.end(), value);
    if (count == 0) continue;
    if (count > 1 || reader != nullptr) return nullptr;
    reader = &node;
  }
  const bool is_output = std::any_of(graph.outputs.begin(), graph.outputs.end(),
                                     [value](const Port& port) { return port.value == value; });
  return is_output ? nullptr : reader;
}

}  // namespace

void merge_padding(Program& program) {
  const std::map<ModuleId, int> calls = calls_of(program);
  for (Graph& graph : program.graphs) {
    for (Node& node : graph.nodes) {
      const auto* pad = std::get_if<PadAxes>(&node.op);
      if (pad == nullptr || !pads_both_sides_with_zeros(*pad)) continue;
      Node* reader = only_reader(graph, node.outputs.at(0));
      auto* conv = reader == nullptr ? nullptr : std::get_if<Conv>(&reader->op);
      if (conv == nullptr || !can_pad(*conv) || calls.at(reader->module.value()) != 1) continue;
      for (std::size_t i = 0; i < conv->padding.pads.size(); ++i) {
        conv->padding.pads[i].before += pad->pads.at(first_spatial_axis + i).before;
        conv->padding.pads[i].after += pad->pads.at(first_spatial_axis + i).after;
      }
      // The padded value is none any more.
      graph.values[node.outputs[0]].shape = graph.values[node.inputs.at(0)].shape;
      node.op = Identity{};
      program.notes.push_back({io::Severity::Info, node.layer, "padding-merged",
                               "The zeros are the padding of " + reader->layer + "."});
    }
  }
}

}  // namespace tensorferry::graph
