#include "torch/match/input_steps.h"

namespace tensorferry::torch {

namespace {

/// The node that alone reads the value; null where there are several, or none.
const graph::Node* only_reader(const graph::Graph& graph, graph::ValueId value,
                               std::size_t& number) {
  const graph::Node* reader = nullptr;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    for (const graph::ValueId input : graph.nodes[i].inputs) {
      if (input != value) continue;
      if (reader != nullptr) return nullptr;
      reader = &graph.nodes[i];
      number = i;
    }
  }
  return reader;
}

bool rescales(const graph::Op& op) {
  const auto* normalize = std::get_if<graph::Normalize>(&op);
  return std::holds_alternative<graph::ScaleOffset>(op) ||
         (normalize != nullptr && !normalize->invert);
}

/// Nothing at inference.
bool does_nothing(const graph::Op& op) {
  return std::holds_alternative<graph::Identity>(op) ||
         std::holds_alternative<graph::Dropout>(op) || std::holds_alternative<graph::Cast>(op);
}

}  // namespace

std::vector<InputStep> input_steps(const graph::Program& program, const Classes& classes) {
  std::vector<InputStep> steps;
  std::uint32_t index = program.root;
  if (program.graphs[index].inputs.size() != 1) return steps;
  graph::ValueId value = program.graphs[index].inputs.front().value;
  while (true) {
    const graph::Graph& graph = program.graphs[index];
    std::size_t number = 0;
    const graph::Node* reader = only_reader(graph, value, number);
    if (reader == nullptr) return steps;
    if (const auto* call = std::get_if<graph::CallGraph>(&reader->op)) {
      index = call->graph;
      if (program.graphs[index].inputs.size() != 1) return steps;
      value = program.graphs[index].inputs.front().value;
      continue;
    }
    if (rescales(reader->op)) {
      steps.push_back({reader, &graph.values[value], classes.layer_of.at({index, number})});
    } else if (!does_nothing(reader->op)) {
      return steps;
    }
    value = reader->outputs.front();
  }
}

}  // namespace tensorferry::torch
