#pragma once

#include "keras/layers/layer_kind.h"

/// Layers that Keras 2 has no more (keras 1.2.2: layers/core.py), in its words.
namespace tensorferry::keras {

extern const LayerKind highway_kind;
extern const LayerKind maxout_dense_kind;

}  // namespace tensorferry::keras
