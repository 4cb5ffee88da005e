#pragma once

#include "keras/layers/layer_kind.h"

namespace tensorferry::keras {

extern const LayerKind normalization_kind;
extern const LayerKind rescaling_kind;

}  // namespace tensorferry::keras
