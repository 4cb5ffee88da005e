#include "keras/masks_along.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "graph/functions.h"
#include "graph/infer.h"
#include "keras/call_arguments.h"
#include "keras/layers/layer_call.h"
#include "keras/layers/table.h"

namespace tensorferry::keras {

using graph::ValueId;

namespace {

bool takes_masks(const LayerKind& kind) {
  return kind.mask == MaskUse::Takes || kind.mask == MaskUse::TakesEach;
}

/// The axis of a Concatenate, if it is none of the last; of tensors of `rank` axes.
std::optional<std::size_t> joined_axis(const Layer& layer, std::size_t rank) {
  if (layer.class_name != "Concatenate") return std::nullopt;
  const std::int64_t axis = Arguments(layer.name, layer.config).integer("axis", -1);
  const std::size_t resolved = resolve_axis(axis, rank, layer.name);
  return resolved + 1 == rank ? std::nullopt : std::optional(resolved);
}

/// One behind the other (tf_keras/src/layers/merging/concatenate.py, keras/src/layers/merging/
/// concatenate.py: compute_mask). What has no mask counts all in Keras 3; Keras 2 joins none of
/// that.
std::optional<ValueId> joined_mask(Scope& scope, const Layer& layer,
                                   const std::vector<ValueId>& values, std::size_t axis) {
  const std::size_t rank = scope.graph.values[values[0]].shape.size();
  std::vector<ValueId> masks;
  std::vector<graph::Value> inputs;
  for (const ValueId value : values) {
    const auto found = scope.masks.find(value);
    if (found == scope.masks.end()) {
      if (scope.model.generation != Generation::Keras3) return std::nullopt;
      masks.push_back(mask_of_all(scope.graph, value, rank - 1));
    } else {
      masks.push_back(found->second.value());
    }
    inputs.push_back(scope.graph.values[masks.back()]);
    if (inputs.back().shape.size() + 1 != rank) return std::nullopt;
  }
  if (axis == 0) return std::nullopt;
  const graph::Concatenate join{axis};
  const graph::Program none;
  const ValueId output =
      graph::add_value(scope.graph, graph::infer(none, graph::Op(join), inputs).at(0));
  scope.graph.nodes.push_back({join, std::move(masks), {output}, std::nullopt, layer.name, false});
  return output;
}

/// Where they all hold (tf_keras/src/layers/merging/base_merge.py, concatenate.py: compute_mask),
/// in Keras 3 where any does (keras/src/layers/merging/base_merge.py, concatenate.py).
std::optional<ValueId> merged_mask(Scope& scope, const Layer& layer,
                                   const std::set<ValueId>& masks) {
  const bool any = scope.model.generation == Generation::Keras3;
  graph::Function both;
  both.kind = graph::find_function(any ? "logical_or" : "logical_and");
  both.operands = {std::nullopt, std::nullopt};
  both.dtypes = {tensor::DType::Bool};
  std::optional<ValueId> all;
  for (const ValueId mask : masks) {
    if (scope.graph.values[mask].shape.size() != 2) return std::nullopt;
    if (!all) {
      all = mask;
      continue;
    }
    const ValueId output = graph::add_value(scope.graph, graph::Value(scope.graph.values[mask]));
    scope.graph.nodes.push_back({both, {*all, mask}, {output}, std::nullopt, layer.name, false});
    all = output;
  }
  return all;
}

}  // namespace

bool passes_mask(const LayerKind& kind, Generation generation) {
  return kind.mask == MaskUse::Passes || kind.mask == MaskUse::PassesAndTakes ||
         (kind.mask == MaskUse::PassesInKeras3 && generation == Generation::Keras3);
}

bool is_elementwise_merge(const Layer& layer) {
  constexpr std::array<std::string_view, 6> elementwise = {"Add",     "Average",  "Maximum",
                                                           "Minimum", "Multiply", "Subtract"};
  return std::find(elementwise.begin(), elementwise.end(), layer.class_name) != elementwise.end();
}

bool depends_on_mask(const Layer& layer) {
  const std::vector<Layer>& inner = layer.model != nullptr ? layer.model->layers : layer.wrapped;
  if (std::any_of(inner.begin(), inner.end(), depends_on_mask)) return true;
  if (layer.model != nullptr) return false;
  const LayerKind* kind = find_layer_kind(layer.class_name);
  return kind == nullptr || kind->mask == MaskUse::Consumes ||
         kind->mask == MaskUse::PassesAndTakes || takes_masks(*kind);
}

bool bears_mask(const Layer& layer) {
  const LayerKind* kind = layer.model != nullptr ? nullptr : find_layer_kind(layer.class_name);
  const bool takes = kind != nullptr && (takes_masks(*kind) || kind->mask == MaskUse::HandsOn ||
                                         kind->mask == MaskUse::PassesAndTakes);
  return takes || !depends_on_mask(layer);
}

bool has_unknown_mask(const Scope& scope, const std::vector<ValueId>& values) {
  return std::any_of(values.begin(), values.end(), [&](ValueId value) {
    const auto found = scope.masks.find(value);
    return found != scope.masks.end() && !found->second;
  });
}

bool is_masked(const Scope& scope, const std::vector<ValueId>& values) {
  return std::any_of(values.begin(), values.end(),
                     [&](ValueId value) { return scope.masks.contains(value); });
}

std::optional<std::optional<ValueId>> mask_along(Scope& scope, const Layer& layer,
                                                 const std::vector<ValueId>& values) {
  if (!is_masked(scope, values)) return std::nullopt;
  const LayerKind* kind = find_layer_kind(layer.class_name);
  if (kind != nullptr && takes_masks(*kind)) {
    const auto found = scope.masks.find(values.front());
    if (found == scope.masks.end()) return std::nullopt;
    return found->second;
  }
  std::set<ValueId> masks;
  bool of_all = true;
  for (const ValueId value : values) {
    const auto found = scope.masks.find(value);
    if (found == scope.masks.end()) {
      of_all = false;
    } else if (!found->second) {
      return found->second;
    } else {
      masks.insert(*found->second);
    }
  }
  const std::size_t rank = scope.graph.values[values.front()].shape.size();
  if (const auto axis = joined_axis(layer, rank)) return joined_mask(scope, layer, values, *axis);
  const bool is_keras3 = scope.model.generation == Generation::Keras3;
  // Keras 3 spreads it along one axis more.
  if (is_keras3 && layer.class_name == "Concatenate" &&
      std::any_of(masks.begin(), masks.end(), [&](ValueId mask) {
        return scope.graph.values[mask].shape.size() + 1 != rank;
      })) {
    return std::optional<ValueId>();
  }
  if (masks.size() == 1 && of_all) return *masks.begin();
  const bool merges = layer.class_name == "Concatenate" || is_elementwise_merge(layer);
  if (!merges) return std::optional<ValueId>();
  // Keras 3 makes none of what some inputs have; of a Concatenate, all of them hold then.
  if (!of_all && is_keras3) return std::nullopt;
  return merged_mask(scope, layer, masks);
}

std::vector<std::optional<ValueId>> masks_of_each(const Scope& scope,
                                                  const std::vector<ValueId>& values) {
  std::vector<std::optional<ValueId>> masks;
  for (const ValueId value : values) {
    const auto found = scope.masks.find(value);
    if (found != scope.masks.end() && !found->second) {
      throw Refusal{"it depends on a mask that is not known here"};
    }
    masks.push_back(found == scope.masks.end() ? std::nullopt : found->second);
  }
  return masks;
}

std::optional<ValueId> take_given_mask(const Scope& scope, const Layer& layer, const Call& call,
                                       std::vector<ValueId>& inputs) {
  const LayerKind* kind = find_layer_kind(layer.class_name);
  if (kind == nullptr || layer.model != nullptr || kind->mask != MaskUse::Takes) {
    return std::nullopt;
  }
  const auto index = tensor_keyword(call, "mask");
  if (!index) return std::nullopt;
  const ValueId mask = inputs.at(*index);
  if (!scope.graph.values[mask].rank_known) throw Refusal{"nothing is known of its mask"};
  inputs.erase(inputs.begin() + static_cast<std::ptrdiff_t>(*index));
  return mask;
}

ValueId mask_of_all(graph::Graph& graph, ValueId value, std::size_t rank) {
  graph::Function all;
  all.kind = graph::find_function("mask_of_all");
  all.integers = {static_cast<std::int64_t>(rank)};
  all.operands = {std::nullopt};
  all.dtypes = {tensor::DType::Bool};
  graph::Value mask;
  mask.shape = graph.values[value].shape;
  mask.shape.resize(rank, graph::unknown_extent);
  mask.dtype = tensor::DType::Bool;
  const ValueId output = graph::add_value(graph, std::move(mask));
  graph.nodes.push_back({all, {value}, {output}, std::nullopt, "", false});
  return output;
}

}  // namespace tensorferry::keras
