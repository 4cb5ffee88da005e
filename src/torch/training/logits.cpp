#include "torch/training/logits.h"

#include <variant>

#include "torch/training/losses.h"

namespace tensorferry::torch {
namespace {

bool is_activation(const graph::Op& op, graph::EndActivation end) {
  if (end == graph::EndActivation::Sigmoid) {
    const auto* unary = std::get_if<graph::Unary>(&op);
    return unary != nullptr && unary->kind == graph::UnaryKind::Sigmoid;
  }
  const auto* softmax = std::get_if<graph::Softmax>(&op);
  return softmax != nullptr && softmax->kind == graph::Softmax::Kind::Softmax;
}

}  // namespace

bool has_logits(const graph::Program& program) {
  const graph::Graph& root = program.graphs.at(program.root);
  if (!program.training || program.training->losses.size() != 1 || root.outputs.size() != 1 ||
      root.nodes.empty()) {
    return false;
  }
  const graph::OutputLoss& loss = program.training->losses.front();
  const graph::ValueId output = root.outputs.front().value;
  const graph::Node& last = root.nodes.back();
  // Keras casts half-precision outputs, and then sees no logits.
  return takes_logits_behind(loss, program.training->keras) &&
         root.values[output].dtype == tensor::DType::Float32 && is_activation(last.op, loss.end) &&
         last.outputs == std::vector<graph::ValueId>{output};
}

}  // namespace tensorferry::torch
