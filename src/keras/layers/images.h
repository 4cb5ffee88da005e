#pragma once

#include "keras/layers/layer_kind.h"

namespace tensorferry::keras {

extern const LayerKind center_crop_kind;
extern const LayerKind resizing_kind;

}  // namespace tensorferry::keras
