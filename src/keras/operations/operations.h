#pragma once

#include "keras/layers/layer_kind.h"

namespace tensorferry::keras {

/// A node that Keras 3 makes of an operator or of a function of `keras.ops` ("ops.Add", as the
/// reader calls it).
extern const LayerKind operation_kind;
/// The same in a model of Keras 2: TFOpLambda, SlicingOpLambda, TensorFlowOpLayer.
extern const LayerKind tensorflow_operation_kind;

}  // namespace tensorferry::keras
