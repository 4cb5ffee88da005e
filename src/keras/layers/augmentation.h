#pragma once

#include "keras/layers/layer_kind.h"

namespace tensorferry::keras {

/// Layers that change images in training and give them back as they are at inference.
extern const LayerKind augmentation_kind;

}  // namespace tensorferry::keras
