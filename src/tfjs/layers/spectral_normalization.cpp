#include <fmt/format.h>

#include "tfjs/layers/families.h"
#include "tfjs/layers/table.h"
#include "tfjs/refusal.h"

namespace tensorferry::tfjs {

// keras/src/layers/normalization/spectral_normalization.py: at inference its layer. Of an Embedding
// of whole numbers Keras 3 makes whole numbers.
Tensor lower_spectral_normalization(LayerCall& call) {
  if (call.layer().wrapped.size() != 1) {
    throw Refusal{"Its layer is not known."};
  }
  const keras::Layer& wrapped = call.layer().wrapped.front();
  const LayerKind* kind = find_layer_kind(wrapped.class_name);
  if (wrapped.model != nullptr || kind == nullptr || kind->lower == nullptr) {
    throw Refusal{fmt::format("It wraps a layer of class {}.", wrapped.class_name)};
  }
  if (wrapped.class_name == "Embedding" && call.generation() == keras::Generation::Keras3) {
    throw Refusal{"It wraps an Embedding, whose result has the dtype of what it is given."};
  }
  require_known_arguments(wrapped, *kind);
  LayerCall within = call.of_argument(wrapped, call.input(), "");
  return kind->lower(within);
}

}  // namespace tensorferry::tfjs
