#pragma once

#include "keras/layers/layer_kind.h"

namespace tensorferry::keras {

extern const LayerKind dense_kind;
extern const LayerKind embedding_kind;
extern const LayerKind identity_kind;  ///< ActivityRegularization, Identity: the value itself
extern const LayerKind input_kind;

}  // namespace tensorferry::keras
