#pragma once

#include "keras/layers/layer_kind.h"

namespace tensorferry::keras {

extern const LayerKind pipeline_kind;

}  // namespace tensorferry::keras
