#pragma once

#include "keras/layers/layer_kind.h"

/// EinsumDense.
namespace tensorferry::keras {

extern const LayerKind einsum_dense_kind;

}  // namespace tensorferry::keras
