#pragma once

#include "keras/layers/layer_kind.h"

namespace tensorferry::keras {

/// Nodes that Keras 3 makes of operators and of `keras.ops` ("ops.Add" as the reader calls them):
/// arithmetic of two tensors of one rank, or of a tensor and a number.
extern const LayerKind add_operation_kind;
extern const LayerKind divide_operation_kind;
extern const LayerKind multiply_operation_kind;
extern const LayerKind subtract_operation_kind;

}  // namespace tensorferry::keras
