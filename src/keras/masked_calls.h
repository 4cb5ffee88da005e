#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "graph/graph.h"
#include "keras/model.h"

namespace tensorferry::keras {

/// What is called with a mask, at one call or another. A model or a layer that is called with a
/// mask and without takes one at each call, but which these are is known once all is lowered: if
/// more are found by then, it is done again.
struct MaskedCalls {
  /// Of a nested model, inputs and the rank of their masks.
  std::map<const Model*, std::map<std::size_t, std::size_t>> inputs;
  /// Recurrent layers, by the first of their weights, which tells one that is registered at two
  /// depths.
  std::set<std::uint32_t> layers;
  std::set<std::uint32_t> layers_without;  ///< those that were called without one
  bool grew = false;  ///< something is called with a mask that has been lowered without
};

/// The masks of a call of a nested model. Throws Refusal.
void see_masks_into(MaskedCalls& masked, const Model& model,
                    const std::vector<std::optional<graph::ValueId>>& masks,
                    const graph::Graph& caller, bool is_lowered);

/// Whether the layer's module is one around a layer of each step, as there is a mask at some call.
bool is_called_with_mask(const MaskedCalls& masked, const Layer& layer);

/// A call of a layer that has added the nodes from `first_node` on.
void see_call(MaskedCalls& masked, const Layer& layer, const graph::Graph& graph,
              std::size_t first_node);

}  // namespace tensorferry::keras
