#pragma once

#include "keras/layers/layer_kind.h"

namespace tensorferry::keras {

extern const LayerKind batch_normalization_kind;
extern const LayerKind group_normalization_kind;
extern const LayerKind layer_normalization_kind;
extern const LayerKind rms_normalization_kind;
extern const LayerKind unit_normalization_kind;

}  // namespace tensorferry::keras
