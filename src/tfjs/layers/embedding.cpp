#include "tfjs/layers/families.h"
#include "tfjs/weights.h"

namespace tensorferry::tfjs {

// The mask of `mask_zero` is not asked of TF.js: see masking.h.
Tensor lower_embedding(LayerCall& call) {
  const tensor::TensorRef& embeddings = call.stored("embeddings");
  return call.add("", "Embedding",
                  {{"input_dim", call.arguments().integer("input_dim")},
                   {"output_dim", call.arguments().integer("output_dim")}},
                  {call.input()}, {stored_weight("embeddings", embeddings, embeddings.shape)});
}

}  // namespace tensorferry::tfjs
