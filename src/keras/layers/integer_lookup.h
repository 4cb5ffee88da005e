#pragma once

#include "keras/layers/layer_kind.h"

namespace tensorferry::keras {

extern const LayerKind integer_lookup_kind;

}  // namespace tensorferry::keras
