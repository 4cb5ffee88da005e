#include "keras/masked_calls.h"

#include <string>

#include "keras/layers/layer_call.h"

namespace tensorferry::keras {

namespace {

bool has_masked_kind(const Layer& layer) {
  const std::string& name = layer.class_name;
  return name == "LSTM" || name == "GRU" || name == "SimpleRNN" || name == "Bidirectional" ||
         name.starts_with("ConvLSTM");
}

std::optional<std::uint32_t> first_weight(const Layer& layer) {
  if (!layer.weights.empty()) return layer.weights.front().tensor;
  for (const Layer& inner : layer.wrapped) {
    if (const auto weight = first_weight(inner)) return weight;
  }
  return std::nullopt;
}

bool is_masked(const graph::Op& op) {
  if (const auto* recurrent = std::get_if<graph::Recurrent>(&op)) return recurrent->masked;
  const auto* conv = std::get_if<graph::ConvRecurrent>(&op);
  return conv != nullptr && conv->masked;
}

}  // namespace

void see_masks_into(MaskedCalls& masked, const Model& model,
                    const std::vector<std::optional<graph::ValueId>>& masks,
                    const graph::Graph& caller, bool is_lowered) {
  for (std::size_t i = 0; i < masks.size(); ++i) {
    if (!masks[i]) continue;
    const std::size_t rank = caller.values[*masks[i]].shape.size();
    const auto [entry, is_new] = masked.inputs[&model].try_emplace(i, rank);
    if (entry->second != rank) throw Refusal{"its calls have masks of several ranks"};
    if (is_new && is_lowered) masked.grew = true;
  }
}

bool is_called_with_mask(const MaskedCalls& masked, const Layer& layer) {
  const auto weight = first_weight(layer);
  return weight && has_masked_kind(layer) && masked.layers.contains(*weight);
}

void see_call(MaskedCalls& masked, const Layer& layer, const graph::Graph& graph,
              std::size_t first_node) {
  const auto weight = first_weight(layer);
  if (!weight || !has_masked_kind(layer)) return;
  bool has_mask = false;
  for (std::size_t i = first_node; i < graph.nodes.size(); ++i) {
    has_mask = has_mask || is_masked(graph.nodes[i].op);
  }
  if (!has_mask) {
    masked.layers_without.insert(*weight);
  } else if (masked.layers.insert(*weight).second && masked.layers_without.contains(*weight)) {
    masked.grew = true;
  }
}

}  // namespace tensorferry::keras
