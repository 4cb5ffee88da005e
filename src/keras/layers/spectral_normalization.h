#pragma once

#include "keras/layers/layer_kind.h"

namespace tensorferry::keras {

/// At inference its layer: keras/src/layers/normalization/spectral_normalization.py.
extern const LayerKind spectral_normalization_kind;

}  // namespace tensorferry::keras
