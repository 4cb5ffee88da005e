#pragma once

#include "keras/layers/layer_kind.h"

namespace tensorferry::keras {

extern const LayerKind activity_regularization_kind;  ///< the value itself, as identity_kind
extern const LayerKind dense_kind;
extern const LayerKind embedding_kind;
extern const LayerKind identity_kind;
extern const LayerKind input_kind;

}  // namespace tensorferry::keras
