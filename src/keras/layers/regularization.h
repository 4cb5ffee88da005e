#pragma once

#include "keras/layers/layer_kind.h"

namespace tensorferry::keras {

extern const LayerKind alpha_dropout_kind;
extern const LayerKind dropout_kind;
extern const LayerKind gaussian_dropout_kind;
extern const LayerKind gaussian_noise_kind;
extern const LayerKind spatial_dropout_kind;  ///< SpatialDropout1D, 2D, 3D

}  // namespace tensorferry::keras
