#pragma once

#include <cstddef>
#include <vector>

#include "keras/model.h"

namespace tensorferry::keras {

/// What the config of a functional model says of its graph, as written.
struct WrittenGraph {
  std::vector<Json> inbound_nodes;  ///< of each layer of the model, in the same order
  Json input_layers;
  Json output_layers;
};

/// Sets the calls of the model's layers, its inputs and its outputs. Reads both dialects: Keras 2's
/// lists
/// ([name, node, tensor, kwargs], tf_keras/src/engine/node.py: serialize) and Keras 3's {args,
/// kwargs} (keras/src/models/functional.py: serialize_node). Calls that no output reaches are left
/// out: they belong to other models that share a layer. Throws io::Error{ConfigInvalid |
/// GraphCycle}.
void wire_functional(Model& model, const WrittenGraph& written);

/// Calls each layer with the one before it; the first is the InputLayer.
void wire_sequential(Model& model);

}  // namespace tensorferry::keras
