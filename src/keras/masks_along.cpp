#include "keras/masks_along.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "graph/functions.h"
#include "keras/call_arguments.h"
#include "keras/layers/layer_call.h"
#include "keras/layers/table.h"

namespace tensorferry::keras {

using graph::ValueId;

namespace {

bool takes_masks(const LayerKind& kind) {
  return kind.mask == MaskUse::Takes || kind.mask == MaskUse::TakesEach;
}

/// Whether the values of the layer, or of one within it, depend on a mask.
bool depends_on_mask(const Layer& layer) {
  const std::vector<Layer>& inner = layer.model != nullptr ? layer.model->layers : layer.wrapped;
  if (std::any_of(inner.begin(), inner.end(), depends_on_mask)) return true;
  if (layer.model != nullptr) return false;
  const LayerKind* kind = find_layer_kind(layer.class_name);
  return kind == nullptr || kind->mask == MaskUse::Consumes ||
         kind->mask == MaskUse::PassesAndTakes || takes_masks(*kind);
}

bool merges_masks(const Layer& layer) {
  constexpr std::array<std::string_view, 6> elementwise = {"Add",     "Average",  "Maximum",
                                                           "Minimum", "Multiply", "Subtract"};
  if (layer.class_name == "Concatenate") return layer.config.value("axis", Json(-1)) == -1;
  return std::find(elementwise.begin(), elementwise.end(), layer.class_name) != elementwise.end();
}

/// Where they all hold (tf_keras/src/layers/merging/base_merge.py, concatenate.py: compute_mask).
/// Keras 3 writes what it makes of several as operations, and gives it to who takes it.
std::optional<ValueId> merged_mask(Scope& scope, const Layer& layer,
                                   const std::set<ValueId>& masks) {
  if (scope.model.generation == Generation::Keras3 || !merges_masks(layer)) return std::nullopt;
  graph::Function both;
  both.kind = graph::find_function("logical_and");
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

bool bears_mask(const Layer& layer) {
  const LayerKind* kind = layer.model != nullptr ? nullptr : find_layer_kind(layer.class_name);
  const bool takes =
      kind != nullptr && (takes_masks(*kind) || kind->mask == MaskUse::PassesAndTakes);
  return takes || !depends_on_mask(layer);
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
  const bool joins_last =
      layer.class_name != "Concatenate" || layer.config.value("axis", Json(-1)) == -1;
  if (masks.size() == 1 && of_all && joins_last) return *masks.begin();
  // Keras 3 makes none of what some inputs have; of a Concatenate, all of them hold then.
  if (!of_all && scope.model.generation == Generation::Keras3 && merges_masks(layer)) {
    return std::nullopt;
  }
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
  const graph::Value& value = scope.graph.values[mask];
  if (!value.rank_known || value.shape.size() != 2 || value.dtype != tensor::DType::Bool) {
    throw Refusal{"its mask is not one of booleans (batch, time)"};
  }
  inputs.erase(inputs.begin() + static_cast<std::ptrdiff_t>(*index));
  return mask;
}

bool is_merged_mask(const graph::Node& node) {
  const auto* function = std::get_if<graph::Function>(&node.op);
  return function != nullptr && function->kind == graph::find_function("logical_and");
}

}  // namespace tensorferry::keras
