#pragma once

#include "keras/layers/layer_kind.h"

namespace tensorferry::keras {

extern const LayerKind masking_kind;

}  // namespace tensorferry::keras
