#pragma once

#include "keras/layers/layer_kind.h"

namespace tensorferry::keras {

/// Layers that change images in training and give them back as they are at inference.
extern const LayerKind augmentation_kind;

/// Keras 3 writes `training=true` into each call of these layers, as it is their default, and
/// `predict` overrides it. In Keras 2 somebody asked for it, and it holds.
bool says_training_by_default(const Layer& layer, Generation generation);

}  // namespace tensorferry::keras
