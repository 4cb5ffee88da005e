#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "keras/call_order.h"
#include "keras/layers/layer_call.h"
#include "keras/layers/layer_kind.h"
#include "keras/model.h"

/// The masks that Keras sends along with values while a model is lowered
/// (keras/src/layers/layer.py: __call__, compute_mask of each layer).
namespace tensorferry::keras {

/// A model while it is lowered: its graph, and which value each tensor of Keras became.
struct Scope {
  const Model& model;
  graph::Graph graph;
  std::map<std::pair<CallId, std::uint32_t>, graph::ValueId> tensors;
  MasksAlong masks;
};

/// Whether the result of such a layer carries on the mask of what it is given.
bool passes_mask(const LayerKind& kind, Generation generation);

/// Whether it is Add or another that makes one tensor of several element by element.
bool is_elementwise_merge(const Layer& layer);

/// Whether the values of the layer, or of one within it, depend on a mask.
bool depends_on_mask(const Layer& layer);

/// Whether a mask may come along: the layer takes it, or nothing depends on it.
bool bears_mask(const Layer& layer);

bool has_unknown_mask(const Scope& scope, const std::vector<graph::ValueId>& values);

bool is_masked(const Scope& scope, const std::vector<graph::ValueId>& values);

/// The mask that comes along with the values of a call; within: none where it is not known. Adds
/// nodes where several become one.
std::optional<std::optional<graph::ValueId>> mask_along(Scope& scope, const Layer& layer,
                                                        const std::vector<graph::ValueId>& values);

/// Those that come along with each value. Throws Refusal where one is not known.
std::vector<std::optional<graph::ValueId>> masks_of_each(const Scope& scope,
                                                         const std::vector<graph::ValueId>& values);

/// The mask that a call names, for a layer that takes one; it is taken out of the inputs.
std::optional<graph::ValueId> take_given_mask(const Scope& scope, const Layer& layer,
                                              const Call& call,
                                              std::vector<graph::ValueId>& inputs);

/// A mask of the first `rank` axes of a value, which holds everywhere.
graph::ValueId mask_of_all(graph::Graph& graph, graph::ValueId value, std::size_t rank);

}  // namespace tensorferry::keras
