#pragma once

#include <string_view>

#include "keras/layers/layer_call.h"

namespace tensorferry::keras {

extern const LayerKind activation_kind;  ///< Activation: any built-in function by name
extern const LayerKind elu_kind;
extern const LayerKind leaky_relu_kind;
extern const LayerKind prelu_kind;
extern const LayerKind relu_kind;
extern const LayerKind softmax_kind;
extern const LayerKind thresholded_relu_kind;

/// The op of an `activation=` argument on a tensor of `rank` axes: a function's name, or an object
/// that stands for a function or for a layer such as LeakyReLU. Identity for `linear`. Throws
/// Refusal.
graph::Op activation_op(const Json& activation, Generation generation, std::size_t rank,
                        std::string_view layer);

/// The layer's `activation` argument applied to `value`, if it has one.
graph::ValueId add_activation_argument(LayerCall& call, graph::ValueId value);

}  // namespace tensorferry::keras
