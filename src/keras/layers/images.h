#pragma once

#include "keras/layers/layer_kind.h"

namespace tensorferry::keras {

extern const LayerKind auto_contrast_kind;
extern const LayerKind clahe_kind;
extern const LayerKind center_crop_kind;
extern const LayerKind random_crop_kind;
extern const LayerKind resizing_kind;

}  // namespace tensorferry::keras
