#pragma once

#include "keras/layers/layer_kind.h"

namespace tensorferry::keras {

/// An Embedding that is also called the other way round:
/// keras/src/layers/core/reversible_embedding.py.
extern const LayerKind reversible_embedding_kind;

}  // namespace tensorferry::keras
