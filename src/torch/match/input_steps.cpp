#include "torch/match/input_steps.h"

#include <optional>
#include <string_view>
#include <utility>

#include "graph/functions.h"

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

using StepOp = std::variant<graph::ScaleOffset, graph::Normalize>;

std::optional<StepOp> step_of(const graph::Op& op) {
  if (const auto* scale = std::get_if<graph::ScaleOffset>(&op)) return *scale;
  if (const auto* function = std::get_if<graph::Function>(&op)) {
    if (const auto scale = scale_of(*function)) return *scale;
    return std::nullopt;
  }
  const auto* normalize = std::get_if<graph::Normalize>(&op);
  if (normalize == nullptr || normalize->invert) return std::nullopt;
  // Numbers for several axes would have to lie along all of them.
  if (normalize->axes.size() > 1 && !normalize->mean.empty()) return std::nullopt;
  return *normalize;
}

/// Nothing at inference.
bool does_nothing(const graph::Op& op) {
  return std::holds_alternative<graph::Identity>(op) ||
         std::holds_alternative<graph::Dropout>(op) || std::holds_alternative<graph::Cast>(op);
}

}  // namespace

std::optional<graph::ScaleOffset> scale_of(const graph::Function& function) {
  if (function.operands.size() != 2) return std::nullopt;
  const auto& a = function.operands[0];
  const auto& b = function.operands[1];
  if (a.has_value() == b.has_value()) return std::nullopt;
  const double number = a ? a->value : b->value;
  const std::string_view name = function.kind->name;
  if (name == "add") return graph::ScaleOffset{{}, {number}};
  if (name == "multiply") return graph::ScaleOffset{{number}, {0}};
  if (name == "subtract" && b) return graph::ScaleOffset{{}, {-number}};
  if (name == "divide" && b) return graph::ScaleOffset{{1 / number}, {0}};
  return std::nullopt;
}

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
    // Whole numbers wrap around, or are rounded, in Keras.
    const bool is_whole = !is_floating_point(graph.values[value].dtype) &&
                          std::holds_alternative<graph::Function>(reader->op);
    if (auto step = is_whole ? std::nullopt : step_of(reader->op)) {
      const auto layer = classes.layer_of.find({index, number});
      steps.push_back({std::move(*step), reader, &graph.values[value],
                       layer == classes.layer_of.end() ? 0 : layer->second});
    } else if (!does_nothing(reader->op)) {
      return steps;
    }
    value = reader->outputs.front();
  }
}

}  // namespace tensorferry::torch
