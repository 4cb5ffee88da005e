#include <fmt/format.h>

#include <span>

#include "graph/infer/values.h"

namespace tensorferry::graph {

namespace {

// A mask behind them may have other axes.
void require_attention_inputs(const std::vector<Value>& inputs) {
  for (const Value& input : std::span(inputs).first(3)) {
    const bool fits = input.shape.size() >= 3 && input.shape.size() == inputs[0].shape.size();
    if (!fits) {
      refuse_inputs(fmt::format("Attention is given tensors of {} and {} axes.",
                                inputs[0].shape.size(), input.shape.size()));
    }
  }
}

}  // namespace

std::vector<Value> infer_attention(const Attention& op, const std::vector<Value>& inputs) {
  require_attention_inputs(inputs);
  Value output = same_as(inputs.at(0));
  output.shape.back() = inputs.at(1).shape.back();
  if (!op.return_scores) return {output};
  Value scores = same_as(inputs[0]);
  scores.shape.back() = extent_at(inputs.at(2), inputs[2].shape.size() - 2);
  return {output, scores};
}

std::vector<Value> infer_multi_head_attention(const MultiHeadAttention& op,
                                              const std::vector<Value>& inputs) {
  require_attention_inputs(inputs);
  Value output = same_as(inputs.at(0));
  output.shape.back() = op.out_features;
  if (!op.return_scores) return {output};
  Value scores = same_as(inputs[0]);
  scores.shape.insert(scores.shape.end() - 2, op.heads);
  scores.shape.back() = extent_at(inputs.at(2), inputs[2].shape.size() - 2);
  return {output, scores};
}

}  // namespace tensorferry::graph
